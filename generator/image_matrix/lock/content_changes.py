"""Compares the packages of images in two states, each change once for all images that have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.lock.contents import PackageName, contents, not_locked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.contents import Content
    from image_matrix.lock.pins import Pins


@dataclass(frozen=True, slots=True)
class ContentChange:
    """A package that comes, goes, or has another version; a side is ``None`` if the package is not in the image."""

    package: PackageName
    before: str | None
    after: str | None
    listed: bool
    """Whether the matrix names the package."""
    images: tuple[str, ...]
    """Images, if it is so in all their variants, or ids of variants."""


def content_changes(
    old: Loaded, old_pins: Pins, new: Loaded, new_pins: Pins, names: Collection[str]
) -> tuple[ContentChange, ...]:
    """Return what changes in the variants with these ids, as far as both states have them.

    Packages that the matrix names come first, then those with the most images.
    """
    compared = [name for name in names if name in old.variants and name in new.variants]
    variants: dict[tuple[PackageName, str | None, str | None, bool], list[str]] = {}
    for name in compared:
        before = contents(old, old_pins, old.variants[name])
        after = contents(new, new_pins, new.variants[name])
        floating = not_locked(old, old_pins, old.variants[name]) | not_locked(
            new, new_pins, new.variants[name]
        )
        for package, was, now, listed in _differences(before, after, floating):
            variants.setdefault((package, was, now, listed), []).append(name)
    changes = (
        ContentChange(package, was, now, listed, _images(ids, compared))
        for (package, was, now, listed), ids in variants.items()
    )
    return tuple(sorted(changes, key=lambda item: (not item.listed, -len(item.images), item.package.name)))


def _differences(
    before: Mapping[PackageName, Content], after: Mapping[PackageName, Content], floating: Collection[str]
) -> Iterable[tuple[PackageName, str | None, str | None, bool]]:
    """Yield what differs; what a list needs is unknown in a state that has no lock for the manager."""
    for package in {**before, **after}:
        old, new = before.get(package), after.get(package)
        listed = any(side.listed for side in (old, new) if side)
        if _differs(old, new) and (listed or package.manager not in floating):
            was, now = (None if side is None else side.version for side in (old, new))
            yield package, was, now, listed


def _differs(old: Content | None, new: Content | None) -> bool:
    """Say whether a version differs; bounds of a list differ from no version of a lock."""
    if old is None or new is None:
        return old is not new
    bounds = next((side.version for side in (old, new) if not side.locked), "")
    if old.locked != new.locked and not bounds[:1].isalnum():
        return False
    return old.version != new.version


def _images(ids: Collection[str], compared: Iterable[str]) -> tuple[str, ...]:
    """Return the images of variants, or the variants of images that have others as well."""
    others = {name.partition(":")[0] for name in compared if name not in ids}
    return tuple(
        dict.fromkeys(name if (image := name.partition(":")[0]) in others else image for name in ids)
    )
