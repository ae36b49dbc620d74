"""Publishes images: accepts candidates, scans, signs and releases them."""
