"""``import``: adds what a team has already to the matrix."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.matrix_edit import (
    REGISTRY_HELP,
    has_image,
    open_matrix,
    refuse_second,
    refuse_source,
    registry_for,
    take_over,
    validated,
    write_matrix,
)
from image_matrix.cli.printing import note, say
from image_matrix.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.cli.matrix_edit import OpenMatrix
    from image_matrix.cli.session import Session
    from image_matrix.importing.dockerfiles import GivenDockerfile
    from image_matrix.importing.package_lists import ImportedImage, Package
    from image_matrix.importing.requirements import Requirements


@click.group("import")
def import_() -> None:
    """Add existing Dockerfiles, images, package and profile lists."""


@import_.command("dockerfiles")
@click.option("--registry", metavar="NAME", help=REGISTRY_HELP)
@click.argument("folders", metavar="DIR...", nargs=-1, required=True)
@click.pass_obj
def dockerfiles(session: Session, registry: str | None, folders: tuple[str, ...]) -> int:
    """Add an image for each Dockerfile in DIR and below it.

    The Dockerfiles stay where they are and as they are. Their FROM lines say what is built on what. Images that the
    matrix has already are left out, so the command can be run again. Without a matrix, it starts one.
    """
    from image_matrix.errors import CallError
    from image_matrix.importing.dockerfile_names import LOOKED_FOR
    from image_matrix.importing.dockerfiles import imported
    from image_matrix.importing.edit import with_entries

    matrix = open_matrix(session, registry)
    given = [item for folder in folders for item in _given(session, Path(folder))]
    result = imported(given, matrix.known.registry, matrix.known.images, matrix.known.sources)
    if result.images:
        text = with_entries(matrix.text, result.sources, result.images)
        if not result.notes:  # what is not carried over may be what others need: it is named below
            validated(session, text)
        write_matrix(session, text)
    for name, entry in result.images.items():
        say(session, f"added {name}: from {entry.start}, context {entry.context}")
    for guess in result.assumed:
        note(session, guess)
    for problem in result.notes:
        note(session, f"not carried over: {problem}")
    if not any(item.name in {*result.images, *matrix.known.images} for item in given):
        if given:
            raise CallError("no image is added", "correct what is not carried over; nothing is written")
        places = " and ".join(folders)
        raise CallError(
            f"there is no Dockerfile in {places} or below", f"name a folder that has {LOOKED_FOR}"
        )
    counts = f"{plural(len(result.images), 'image')} and {plural(len(result.sources), 'source')}"
    say(session, f"{counts} added; run `image-matrix check`")
    return 0


@import_.command("imagespec")
@click.option("--registry", metavar="NAME", help=REGISTRY_HELP)
@click.argument("file", metavar="FILE")
@click.pass_obj
def imagespec(session: Session, registry: str | None, file: str) -> int:
    """Add the image of an ImageSpec of PrimeHub.

    FILE is the resource, as `kubectl get imagespec NAME -o yaml` prints it. Its base image becomes a source, its
    packages an image on it. It is relative to the matrix' folder. An image that the matrix has already stays as it is.
    """
    from functools import partial

    from image_matrix.importing.imagespec import image_of
    from image_matrix.importing.input_places import document_of

    matrix = open_matrix(session, registry)
    document = document_of(file, partial(_text, session))
    return take_over(session, matrix, image_of(document, matrix.known))


@import_.command("profiles")
@click.option("--site", metavar="NAME", help="The site that the list is from; all, if left out.")
@click.argument("file", metavar="FILE")
@click.pass_obj
def profiles(session: Session, site: str | None, file: str) -> int:
    """Add the profiles of a hub's profile list, with their sizes and images.

    FILE has a list of KubeSpawner: values of the JupyterHub chart, a HelmRelease, a ConfigMap, or the list alone. It
    is relative to the matrix' folder. Images from outside become sources. What a matrix cannot say is named and left
    out. A profile that the matrix has already stays as it is; where it is one of other sites, the list's own gets
    another slug, or the site is added to an equal one.
    """
    from image_matrix.cli.imported_profiles import import_profiles
    from image_matrix.errors import CallError

    if not (session.root / session.matrix).exists():
        refuse_second(session)
        advice = "start one with an image of yours: `image-matrix init DIR`, or `image-matrix add`"
        raise CallError(f"there is no {session.matrix}", advice)
    import_profiles(session, file, _text(session, file), site)
    return 0


IMAGE = click.option("--image", metavar="NAME", required=True, help="The name of the new image.")
PARENT = click.option(
    "--from",
    "start",
    metavar="PARENT",
    required=True,
    help="An image or source of the matrix, or the reference of an image from outside.",
)


@import_.command("requirements")
@IMAGE
@PARENT
@click.option("--registry", metavar="NAME", help=REGISTRY_HELP)
@click.argument("file", metavar="FILE")
@click.pass_obj
def requirements(session: Session, registry: str | None, image: str, start: str, file: str) -> int:
    """Add an image with the packages of a requirements file.

    FILE is in the format of pip, relative to the matrix' folder; files that it names with -r are read, too. Packages by
    path or address and other options are named and left out. An image that the matrix has already stays as it is.
    """
    from functools import partial

    from image_matrix.importing.requirements import requirements_of

    matrix = open_matrix(session, registry)
    pip = requirements_of(file, partial(_text, session))
    return _take_over(session, matrix, _of_lists(matrix, image, start, {}, pip), file)


@import_.command("environment")
@IMAGE
@PARENT
@click.option("--registry", metavar="NAME", help=REGISTRY_HELP)
@click.argument("file", metavar="FILE")
@click.pass_obj
def environment(session: Session, registry: str | None, image: str, start: str, file: str) -> int:
    """Add an image with the packages of environment.yml.

    FILE is an environment of conda, relative to the matrix' folder. Its dependencies become packages of conda, those
    under `pip` packages of pip. Anaconda's channel `defaults` and the version of Python are named and left out. An
    image that the matrix has already stays as it is.
    """
    from functools import partial

    from image_matrix.importing.environment import environment_of
    from image_matrix.importing.input_places import document_of

    matrix = open_matrix(session, registry)
    read = partial(_text, session)
    lists = environment_of(document_of(file, read), read)
    imported = _of_lists(matrix, image, start, {"conda": lists.packages}, lists.pip, lists.channels)
    return _take_over(session, matrix, imported, file)


@import_.command("folder")
@click.option("--image", metavar="NAME", help="The name of the new image; the folder's own if left out.")
@PARENT
@click.option("--registry", metavar="NAME", help=REGISTRY_HELP)
@click.argument("folder", metavar="DIR")
@click.pass_obj
def folder(session: Session, registry: str | None, image: str | None, start: str, folder: str) -> int:
    """Add an image with the packages of a folder for repo2docker.

    DIR has apt.txt, environment.yml or conda-lock.yml, requirements.txt or install.R, in itself or in binder/. It is
    relative to the matrix' folder. Scripts such as postBuild are named and left out. An image that the matrix has
    already stays as it is.
    """
    from functools import partial

    from image_matrix.dockerfiles.source_names import image_name
    from image_matrix.errors import CallError
    from image_matrix.importing.folder import files_of, lists_of

    top = session.root / folder
    if not top.is_dir():
        raise CallError(f"{folder} is not a folder", "name the folder that has apt.txt or requirements.txt")
    below = files_of([path.relative_to(top).as_posix() for path in top.glob("*/*")])
    prefix = f"{Path(folder).as_posix()}/{below}"
    matrix = open_matrix(session, registry)
    names = {path.name for path in (top / below).iterdir()}
    lists = lists_of(prefix, names, partial(_text, session))
    name = image or image_name(top.resolve().name)
    imported = _of_lists(matrix, name, start, lists.packages, lists.pip, lists.channels, lists.conda_file)
    return _take_over(session, matrix, imported, folder)


@import_.command("image")
@click.option(
    "--parent",
    "start",
    metavar="REF",
    help="What the image is built on: a reference, or a source of the matrix. The image's own label, if left out.",
)
@click.option(
    "--image", "name", metavar="NAME", help="The name of the new image; REF's last part if left out."
)
@click.option("--registry", metavar="NAME", help=REGISTRY_HELP)
@click.argument("reference", metavar="REF")
@click.pass_obj
def image(session: Session, start: str | None, name: str | None, registry: str | None, reference: str) -> int:
    """Add an image with the packages that an image in a registry adds to its parent.

    REF is read from its registry, without an engine: the layers are streamed, and only the lists of installed packages
    are kept. Packages that others require are counted and left out. An image that the matrix has already stays as it
    is.
    """
    from image_matrix.dockerfiles.source_names import image_name
    from image_matrix.importing.image import BASE, added_to, imported_image, named_parent
    from image_matrix.importing.sources import parent
    from image_matrix.planning.image_contents import platform_image
    from image_matrix.registry.reference import parse_reference

    matrix = open_matrix(session, registry)
    name = name or image_name(parse_reference(reference).repository.rpartition("/")[2])
    if has_image(session, matrix.known, name):
        return 0
    refuse_source(session, matrix.known, name)
    services = registry_for(session, matrix)
    whole = platform_image(services, reference)
    if start is None:
        start = named_parent(services, whole)
        problem = f"the label `{BASE}` of {reference} names the parent {start}"
        note(
            session,
            f"{problem}; an image may have the label of its parent, so check it, or name the parent with `--parent`",
        )
    parent_name, sources = parent(start, name, matrix.known)
    advice = "name a parent that has this platform with `--parent`"
    base = platform_image(services, _reference_of(start, matrix), whole.platform, advice)
    packages, notes = added_to(base, whole, services, lambda line: say(session, line))
    return take_over(session, matrix, imported_image(name, parent_name, sources, packages, notes))


def _reference_of(start: str, matrix: OpenMatrix) -> str:
    """Return the reference of a parent; raises :class:`CallError` for an image of the matrix, which has many."""
    from image_matrix.errors import CallError

    if start in matrix.known.images:
        problem = f"`{start}` is an image of the matrix, and its tag decides what it has"
        raise CallError(problem, f"name the tag: `--parent {matrix.known.registry}/{start}:TAG`")
    reference = matrix.known.sources.get(start, start)
    if "{" in reference:
        problem = f"the source `{start}` has several references: {reference}"
        raise CallError(problem, "name one of them: `--parent REFERENCE`")
    return reference


def _of_lists(
    matrix: OpenMatrix,
    name: str,
    start: str,
    packages: Mapping[str, tuple[Package, ...]],
    pip: Requirements,
    channels: tuple[str, ...] = (),
    conda_file: str | None = None,
) -> ImportedImage:
    """Return an image on ``start``; ``packages`` are those of other installers than pip."""
    from image_matrix.importing.package_lists import ImportedImage, PackageImage
    from image_matrix.importing.sources import parent

    parent_name, sources = parent(start, name, matrix.known)
    lists = {**packages, "pip": pip.packages}
    image = PackageImage(
        parent_name,
        lists,
        extra_index_urls=pip.extra_index_urls,
        index_url=pip.index_url,
        channels=channels,
        conda_file=conda_file,
    )
    return ImportedImage(name, image, sources, pip.notes)


def _take_over(session: Session, matrix: OpenMatrix, imported: ImportedImage, file: str) -> int:
    """Write an image made from a file; raises :class:`CallError` for a file without a package."""
    from image_matrix.errors import CallError

    if not any(imported.image.packages.values()) and not imported.image.conda_file:
        for problem in imported.notes:
            note(session, problem)
        raise CallError(
            f"{file} has no package that a matrix can have", "nothing is written; add packages to it"
        )
    return take_over(session, matrix, imported)


def _text(session: Session, file: str) -> str:
    """Read a file, given relative to the matrix' folder."""
    from image_matrix.project.text_files import read_text

    return read_text(session.root / file, file)


