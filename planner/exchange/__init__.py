"""The formats of other tools: workbook, IAMC, netCDF, Parquet, MPS and LP."""
