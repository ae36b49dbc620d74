"""Gives JupyterLab the token of its service, whatever other files say, and keeps it from kernels and terminals.

The folder of this file comes first in JUPYTER_CONFIG_PATH, which Jupyter puts before the user's own files.
"""

import os

if token := os.environ.pop("IMAGE_MATRIX_TOKEN", ""):
    get_config().IdentityProvider.token = token  # type: ignore[name-defined]  # noqa: F821 - of traitlets
    # What a user starts in a terminal finds its configuration where it always is
    folders = os.environ.pop("JUPYTER_CONFIG_PATH").partition(os.pathsep)[2]
    if folders:
        os.environ["JUPYTER_CONFIG_PATH"] = folders
