"""Pages written from the code: the mathematics, the study format, the result tables."""
