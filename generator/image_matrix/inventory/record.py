"""Writes what is in released images to ``deploy/packages.json``, and reads it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from image_matrix.config.model import architecture
from image_matrix.inventory.difference import ImageState
from image_matrix.inventory.model import Content, Inventory, PackageName
from image_matrix.inventory.summary import one_or_each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json

FORMAT = 1


def record_text(states: Mapping[str, ImageState]) -> str:
    """Return the file: one line for each package of each image, so that git shows what a release changes."""
    images = {name: _image(state) for name, state in states.items()}
    return json.dumps({"version": FORMAT, "images": images}, indent=1, ensure_ascii=False) + "\n"


def _image(state: ImageState) -> dict[str, Json]:
    """Return a variant: packages by installer, those that the matrix names, and what it is built from."""
    archs = tuple(map(architecture, state.platforms))
    packages: dict[str, dict[str, Json]] = {}
    named: dict[str, list[str]] = {}
    for package, content in sorted(state.inventory.contents.items(), key=lambda item: _order(item[0])):
        version = one_or_each(content.versions, archs)
        packages.setdefault(package.manager, {})[package.name] = version
        if content.listed:
            named.setdefault(package.manager, []).append(package.name)
    exact = [name for name in packages if _is_exact(state.inventory, name)]
    bases = [{"what": what, "name": name, "is": value} for (what, name), value in state.bases.items()]
    return {
        "digest": state.digest,
        "platforms": list(state.platforms),
        "parent": state.parent,
        "bases": bases,
        "exact": exact,
        "unknown": sorted(state.inventory.unknown),
        "named": {manager: " ".join(names) for manager, names in named.items()},
        "packages": packages,
    }


def _order(package: PackageName) -> tuple[str, str]:
    return package.manager, package.name


def _is_exact(inventory: Inventory, manager: str) -> bool:
    """Say whether the versions of a manager's packages are those in the image, and not what lists state."""
    return all(one.locked for name, one in inventory.contents.items() if name.manager == manager)


def read_record(text: str | None) -> dict[str, ImageState]:
    """Return the images of a record, by the ids of their variants; none if it is not a record of this format."""
    try:
        data = json.loads(text or "{}")
        images = data["images"] if data["version"] == FORMAT else {}
        return {name: _state(name, item) for name, item in images.items()}
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return {}


def _state(name: str, item: Mapping[str, Any]) -> ImageState:
    platforms = tuple(item["platforms"])
    archs = tuple(map(architecture, platforms))
    contents = {
        PackageName(manager, package): Content(
            _versions(version, archs),
            name,
            (name,) if package in item["named"].get(manager, "").split() else (),
            manager in item["exact"],
        )
        for manager, packages in item["packages"].items()
        for package, version in packages.items()
    }
    return ImageState(
        Inventory(contents, frozenset(item["unknown"])),
        {(base["what"], base["name"]): base["is"] for base in item["bases"]},
        item["parent"],
        platforms,
        item["digest"],
    )


def _versions(version: Json, archs: tuple[str, ...]) -> dict[str, str]:
    return dict(version) if isinstance(version, dict) else dict.fromkeys(archs, str(version))
