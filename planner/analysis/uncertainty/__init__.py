"""Sampled inputs, ensembles of plans, and the sensitivity of the answer."""
