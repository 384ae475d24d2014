"""The flow balance: lifetimes, stocks in use, incidence, simulation and reconciliation of substance
flows."""
