"""Makes the tables of the China study from the tidy facts in `data/`.

Run by hand (`python -m models.china.derive`), never by the reader.
"""
