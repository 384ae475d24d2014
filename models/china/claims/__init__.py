"""The paper's claims: every target computed, every input traced. `python -m models.china.claims`
writes docs/claims.md."""
