"""Implements what only a run on GitHub Actions needs: its event, its files, the API."""
