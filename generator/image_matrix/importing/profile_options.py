"""Finds out which options of an entry are its images and its sizes, and what its options are called in a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.importing.size_fields import AMOUNTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json

TITLES = {"image": "Image", "size": "Size"}
"""What users read where a matrix says nothing."""
NODES = ("node_selector", "tolerations")


def option_names(entry: Mapping[str, Json], notes: list[str]) -> dict[str, str]:
    """Return the names of an entry's options in a matrix: those of images and sizes have fixed ones, others stay.

    ``notes`` get what changes for users. KubeSpawner finds a stored choice by the name of its option, and takes the
    default where it finds none (``_load_profile``).
    """
    options = entry.get("profile_options") or {}
    fixed = {name: ours for name, ours in zip(options_of(entry), TITLES, strict=True) if name}
    names = {name: fixed.get(name) or _other_name(name, options) for name in options}
    notes += [
        f"the option `{name}` is called `{ours}` now: stored choices of it no longer count, "
        "and users get its default until they choose again"
        for name, ours in names.items()
        if name != ours and _is_choice(options[name])
    ]
    return names


def _other_name(name: str, options: Mapping[str, Json]) -> str:
    """Return the name of an option that stays what it is; `image` and `size` are those of images and sizes."""
    free = name
    while free in TITLES or (free != name and free in options):
        free = f"{free}_option"
    return free


def _is_choice(option: Mapping[str, Json]) -> bool:
    """Say whether an option leaves users something to choose."""
    return len(option.get("choices") or {}) > 1 or bool((option.get("unlisted_choice") or {}).get("enabled"))


def options_of(entry: Mapping[str, Json]) -> tuple[str, str]:
    """Return the names of the options that become the images and the sizes of a profile; empty where it has none."""
    options = entry.get("profile_options") or {}
    images = next((name for name, option in options.items() if _has_images(option)), "")
    return images, next(
        (name for name, option in options.items() if name != images and _has_sizes(option)), ""
    )


def overrides_of(option: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """Return the settings of each choice of an option, and of what users type in."""
    items = [*(option.get("choices") or {}).values(), option.get("unlisted_choice") or {}]
    return [item.get("kubespawner_override") or {} for item in items]


def _has_images(option: Mapping[str, Json]) -> bool:
    return any("image" in override for override in overrides_of(option))


def _has_sizes(option: Mapping[str, Json]) -> bool:
    names = {name for override in overrides_of(option) for name in override}
    return bool(names & {*AMOUNTS, *NODES}) and not _has_images(option)
