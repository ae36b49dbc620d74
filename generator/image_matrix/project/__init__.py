"""A repository on disk or at a revision: read, loaded, rendered."""
