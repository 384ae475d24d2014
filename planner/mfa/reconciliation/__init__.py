"""Reconciliation: measured flows made to balance, by least squares under constraints."""
