"""Least-cost supply of critical metals for one country: mining, imports and recycling, year by year."""
