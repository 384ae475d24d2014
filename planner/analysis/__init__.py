"""Questions asked of plans: trade-offs, diagnosis, security and uncertainty."""
