"""Adds to locked sources where their apt fetches packages, for those whose images install with apt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.layer_order import NO_KIND
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.lock.model import LockedSource

    ReadLists = Callable[[str], tuple[str, ...] | None]


def with_apt_lists(
    loaded: Loaded, locked: Mapping[str, LockedSource], old: Mapping[str, LockedSource], read: ReadLists
) -> dict[str, LockedSource]:
    """Return the sources with the lists of their apt; those of a digest that was locked before are kept.

    ``read`` returns the addresses in the lists of an image, which it gets by its digest; ``None`` if it cannot.
    """
    needed = apt_sources(loaded)
    return {
        reference: _with_lists(reference, entry, old.get(reference), read) if reference in needed else entry
        for reference, entry in locked.items()
    }


def _with_lists(
    reference: str, entry: LockedSource, before: LockedSource | None, read: ReadLists
) -> LockedSource:
    if before and before.digest == entry.digest and before.apt is not None:
        return replace(entry, apt=before.apt)
    addresses: set[str] = set()
    for digest in entry.platforms.values():
        answer = read(parse_reference(reference).at(digest))
        if answer is None:
            return replace(entry, apt=None)
        addresses.update(answer)
    return replace(entry, apt=tuple(sorted(addresses)) if entry.platforms else None)


def apt_sources(loaded: Loaded) -> dict[str, str]:
    """Return the references of sources whose images install with apt, each with the name of its source."""
    names = dict.fromkeys(item.root_source for item in loaded.variants.values() if uses_apt(loaded, item))
    return {loaded.matrix.sources[name]: name for name in names if name in loaded.matrix.sources}


def uses_apt(loaded: Loaded, item: Variant) -> bool:
    """Say whether a build of a variant may run apt: its kind does, or what it lists, or its own Dockerfile."""
    if item.build is not None:
        files = loaded.context_files.get(item.id)
        return files is not None and b"apt" in files.dockerfile
    return runs_apt(loaded.matrix, item)


def runs_apt(matrix: Matrix, item: Variant) -> bool:
    """Say whether a generated Dockerfile may run apt: its kind does, or what the variant lists."""
    if item.build is not None:
        return False
    lists = item.packages.get("apt") or item.apt_repositories or item.apt_files or item.locale
    from_deb = any(matrix.downloads[name].deb for name in item.downloads)
    return bool((item.kind != NO_KIND and item.parent is None) or lists or from_deb)
