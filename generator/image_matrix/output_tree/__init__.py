"""Writes generated files: compares them with the disk, protects hand edits, resolves merges."""
