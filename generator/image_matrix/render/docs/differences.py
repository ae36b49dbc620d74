"""Words what differs between two states of images, for a terminal and in Markdown; what many images share, once."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from image_matrix.inventory.difference import shared_changes
from image_matrix.profiles.change_words import TERMINAL
from image_matrix.profiles.content_words import source_lines
from image_matrix.render.docs.markdown import MARKDOWN, code, markdown_table
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from image_matrix.inventory.changes import ContentChange
    from image_matrix.inventory.difference import ImageDifference, ImageState, SharedChanges
    from image_matrix.profiles.change_words import Style

    Paint = Callable[[str, str], str]

FLOATS = "floats"
NAMED = 4
"""The maximum number of images whose names are in a title; more are counted."""
FOLDED = 10
"""The number of packages from which Markdown folds a table."""


def as_text(
    differing: ImageDifference, states: Mapping[str, ImageState], paint: Paint, most: int | None
) -> str:
    """Return lines for a terminal, with at most ``most`` packages for each set of images."""
    blocks = [
        [*_images("new", differing.added), *_images("gone", differing.removed)],
        source_lines(differing.sources, TERMINAL),
        *(_block(one, paint, most) for one in shared_changes(differing.packages, states)),
        _images("built again, with no change that is known", differing.rebuilt),
    ]
    return "\n".join("".join(f"{line}\n" for line in block) for block in blocks if block)


def _block(one: SharedChanges, paint: Paint, most: int | None) -> list[str]:
    """Return the title of some images, and a line for each of their packages."""
    shown = one.packages[:most]
    cells = [(item.package.name, _versions(item), item.package.manager) for item in shown]
    widths = [max(len(row[at]) for row in cells) for at in (0, 1)]
    lines = [
        paint(f"  {_sign(item)} {name.ljust(widths[0])}  {versions.ljust(widths[1])}  {manager}", _role(item))
        for item, (name, versions, manager) in zip(shown, cells, strict=True)
    ]
    more = len(one.packages) - len(shown)
    rest = [f"    … and {plural(more, 'package')} more (-v has all)"] if more else []
    return [paint(title(one, TERMINAL), "bold"), *lines, *rest]


def title(one: SharedChanges, style: Style) -> str:
    """Return the images that share changes: ``jupyter and 14 images on it``."""
    names = listed(map(style.plain, one.tops), NAMED)
    if not one.below:
        return names
    return f"{names} and {plural(one.below, 'image')} on {'it' if len(one.tops) == 1 else 'them'}"


def _sign(item: ContentChange) -> str:
    return "+" if item.before is None else "-" if item.after is None else "~"


def _role(item: ContentChange) -> str:
    return "add" if item.before is None else "remove" if item.after is None else "plain"


def _versions(item: ContentChange) -> str:
    sides = (item.before, item.after)
    return " → ".join(side or FLOATS for side in sides if side is not None)


def _images(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what}: {', '.join(names)}"] if names else []


def as_markdown(differing: ImageDifference, states: Mapping[str, ImageState]) -> str:
    """Return Markdown: a list of what comes, goes and moves below, and a table for each set of images."""
    groups = {
        "New": differing.added,
        "Gone": differing.removed,
        "Built again, with no change that is known": differing.rebuilt,
    }
    lines = [f"{what}: {', '.join(map(code, names))}" for what, names in groups.items() if names]
    lines += [f"{line[:1].upper()}{line[1:]}" for line in source_lines(differing.sources, MARKDOWN)]
    parts = ["".join(f"- {line}\n" for line in lines)] if lines else []
    return "\n".join([*parts, *map(_table, shared_changes(differing.packages, states))])


def _table(one: SharedChanges) -> str:
    """Return the packages of some images; a long table is folded."""
    table = markdown_table(("package", "before", "after", "by"), map(_cells, one.packages))
    if len(one.packages) < FOLDED:
        return f"**{title(one, MARKDOWN)}**\n\n{table}"
    first = listed((item.package.name for item in one.packages), 3)
    summary = f"<b>{escape(title(one, TERMINAL))}</b>: {escape(first)}"
    return f"<details><summary>{summary}</summary>\n\n{table}\n</details>\n"


def _cells(item: ContentChange) -> Sequence[str]:
    sides = ("–" if side is None else side or FLOATS for side in (item.before, item.after))
    return (item.package.name, *sides, item.package.manager)
