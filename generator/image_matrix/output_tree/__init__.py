"""Writing generated files: comparison, hand edits, merges."""
