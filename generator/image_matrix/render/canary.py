"""Validator files for NVIDIA's container-canary, one for each IDE: the part of the contract that it can check.

Format: github.com/NVIDIA/container-canary, its examples, internal/apis/v1/types.go and internal/validator/validator.go.
Two of its limits are worked around with options for ``docker run``: it knows no groups, and its own ``volumes`` are
filled from the image and stay behind (it removes containers without ``--volumes``, which keeps them after ``--rm``,
too). A tmpfs is as empty, and nothing of it stays.
``image-matrix verify`` checks more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.config.served_app import IDES, ide_of
from image_matrix.output_tree.files import File
from image_matrix.render.kubernetes.dump import dump
from image_matrix.verify.contract import FS_GROUP, HOME, PORT, PREFIX, UID, USER
from image_matrix.verify.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Variant
    from image_matrix.config.served_app import Ide

FOLDER = "docs/canary"
"""Beside the documentation: below deploy/ it would be applied to clusters."""
SECONDS = 60
"""How often a server is asked, once a second, before it counts as broken."""
TIMEOUT = {"timeoutSeconds": SECONDS}
"""Canary ends a check after 30 seconds otherwise, however often it may still fail."""
PAGES: dict[Ide, str] = {"jupyter": "lab", "codeserver": "healthz", "rstudio": ""}
"""What an IDE serves below the prefix without a redirect."""
NAMES: dict[Ide, str] = {"jupyter": "JupyterLab", "codeserver": "code-server", "rstudio": "RStudio"}


def canary_files(variants: Mapping[str, Variant]) -> dict[str, File]:
    """Return a validator for each IDE that some variant serves, by path in the repository."""
    served = {ide_of(variants, identifier) for identifier in variants}
    about = "For `canary validate --file THIS IMAGE` (github.com/NVIDIA/container-canary)"
    return {
        f"{FOLDER}/{ide}.yaml": File(dump(validator(ide), about=about).encode())
        for ide in IDES
        if ide in served
    }


def validator(ide: Ide) -> dict[str, Any]:
    """Return the validator of an IDE."""
    return {
        "apiVersion": "container-canary.nvidia.com/v1",
        "kind": "Validator",
        "name": f"image-matrix-{ide}",
        "description": f"{NAMES[ide]} on Kubeflow and JupyterHub",
        "documentation": "https://www.kubeflow.org/docs/components/notebooks/container-images/#custom-images",
        "env": [{"name": "NB_PREFIX", "value": PREFIX}],
        "ports": [{"port": PORT, "protocol": "TCP"}],
        "dockerRunOptions": [
            f"--group-add={FS_GROUP}",
            "--cap-drop=ALL",
            "--security-opt=no-new-privileges",
            f"--tmpfs={HOME}:exec,{Volume(gid=FS_GROUP).options()}",
        ],
        "checks": [*_user_checks(), *_http_checks(f"{PREFIX}/{PAGES[ide]}")],
    }


def _user_checks() -> list[dict[str, Any]]:
    return [
        _executed("user", f"The user is {USER}", f'[ "$(id -un)" = {USER} ]'),
        _executed("uid", f"The user id is {UID}, and not only its beginning", f'[ "$(id -u)" = {UID} ]'),
        _executed("gid", "The primary group is 0", '[ "$(id -g)" = 0 ]'),
        _executed("home", f"HOME is {HOME}", f'[ "$HOME" = {HOME} ]'),
        _executed(
            "empty-volume", "An empty volume can be written", 'touch "$HOME/.canary" && rm "$HOME/.canary"'
        ),
    ]


def _http_checks(path: str) -> list[dict[str, Any]]:
    anywhere = [{"name": "Access-Control-Allow-Origin", "value": "*"}]
    return [
        _asked("http", "A page below NB_PREFIX", path),
        _asked("cors", "Access-Control-Allow-Origin is *", path, {"responseHttpHeaders": anywhere}),
        _asked("culling", "Kubeflow's culler is answered", f"{PREFIX}/api/kernels"),
    ]


def _executed(name: str, description: str, script: str) -> dict[str, Any]:
    probe = {"exec": {"command": ["/bin/sh", "-c", script]}, "failureThreshold": 10, **TIMEOUT}
    return {"name": name, "description": description, "probe": probe}


def _asked(name: str, description: str, path: str, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    asked = {"path": path, "port": PORT, **(more or {})}
    probe = {"httpGet": asked, "failureThreshold": SECONDS, **TIMEOUT}
    return {"name": name, "description": description, "probe": probe}
