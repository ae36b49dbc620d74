"""Renders ``deploy/``, which Flux, Helm, Argo CD and Kubeflow read."""
