"""Losses of sources, N-1 security, supply gaps, concentration, limited foresight and hedging."""
