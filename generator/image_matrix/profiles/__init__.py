"""Profiles resolved: what each of them offers, and the pod that follows from each choice."""
