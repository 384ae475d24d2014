"""The hindcast of the shipped studies as a page. `python -m models.china.hindcast` writes
docs/hindcast.md."""
