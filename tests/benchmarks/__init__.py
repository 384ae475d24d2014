"""Timings beside other tools; run by `make bench`, never as a test."""
