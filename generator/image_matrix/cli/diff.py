"""``diff``: what changed in the images between two revisions or releases."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from image_matrix.config.variant_ids import image_of

if TYPE_CHECKING:
    from image_matrix.cli.image_history import ComparedState
    from image_matrix.cli.session import Session
    from image_matrix.inventory.difference import ImageDifference

PACKAGES = 20
"""The maximum number of packages that are shown for each set of images; ``-v`` and the other formats have all."""
FORMATS = ("table", "json", "markdown")


@click.command()
@click.argument("old", metavar="[OLD]", default="HEAD")
@click.argument("new", metavar="[NEW]", required=False)
@click.option(
    "--image",
    "images",
    metavar="VARIANT",
    multiple=True,
    help="Only what changes in IMAGE, or in IMAGE:LABEL; repeatable.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.pass_obj
def diff(session: Session, old: str, new: str | None, images: tuple[str, ...], format_: str) -> int:
    """Show what changed in the images: packages, sources, images.

    OLD and NEW are revisions of git, or releases: a tag such as 2026.1129.1, the branch that releases are on, or a
    channel. OLD is HEAD if it is left out; NEW is the files as they are.
    """
    from image_matrix.cli.image_history import side_of
    from image_matrix.inventory.difference import difference

    before, after = side_of(session, old), side_of(session, new)
    if images:
        before, after = _only(before, after, images)
    before, after = before.beside(after), after.beside(before)
    differing = difference(before.images, after.images)
    click.echo(_formatted(session, before, after, differing, format_), nl=False)
    _note_not_compared(session, before, after)
    return 0


def _note_not_compared(session: Session, before: ComparedState, after: ComparedState) -> None:
    """Print a note about images of which a lock does not have everything."""
    from image_matrix.cli.printing import note
    from image_matrix.inventory.unlisted import not_locked
    from image_matrix.text import listed

    sides: dict[str, list[str]] = {}
    for side in (before, after):
        if images := not_locked({name: one.inventory for name, one in side.images.items()}):
            sides.setdefault(listed((f"`{name}`" for name in images), 3), []).append(side.title)
    for names, titles in sides.items():
        where = " and ".join(dict.fromkeys(titles))
        note(session, f"not locked in {where}: what packages of {names} need is not compared")


def _only(
    before: ComparedState, after: ComparedState, names: tuple[str, ...]
) -> tuple[ComparedState, ComparedState]:
    """Return both states with only the variants that are named; raises :class:`CallError` for an unknown name."""
    from dataclasses import replace

    from image_matrix.diagnostics import did_you_mean
    from image_matrix.errors import CallError

    known = {**before.images, **after.images}
    ids = {name: [one for one in known if name in (one, image_of(one))] for name in names}
    for name, chosen in ids.items():
        if not chosen:
            images = {image_of(one) for one in known}
            raise CallError(f"neither state has an image `{name}`", did_you_mean(name, {*known, *images}))
    every = {one for chosen in ids.values() for one in chosen}
    kept = ({name: one for name, one in side.images.items() if name in every} for side in (before, after))
    first, second = kept
    return replace(before, images=first), replace(after, images=second)


def _formatted(
    session: Session, before: ComparedState, after: ComparedState, differing: ImageDifference, format_: str
) -> str:
    from image_matrix.cli.printing import paint
    from image_matrix.cli.terminal import terminal_width, wrapped
    from image_matrix.render.docs.differences import as_markdown, as_text

    states = {**before.images, **after.images}
    match format_:
        case "json":
            import json

            return json.dumps(_as_data(before, after, differing), indent=2, ensure_ascii=False) + "\n"
        case "markdown":
            return as_markdown(differing, states) or "Nothing changes in the images.\n"
        case _:
            if differing.is_empty:
                return f"nothing changes in the images between {before.title} and {after.title}\n"
            most = None if session.verbosity > 0 else PACKAGES
            text = as_text(differing, states, paint, most)
            return wrapped(f"{before.title} → {after.title}\n\n{text}", terminal_width())


def _as_data(before: ComparedState, after: ComparedState, differing: ImageDifference) -> dict[str, Any]:
    return {
        "old": {"name": before.title, "commit": before.commit},
        "new": {"name": after.title, "commit": after.commit},
        "added": list(differing.added),
        "removed": list(differing.removed),
        "rebuilt": list(differing.rebuilt),
        "packages": [
            {
                "package": item.package.name,
                "installer": item.package.manager,
                "before": item.before,
                "after": item.after,
                "named": item.listed,
                "images": list(item.images),
            }
            for item in differing.packages
        ],
        "sources": [asdict(item) for item in differing.sources],
    }
