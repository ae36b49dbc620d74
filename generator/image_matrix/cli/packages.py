"""``packages``: lists which images have which packages in which versions, from whom, and who asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import note, say
from image_matrix.cli.project import open_project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.inventory.model import Inventory
    from image_matrix.inventory.search import Query

BILL = "cyclonedx"
"""The format of a bill of materials."""
FORMATS = ("table", "json", "markdown", BILL)
_NONE = {False: "no image has", True: "no image is known to have"}
"""What is said of a package that is not found: also if the lock does not have all that packages need."""


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--image",
    "images",
    metavar="VARIANT",
    multiple=True,
    help="Only the packages of IMAGE, or of IMAGE:LABEL; repeatable. Without a NAME, all of them.",
)
@click.option(
    "--from-image",
    is_flag=True,
    help="Read what is installed in the built images, from their layers in the registry; with --image.",
)
@click.option(
    "--platform",
    metavar="OS/ARCH",
    help="With --from-image: the platform that is read; the first by default.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="Output format; `cyclonedx` is a bill of materials of one image, with --from-image.",
)
@click.pass_obj
def packages(
    session: Session,
    names: tuple[str, ...],
    images: tuple[str, ...],
    from_image: bool,
    platform: str | None,
    format_: str,
) -> int:
    """List which images have which packages.

    NAME is a package in any spelling, a pattern such as 'torch*', or a name with versions such as 'urllib3<2.5'.
    Without NAME and --image, count the packages of each image.

    Asks nobody: what is in images follows from the matrix and its lock. With --from-image, asks the registry. Exits
    with 1 if no image has one of the packages.
    """
    from functools import partial

    from image_matrix.cli.package_tables import packages_text
    from image_matrix.config.variant_selectors import select
    from image_matrix.inventory.contents import inventories
    from image_matrix.inventory.rows import holdings
    from image_matrix.inventory.search import matches, matches_any, query_of

    _refuse_options(names, images, platform, format_, from_image=from_image)
    queries = [query_of(name) for name in names]
    project = open_project(session)
    loaded = project.loaded
    inventory = inventories(loaded.matrix, loaded.variants, project.pins, select(loaded.variants, images))
    if format_ == BILL:
        click.echo(_bill(session, project, inventory, platform), nl=False)
        return 0
    archs: tuple[str, ...] = ()
    if from_image:
        inventory, archs = _installed(session, project, inventory, platform)
    if not queries and not images:
        _print_counts(session, loaded, inventory, format_)
        return 0
    every = holdings(loaded, project.lock, inventory, partial(matches_any, queries), archs)
    click.echo(packages_text(every, [*inventory], format_), nl=False)
    missing = [
        query for query in queries if not any(matches(query, one.package, one.content) for one in every)
    ]
    for query in missing:
        note(session, _no_image(query, inventory, images, from_image=from_image))
    if not from_image:
        _note_what_is_unknown(session, loaded, inventory)
    return 1 if missing else 0


def _refuse_options(
    names: Sequence[str], images: Sequence[str], platform: str | None, format_: str, *, from_image: bool
) -> None:
    """Raise :class:`click.UsageError` for options that need others."""
    if format_ == BILL and not from_image:
        raise click.UsageError(f"--format {BILL} needs --from-image: a bill says what is in a built image")
    if format_ == BILL and names:
        raise click.UsageError(f"--format {BILL} has all packages of an image: leave out `{names[0]}`")
    if from_image and not images:
        raise click.UsageError("--from-image needs --image: all layers of an image are read")
    if platform and not from_image:
        raise click.UsageError("--platform needs --from-image")


def _installed(
    session: Session, project: Project, inventory: Mapping[str, Inventory], platform: str | None
) -> tuple[dict[str, Inventory], tuple[str, ...]]:
    """Return what is installed in the built images, and the architectures that were read."""
    from image_matrix.cli.built_images import read_built

    built = read_built(session, project, inventory, platform)
    return {name: one.inventory for name, one in built.items()}, tuple({one.arch for one in built.values()})


def _bill(
    session: Session, project: Project, inventory: Mapping[str, Inventory], platform: str | None
) -> str:
    """Return the bill of materials of the one image; raises :class:`CallError` for several."""
    from image_matrix import __version__
    from image_matrix.cli.built_images import read_built
    from image_matrix.errors import CallError
    from image_matrix.inventory.cyclonedx import bill_of_materials

    name, *others = inventory
    if others:
        raise CallError("a bill of materials is of one image", f"name one of {', '.join((name, *others))}")
    return bill_of_materials(read_built(session, project, inventory, platform)[name], __version__)


def _print_counts(session: Session, loaded: Loaded, inventory: Mapping[str, Inventory], format_: str) -> None:
    """Print how many packages each image has."""
    from image_matrix.cli.package_tables import counts_text

    click.echo(counts_text(inventory, format_), nl=False)
    if format_ != "json":
        say(session, "in parentheses: how many of them the matrix names; the others are needed by those")
    _note_what_is_unknown(session, loaded, inventory)


def _note_what_is_unknown(session: Session, loaded: Loaded, inventory: Mapping[str, Inventory]) -> None:
    """Print notes about images with packages that neither matrix nor lock know."""
    from image_matrix.inventory.unlisted import not_locked, unlisted
    from image_matrix.text import listed

    for reason, images in unlisted(loaded, inventory).items():
        note(session, f"not listed: what {reason} brings to {listed((f'`{name}`' for name in images), 3)}")
    if floating := not_locked(inventory):
        shown = listed((f"`{name}`" for name in floating), 3)
        note(session, f"not locked: what packages of {shown} need; `image-matrix lock` finds it out")


def _no_image(
    query: Query, inventory: Mapping[str, Inventory], images: Sequence[str], *, from_image: bool
) -> str:
    """Return that no image has a package, and what may have been meant, or who knows more."""
    from image_matrix.inventory.search import near_names, versions_of
    from image_matrix.inventory.unlisted import not_locked

    every = [(package, content) for one in inventory.values() for package, content in one.contents.items()]
    where = (
        f"not in {' or '.join(f'`{name}`' for name in images)}:"
        if images
        else _NONE[bool(not_locked(inventory))]
    )
    others = versions_of(query, every)
    if others:
        return f"{where} `{query.text}`, but {', '.join(one or 'a version that floats' for one in others)}"
    near = near_names(query, {package.name for package, _ in every})
    if near:
        return f"{where} `{query.text}`; did you mean {' or '.join(f'`{name}`' for name in near)}?"
    if from_image or not inventory:
        return f"{where} `{query.text}`"
    command = _in_built_image(query, [*(images or inventory)][-1])
    return f"{where} `{query.text}`, as far as matrix and lock say; {command}"


def _in_built_image(query: Query, image: str) -> str:
    """Return the command that also knows what a distribution has, and what packages of apt need."""
    import shlex

    command = shlex.join(("image-matrix", "packages", "--from-image", "--image", image, query.text))
    return f"`{command}` looks at what is installed in the built image"
