"""Finds variables of images that open the servers in them to everybody, or that say their password to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.validate.environment import image_environments
from image_matrix.validate.findings import bad_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Finding

_PLATFORMS = (
    "it says that a platform asks for the login, so no container of the image would ask for one",
    "remove it: the platform sets it when it starts a container",
)
_SECRET = (
    "everybody who has the image could read it",
    "remove it, and give it to the container alone: `docker run --env {name}`",
)
_REFUSED = {
    "IMAGE_MATRIX_LOGIN": (
        "no container of the image would ask for a login",
        "remove it, and give it to the container that may be open: `docker run --env IMAGE_MATRIX_LOGIN=none`",
    ),
    "JUPYTERHUB_API_TOKEN": _PLATFORMS,
    "JUPYTERHUB_SERVICE_PREFIX": _PLATFORMS,
    "NB_PREFIX": _PLATFORMS,
    "JUPYTER_TOKEN": _SECRET,
    "PASSWORD": _SECRET,
}
"""Variables that decide about the login (rootfs/base/usr/local/lib/image-matrix/login.sh), to what is wrong."""


def login_of_an_image(matrix: Matrix) -> Iterator[Finding]:
    """Variables of images that take the login away, or that give it away."""
    for path, variables in image_environments(matrix):
        for name in variables:
            if name in _REFUSED:
                problem, advice = _REFUSED[name]
                yield bad_value((*path, name), problem, advice.format(name=name), "key")