def _given(session: Session, folder: Path) -> Iterator[GivenDockerfile]:
    """Yield the Dockerfiles of a folder and of those below it, with the names of their images."""
    from image_matrix.errors import CallError
    from image_matrix.importing.dockerfile_names import NOT_SEARCHED, images_of, is_dockerfile
    from image_matrix.importing.dockerfiles import GivenDockerfile
    from image_matrix.output_tree.manifest import MANIFEST, read

    top = folder if folder.is_absolute() else session.root / folder
    root = (session.root / session.matrix).parent.resolve()
    if not top.is_dir() or not top.resolve().is_relative_to(root):
        problem = "is not in the project" if top.is_dir() else "is not a folder"
        raise CallError(f"{folder} {problem}", f"name a folder below {session.root}")
    manifest = root / MANIFEST
    generated = read(manifest.read_text(encoding="utf-8") if manifest.is_file() else None)
    for place, below, names in os.walk(top):
        below[:] = sorted(one for one in below if not one.startswith(".") and one not in NOT_SEARCHED)
        current = Path(place)
        context = current.resolve().relative_to(root).as_posix()
        name = current.relative_to(top).as_posix() if current != top else current.resolve().name
        written = [one for one in names if f"{context}/{one}" not in generated]
        named = images_of(written, name, named=current == top)
        for file, image in named.images.items():
            text = (current / file).read_bytes().decode("utf-8", "replace")
            if is_dockerfile(file, text):
                yield GivenDockerfile(image, context, text, file)
        for other in named.others:
            path = f"{context}/{other}"
            note(session, f"not carried over: {path}; name it as `dockerfile:` of an image or override")
