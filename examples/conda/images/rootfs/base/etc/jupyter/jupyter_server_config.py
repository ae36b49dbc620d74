"""Lets Jupyter's server find the extension that jupyter_server_config.d/image-matrix.json names."""

import sys

sys.path.append("/usr/local/lib/image-matrix/jupyter")
