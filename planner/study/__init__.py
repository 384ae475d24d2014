"""From a study folder to a System: its files, its head, its rows, and the nouns they make.
`planner.read` puts them together."""
