"""Words changes of packages and sources for reviewers: ``jupyter-scipy: scipy 1.16.0 → 1.17.1 and 3 more``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.variant_ids import image_of
from image_matrix.profiles.change_words import shortened
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from image_matrix.inventory.changes import ContentChange
    from image_matrix.inventory.source_changes import SourceChange
    from image_matrix.profiles.change_words import Style

NAMED_IMAGES = 3
"""The maximum number of images whose names are in a line; more are counted."""
SHORT_DIGEST = 19
"""``sha256:`` and twelve digits."""


def package_lines(
    changes: Iterable[ContentChange], style: Style, most: int, images_named: int = NAMED_IMAGES
) -> list[str]:
    """Return a line for each set of images, with ``most`` of the packages that change in all of them."""
    by_images: dict[tuple[str, ...], list[ContentChange]] = {}
    for item in changes:
        by_images.setdefault(item.images, []).append(item)
    return [
        f"packages of {_images(names, style, images_named)}: "
        f"{listed((package_words(item, style) for item in items), most)}"
        for names, items in by_images.items()
    ]


def _images(names: Sequence[str], style: Style, most: int = NAMED_IMAGES) -> str:
    """Return the names of a few images, or the number of many."""
    if len(names) > most:
        return plural(len({image_of(name) for name in names}), "image")
    return ", ".join(style.code(name) for name in names)


def package_words(change: ContentChange, style: Style) -> str:
    """Return what happens to a package; a list may name it without a version."""
    name = style.plain(change.package.name)
    before, after = (value and style.plain(shortened(value)) for value in (change.before, change.after))
    if before is None:
        return f"{name} {after} (new)" if after else f"{name} (new)"
    if after is None:
        return f"{name} {before} (gone)" if before else f"{name} (gone)"
    return f"{name} {before or 'any version'} → {after or 'any version'}"


def source_lines(changes: Iterable[SourceChange], style: Style) -> list[str]:
    """Return a line for each source or archive that is another one now."""
    return [
        f"{_source(item, style)}: {_side(item.before, item.after, style)} → "
        f"{_side(item.after, item.before, style)}"
        + (f" ({_images(item.images, style)})" if item.images else "")
        for item in changes
    ]


def _source(change: SourceChange, style: Style) -> str:
    between = " of " if change.what != "source" else " "
    return f"{change.what}{between}{style.code(change.name)}" if change.name else change.what


def _side(reference: str | None, other: str | None, style: Style) -> str:
    """Return a reference, or only its digest if both sides have the same name and tag."""
    if reference is None:
        return "none"
    name, _, digest = reference.partition("@")
    short = digest[:SHORT_DIGEST]
    same = (other or "").partition("@")[0] == name
    return style.code(short if same and short else f"{name}@{short}" if short else name)
