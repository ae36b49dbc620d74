"""From candidates to releases: accept, scan, sign, release."""
