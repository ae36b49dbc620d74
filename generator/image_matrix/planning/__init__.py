"""Computes content keys and their inputs, and plans what to build and why."""
