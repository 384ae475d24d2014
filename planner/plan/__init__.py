"""A solved plan: solving, its tables, indicators, reserves, certificate and run folder."""
