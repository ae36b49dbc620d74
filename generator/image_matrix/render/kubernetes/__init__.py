"""``deploy/``: what Flux, Helm, Argo CD and Kubeflow read."""
