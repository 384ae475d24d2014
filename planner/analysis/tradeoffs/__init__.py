"""The choice between plans: frontier, near-optimal alternatives, comparison, switches of route,
uniqueness."""
