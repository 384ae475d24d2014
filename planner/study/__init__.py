"""What a study folder says: its files, its head, its rows, and the nouns they make. `planner.read`
puts them together."""
