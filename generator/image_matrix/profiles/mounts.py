"""Finds the volumes and mounts of profiles that pods of Kubeflow can have: those that are the same for everybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from image_matrix.config.home import HOME
from image_matrix.profiles.template_fields import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.profiles import Profile
    from image_matrix.json_data import Json
    from image_matrix.profiles.offer import Offer

MOUNTS = "volume_mounts"
SETTINGS = ("volumes", MOUNTS)
"""The settings of KubeSpawner with volumes and with mounts."""
Key = str | int
"""Key of an entry in a mapping, or its position in a list."""


@dataclass(frozen=True, slots=True)
class Mounts:
    """Volumes, and where they are mounted, as Kubernetes has them, by their keys in the matrix."""

    volumes: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)
    volume_mounts: Mapping[Key, Mapping[str, Any]] = field(default_factory=dict)


def is_home(mount: Json) -> bool:
    """Say whether a mount is at the path of homes."""
    return isinstance(mount, dict) and str(mount.get("mountPath")).rstrip("/") == HOME


def plain_mounts(profile: Profile) -> Mounts:
    """Return the volumes of a profile in which KubeSpawner replaces nothing, and the mounts of these volumes.

    A mount of a volume that only the hub has, such as the user's home, is not among them.
    """
    volumes, mounts = (dict(_plain(profile.override.get(name))) for name in SETTINGS)
    names = {volume.get("name") for volume in volumes.values()}
    return Mounts(volumes, {key: item for key, item in mounts.items() if item.get("name") in names})


def shared_mounts(offers: Sequence[Offer]) -> Mounts:
    """Return what all of these profiles mount alike: the pods of a WorkspaceKind have the same volumes."""
    first, *others = (plain_mounts(offer.profile) for offer in offers)
    volumes = {
        key: item
        for key, item in first.volumes.items()
        if all(item in one.volumes.values() for one in others)
    }
    names = {volume.get("name") for volume in volumes.values()}
    mounts = {
        key: item
        for key, item in first.volume_mounts.items()
        if item.get("name") in names and all(item in one.volume_mounts.values() for one in others)
    }
    return Mounts(volumes, mounts)


def _plain(entries: Json) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Yield the entries without names to fill in, as KubeSpawner would set them."""
    items = entries.items() if isinstance(entries, dict) else enumerate(entries or ())
    for key, item in items:
        if isinstance(item, dict) and None not in _texts(item):
            yield key, _set(item)


def _texts(value: Json) -> Iterator[str | None]:
    """Yield every text in a value, as KubeSpawner would set it; ``None`` for one with names to fill in."""
    if isinstance(value, str):
        yield text_of(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _set(value: Json) -> Json:
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, dict):
        return {key: _set(item) for key, item in value.items()}
    return [_set(item) for item in value] if isinstance(value, list) else value
