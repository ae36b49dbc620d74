"""Measurements as tables: ratios within one run, never absolute times to compare with another day's."""
