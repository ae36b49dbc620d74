"""``add``: adds an image of packages to the matrix."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from image_matrix.cli.matrix_edit import (
    REGISTRY_HELP,
    open_matrix,
    refuse_source,
    report_added,
    text_with,
    validated,
    without_python,
    write_matrix,
)

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.importing.package_lists import ImportedImage
    from image_matrix.lock.resolver_api import Resolve
    from image_matrix.project.inputs import Inputs


@click.command("add")
@click.option(
    "--from",
    "start",
    metavar="PARENT",
    required=True,
    help="An image or source of the matrix, or the reference of an image from outside.",
)
@click.option(
    "--pip", metavar="X", multiple=True, help="A Python package; without a version, the newest. Repeatable."
)
@click.option("--apt", metavar="X", multiple=True, help="A package of the distribution. Repeatable.")
@click.option("--conda", metavar="X", multiple=True, help="A conda package. Repeatable.")
@click.option("--description", metavar="TEXT", default="", help="One sentence for the catalog.")
@click.option("--registry", metavar="NAME", help=REGISTRY_HELP)
@click.argument("image")
@click.pass_obj
def add(
    session: Session,
    image: str,
    start: str,
    pip: tuple[str, ...],
    apt: tuple[str, ...],
    conda: tuple[str, ...],
    description: str,
    registry: str | None,
) -> int:
    """Add an image with packages to the matrix.

    Python packages without a version are pinned to the newest one that fits what PARENT is locked to. A reference
    becomes a source. Without a matrix, it starts one. Comments and order of the matrix stay.
    """
    from image_matrix.cli.lock_remedies import naming_what_restores
    from image_matrix.errors import CallError
    from image_matrix.importing.package_lists import ImportedImage, PackageImage, packages_of
    from image_matrix.importing.sources import parent
    from image_matrix.lock.newest import without_version

    matrix = open_matrix(session, registry)
    if image in matrix.known.images:
        raise CallError(f"there is an image `{image}` in {session.matrix}", "edit it there")
    refuse_source(session, matrix.known, image)
    floating = without_version(pip)
    name, sources = parent(start, image, matrix.known)
    lists = {"apt": packages_of(apt), "conda": packages_of(conda), "pip": packages_of(pip)}
    imported = ImportedImage(image, PackageImage(name, lists, description), sources)
    text = text_with(matrix, imported)
    inputs, loaded = validated(session, text)
    if floating:
        with naming_what_restores(session.root):
            imported = _pinned(imported, floating, inputs, loaded, _resolver(session, loaded))
        text = text_with(matrix, imported)
        validated(session, text)
    write_matrix(session, text)
    advice = without_python(loaded, image)
    report_added(session, replace(imported, notes=(advice,) if advice else ()))
    return 0


def _pinned(
    imported: ImportedImage, floating: tuple[str, ...], inputs: Inputs, loaded: Loaded, resolve: Resolve
) -> ImportedImage:
    """Return an image whose Python packages have the newest versions where they had none."""
    from image_matrix.importing.package_lists import packages_of
    from image_matrix.lock import text
    from image_matrix.lock.newest import newest, with_version

    versions = newest(loaded, text.read(inputs.lock), imported.name, resolve)
    pip = [item.text for item in imported.image.packages["pip"]]
    pinned = packages_of(with_version(item, versions) if item in floating else item for item in pip)
    packages = {**imported.image.packages, "pip": pinned}
    return replace(imported, image=replace(imported.image, packages=packages))


def _resolver(session: Session, loaded: Loaded) -> Resolve:
    """Return uv with the mirrors, certificates and logins of the matrix."""
    from functools import partial

    from image_matrix.cli.lock import python_resolver
    from image_matrix.lock import uv

    return partial(uv.resolve, uv=python_resolver(session, loaded))
