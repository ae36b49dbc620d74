"""Code that runs in Workspaces of Kubeflow."""
