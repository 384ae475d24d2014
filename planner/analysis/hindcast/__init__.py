"""Hindcast: what a plan says of years that have happened, beside what was observed of them."""
