"""Compares the packages of images in two states, each change once for all images that have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.variant_ids import image_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from image_matrix.inventory.model import Content, Inventory, PackageName


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
    before: Mapping[str, Inventory], after: Mapping[str, Inventory]
) -> tuple[ContentChange, ...]:
    """Return what changes in variants, by their ids, as far as both states have them.

    Packages that the matrix names come first, then those with the most images.
    """
    compared = [name for name in after if name in before]
    variants: dict[tuple[PackageName, str | None, str | None, bool], list[str]] = {}
    for name in compared:
        for change in _differences(before[name], after[name]):
            variants.setdefault(change, []).append(name)
    changes = (
        ContentChange(package, was, now, listed, _images(ids, compared))
        for (package, was, now, listed), ids in variants.items()
    )
    return tuple(sorted(changes, key=lambda item: (not item.listed, -len(item.images), item.package.name)))


def _differences(
    before: Inventory, after: Inventory
) -> Iterable[tuple[PackageName, str | None, str | None, bool]]:
    """Yield what differs; what a list needs is unknown in a state that has no lock for the manager.

    A state that was not read from the image does not know what only an image knows.
    """
    unknown = before.unknown | after.unknown
    is_comparable = before.from_image == after.from_image
    for package in {**before.contents, **after.contents}:
        old, new = before.contents.get(package), after.contents.get(package)
        if not is_comparable and _is_unexpected(old, new):
            continue
        listed = any(side.listed for side in (old, new) if side)
        if _differs(old, new) and (listed or package.manager not in unknown):
            was, now = (None if side is None else side.version for side in (old, new))
            yield package, was, now, listed


def _is_unexpected(old: Content | None, new: Content | None) -> bool:
    """Say whether a package is on one side alone, of which only the image knows it."""
    return (old is None) != (new is None) and any(side.unexpected for side in (old, new) if side)


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
    others = {image_of(name) for name in compared if name not in ids}
    return tuple(dict.fromkeys(name if (image := image_of(name)) in others else image for name in ids))
