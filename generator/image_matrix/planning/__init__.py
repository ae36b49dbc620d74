"""Content keys, what goes into them, and what would be built and why."""
