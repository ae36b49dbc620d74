"""Checks the contract of an image on running containers: see docs/verify.md."""
