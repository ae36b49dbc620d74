"""Says where notebooks have the home of their user."""

HOME = "/home/jovyan"
"""The home in images, where spawners mount a volume.

The default of ``singleuser.storage.homeMountPath`` of the JupyterHub chart, and the path of Kubeflow's notebooks.
"""
