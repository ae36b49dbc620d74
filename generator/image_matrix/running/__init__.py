"""Runs one image on this machine, for the user in front of it."""
