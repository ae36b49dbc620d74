"""Resolves profiles: the choices that each offers, and the pod of each choice."""
