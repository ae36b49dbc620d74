"""Makes entries of a matrix from what a team has already."""
