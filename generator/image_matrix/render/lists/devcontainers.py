"""Renders a ``devcontainer.json`` for every offered image.

Source: containers.dev, "Dev Container metadata reference".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.model import slug
from image_matrix.render.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.json_data import Json
    from image_matrix.lock.pins import Pins

FOLDER = ".devcontainer"
"""Where programs look for several of them; no site has such a name."""
USER = "jovyan"
"""Who our kinds make, and run as."""
PORT = 8888
"""Where an image with the contract of a notebook answers."""


def path_of(item: Variant) -> str:
    """Return the path of a variant's file below ``deploy/``."""
    label = f"-{item.label}" if item.values else ""
    return f"{FOLDER}/{slug(item.image)}{label}/devcontainer.json"


def devcontainer(
    matrix: Matrix, variants: Mapping[str, Variant], item: Variant, reference: str, pins: Pins
) -> str:
    """Return the file of a variant."""
    content: dict[str, Json] = {"name": title_of(item), "image": _by_digest(reference)}
    user = _user(matrix, item, pins)
    content |= {"remoteUser": user} if user else {}
    if item.contract == "notebook":
        content |= {
            "overrideCommand": False,
            "forwardPorts": [PORT],
            "portsAttributes": {str(PORT): {"label": "Notebook", "onAutoForward": "notify"}},
        }
    accelerator = matrix.accelerators.get(item.accelerator or "")
    content |= {"hostRequirements": {"gpu": True}} if accelerator and accelerator.device else {}
    extensions = _extensions(variants, item)
    content |= {"customizations": {"vscode": {"extensions": extensions}}} if extensions else {}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _by_digest(reference: str) -> str:
    """Return a reference without its tag if it has a digest."""
    named, mark, digest = reference.partition("@")
    return f"{named.rpartition(':')[0]}@{digest}" if mark else reference


def _user(matrix: Matrix, item: Variant, pins: Pins) -> str | None:
    """Return the user that an image runs as, where it is known; programs ask the image otherwise."""
    if item.build:
        return None
    return pins.users.get(matrix.sources[item.root_source]) if item.foreign else USER


def _extensions(variants: Mapping[str, Variant], item: Variant) -> list[str]:
    """Return the names of the editor's extensions; the container of another editor has them as well."""
    entries = (entry for one in lineage(variants, item) for entry in one.packages.get("extensions", ()))
    return sorted({entry.partition("@")[0] for entry in entries})
