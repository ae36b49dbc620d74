"""What only a run of GitHub Actions needs: its event, its files, its API."""
