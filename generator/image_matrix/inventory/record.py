"""Writes what is in released images to ``deploy/packages.json``, and reads it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from image_matrix.config.platforms import architecture
from image_matrix.inventory.difference import ImageState
from image_matrix.inventory.model import Content, Inventory, PackageName
from image_matrix.inventory.shared_packages import ON, SECTIONS, base_of, read_against, written_against
from image_matrix.inventory.summary import one_or_each
from image_matrix.json_data import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.inventory.shared_packages import Packages
    from image_matrix.json_data import Json

FORMAT = 2


def record_text(states: Mapping[str, ImageState]) -> str:
    """Return the file: one line for each package of each image, so that git shows what a release changes.

    An image has only what differs from the one that it is built on, as far as the file has that.
    """
    images: dict[str, Json] = {}
    written: dict[str, Packages] = {}
    whole: list[str] = []
    for name, state in states.items():
        packages = _packages(state)
        on = base_of(packages, state.parent, written, whole)
        whole += [] if on else [name]
        images[name] = {**_image(state), ON: on, **written_against(packages, written[on] if on else {})}
        written[name] = packages
    return json.dumps({"version": FORMAT, "images": images}, indent=1, ensure_ascii=False) + "\n"


def _packages(state: ImageState) -> Packages:
    archs = tuple(map(architecture, state.platforms))
    return {
        package: (SECTIONS[content.unexpected], one_or_each(content.versions, archs))
        for package, content in state.inventory.contents.items()
    }


def _image(state: ImageState) -> dict[str, Json]:
    """Return what is known of a variant beside its packages: which of them the matrix names, what it is built from."""
    named: dict[str, list[str]] = {}
    contents = state.inventory.contents
    for package in sorted(contents, key=lambda one: (one.manager, one.name)):
        if contents[package].listed:
            named.setdefault(package.manager, []).append(package.name)
    managers = sorted({one.manager for one in contents})
    exact = [manager for manager in managers if _is_exact(state.inventory, manager)]
    bases = [{"what": what, "name": name, "is": value} for (what, name), value in state.bases.items()]
    return {
        "digest": state.digest,
        "platforms": list(state.platforms),
        "parent": state.parent,
        "bases": bases,
        "from_image": state.inventory.from_image,
        "exact": exact,
        "unknown": sorted(state.inventory.unknown),
        "named": {manager: " ".join(names) for manager, names in named.items()},
    }


def _is_exact(inventory: Inventory, manager: str) -> bool:
    """Say whether the versions of a manager's packages are those in the image, and not what lists state."""
    return all(one.locked for name, one in inventory.contents.items() if name.manager == manager)


def read_record(text: str | None) -> dict[str, ImageState]:
    """Return the images of a record, by the ids of their variants; none if it is not a record of this format."""
    return parsed_record(text) or {}


def parsed_record(text: str | None) -> dict[str, ImageState] | None:
    """Return the same; ``None`` if it is not a record of this format."""
    try:
        data = read_json(text or "{}")
        if data["version"] != FORMAT:
            return None
        images = data["images"]
        known: dict[str, Packages] = {}
        for name, item in images.items():
            known[name] = read_against(item, known[item[ON]] if item[ON] else {})
        return {name: _state(name, item, known[name]) for name, item in images.items()}
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def _state(name: str, item: Mapping[str, Any], packages: Packages) -> ImageState:
    platforms = tuple(item["platforms"])
    archs = tuple(map(architecture, platforms))
    named = {
        PackageName(manager, one) for manager, names in item["named"].items() for one in names.split(" ")
    }
    contents = {
        package: Content(
            _versions(version, archs),
            name,
            (name,) if package in named else (),
            package.manager in item["exact"],
            unexpected=section == SECTIONS[True],
        )
        for package, (section, version) in packages.items()
    }
    return ImageState(
        Inventory(contents, frozenset(item["unknown"]), bool(item["from_image"])),
        {(base["what"], base["name"]): base["is"] for base in item["bases"]},
        item["parent"],
        platforms,
        item["digest"],
    )


def _versions(version: Json, archs: tuple[str, ...]) -> dict[str, str]:
    return dict(version) if isinstance(version, dict) else dict.fromkeys(archs, str(version))
