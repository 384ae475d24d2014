"""What is timed side by side; run by `make bench`, never as a test."""
