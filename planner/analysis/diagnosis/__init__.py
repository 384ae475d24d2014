"""Why a plan is as it is, and why a study has none."""
