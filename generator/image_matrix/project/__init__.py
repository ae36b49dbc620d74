"""Reads a repository from disk or at a revision, loads it and renders it."""
