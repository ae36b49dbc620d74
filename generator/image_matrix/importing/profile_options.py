"""Finds out which options of an entry are its images and its sizes, and what its options are called in a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.importing.size_fields import AMOUNTS
from image_matrix.profiles.charts import overrides_of_option
from image_matrix.profiles.helm import in_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.json_data import Json

TITLES = {"image": "Image", "size": "Size"}
"""What users read where a matrix says nothing."""
NODES = ("node_selector", "tolerations")


def as_users_see_it(entry: Mapping[str, Json]) -> dict[str, Json]:
    """Return an entry with options and choices in the order of a hub's form.

    That is Helm's, which passes the list to the hub, not that of the file. The first choice is a default.
    """
    options = {str(name): option for name, option in (entry.get("profile_options") or {}).items()}
    ordered = {name: _with_sorted_choices(options[name]) for name in in_order(options)}
    return {**entry, **({"profile_options": ordered} if ordered else {})}


def _with_sorted_choices(option: Mapping[str, Json]) -> dict[str, Json]:
    choices = {str(key): choice for key, choice in (option.get("choices") or {}).items()}
    return {**option, "choices": {key: choices[key] for key in in_order(choices)}}


def in_their_order(described: Mapping[str, Json], order: Sequence[str]) -> dict[str, Json]:
    """Return what a profile says about its options, so that users see them in this order.

    The options of images and sizes, in ``described`` too, are left out where nothing is to be said about them: they
    come first then.
    """
    silent = [name for name in TITLES if name in order and not described[name]]
    while silent and silent != [*order[: len(silent)]]:
        silent.pop()
    shown = [name for name in order if name not in silent]
    return {name: described[name] or {"display_name": TITLES[name]} for name in shown}


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
    """Return the names of the options that become the images and the sizes of a profile; empty where it has none.

    Of several that set images or amounts, it is the one that is called like it, else the first.
    """
    options = entry.get("profile_options") or {}
    images = _first([name for name, option in options.items() if _has_images(option)], "image")
    sizes = [name for name, option in options.items() if name != images and _has_sizes(option)]
    return images, _first(sizes, "size")


def _first(names: Sequence[str], usual: str) -> str:
    return usual if usual in names else next(iter(names), "")


def overrides_of_choices(option: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """Return the settings of each choice of an option, and of what users type in."""
    return [override for _, override in overrides_of_option(option)]


def _has_images(option: Mapping[str, Json]) -> bool:
    return any("image" in override for override in overrides_of_choices(option))


def _has_sizes(option: Mapping[str, Json]) -> bool:
    names = {name for override in overrides_of_choices(option) for name in override}
    return bool(names & {*AMOUNTS, *NODES}) and not _has_images(option)
