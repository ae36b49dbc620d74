"""Pins external programs, actions and images by version and checksum."""
