"""Says what is in images, by the matrix and its lock: packages, who brings them, and what changes."""
