"""The container engine: buildx, what it is given and what it answers."""
