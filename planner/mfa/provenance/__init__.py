"""Provenance of metal, traced through the flows of a plan or simulation."""
