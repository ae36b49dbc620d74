"""Reads Dockerfiles and ``.dockerignore`` files that people write, as BuildKit reads them."""
