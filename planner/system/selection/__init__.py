"""Selections of flows or of demand, as policies write them, and what is paid for what they
select."""
