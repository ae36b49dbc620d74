"""Finds which choice of a new list is which one of an old list, although keys and titles may change."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Mapping

    Choice = Mapping[str, Any]

_NUMBER = re.compile(r"^\d+-")
"""What orders the keys of sizes for Helm: ``2-`` of ``2-medium``."""


def paired(before: Mapping[str, Choice], after: Mapping[str, Choice]) -> dict[str, str]:
    """Return old keys to new keys of the same choices: what is in none of them comes or goes.

    A choice of an image is the same as long as its image is: its key goes to another image if a newer Python becomes
    the first one. Other choices are the same under the same key, apart from its number.
    """
    pairs: dict[str, str] = {}
    for identity in _IDENTITIES:
        old = _by_identity(before, identity, pairs.keys())
        new = _by_identity(after, identity, pairs.values())
        pairs |= {key: new[same] for same, key in old.items() if same in new}
    return pairs


def _by_identity(
    choices: Mapping[str, Choice], identity: Callable[[str, Choice], Hashable], used: Collection[str]
) -> dict[Hashable, str]:
    """Return the key of the choice with each identity; of several with one identity, none is chosen."""
    keys: dict[Hashable, list[str]] = {}
    for key, choice in choices.items():
        if key not in used and (same := identity(key, choice)) is not None:
            keys.setdefault(same, []).append(key)
    return {same: several[0] for same, several in keys.items() if len(several) == 1}


def image_of(choice: Choice) -> str | None:
    """Return the image that a choice sets, if it sets one."""
    image: str | None = choice.get("kubespawner_override", {}).get("image")
    return image


def without_number(key: str) -> str:
    """Return a choice's key without what orders it."""
    return _NUMBER.sub("", key)


def _image_and_key(key: str, choice: Choice) -> Hashable:
    return (image_of(choice), key) if image_of(choice) else None


def _image(_: str, choice: Choice) -> Hashable:
    return image_of(choice)


def _key(key: str, choice: Choice) -> Hashable:
    return None if image_of(choice) else key


def _name(key: str, choice: Choice) -> Hashable:
    return None if image_of(choice) else without_number(key)


def _title(_: str, choice: Choice) -> Hashable:
    return str(choice["display_name"])


def _settings(_: str, choice: Choice) -> Hashable:
    settings = choice.get("kubespawner_override")
    return json.dumps(settings, sort_keys=True) if settings else None


_IDENTITIES = (_image_and_key, _image, _key, _name, _title, _settings)
"""From the surest to the least sure."""
