"""Keeps mounts of a profile list at the path of users' homes in the place of the hub's mount, which they replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.home import HOME
from image_matrix.profiles.mounts import MOUNTS, is_home

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.json_data import Json


def home_mounts(overrides: Iterable[Mapping[str, Json]]) -> Iterator[str]:
    """Yield a note for each volume that lists in overrides mount at the home; a mapping has joined the hub's before."""
    given = [override.get(MOUNTS) for override in overrides]
    mounts = [item for value in given if isinstance(value, list) for item in value if isinstance(item, dict)]
    for name in dict.fromkeys(item.get("name") for item in mounts if is_home(item)):
        yield (
            f"its list `{MOUNTS}` replaced the hub's mounts, and joins them now: if the hub mounts another volume than "
            f"`{name}` at {HOME}, its pods are refused"
        )


def with_key_of_home(entries: Mapping[str, Json]) -> dict[str, Json]:
    """Return mounts with that of the home under the name of its volume: the chart's own key from 4.3 on."""
    homes = {str(item["name"]): key for key, item in entries.items() if is_home(item) and "name" in item}
    keys = {key: name for name, key in homes.items() if name not in entries}
    return {keys.get(key, key): item for key, item in entries.items()}
