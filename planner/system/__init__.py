"""The nouns of a study as read (`System`), batches of them, unit accounts and the economics of
time."""
