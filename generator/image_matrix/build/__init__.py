"""Builds images with buildx or buildah: chooses the targets, runs the process, explains failures, passes secrets."""
