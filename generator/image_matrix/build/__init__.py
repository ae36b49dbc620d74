"""Builds images with buildx: chooses the targets, runs the process, explains failures, passes secrets."""
