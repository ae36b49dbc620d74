"""``import``: adds what a team has already to the matrix."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import note, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.cli.session import Session
    from image_matrix.importing.dockerfiles import GivenDockerfile


@click.group("import")
def import_() -> None:
    """Add what is there already to the matrix."""


@import_.command("dockerfiles")
@click.option(
    "--registry", metavar="NAME", help="Where the images are published; needed if there is no matrix yet."
)
@click.argument("folders", metavar="DIR...", nargs=-1, required=True)
@click.pass_obj
def dockerfiles(session: Session, registry: str | None, folders: tuple[str, ...]) -> int:
    """Add an image for each Dockerfile in DIR and below it.

    The Dockerfiles stay where they are and as they are. Their FROM lines say what is built on what. Images that the
    matrix has already are left out, so the command can be run again. Without a matrix, it starts one.
    """
    from image_matrix.config.yaml_loader import parse
    from image_matrix.errors import CallError
    from image_matrix.importing.dockerfiles import imported
    from image_matrix.importing.edit import new_matrix, with_entries
    from image_matrix.output_tree.atomic import write_atomically
    from image_matrix.output_tree.files import File
    from image_matrix.project.text_files import read_text

    file = session.root / session.matrix
    if not file.exists() and registry is None:
        raise CallError(
            f"there is no {session.matrix}",
            "name the registry of the images: `--registry ghcr.io/OWNER/NAME`",
        )
    text = read_text(file, session.matrix) if file.exists() else new_matrix(registry or "")
    document, problems = parse(text, session.matrix)
    if document is None or problems:
        from image_matrix.diagnostics import MatrixError

        raise MatrixError(problems)
    value = document.value
    given = [item for folder in folders for item in _given(session, Path(folder))]
    sources = {
        name: item if isinstance(item, str) else item.get("image", "")
        for name, item in (value.get("sources") or {}).items()
    }
    result = imported(
        given, str(registry or value.get("registry", "")), [*(value.get("images") or {})], sources
    )
    if result.images:
        write_atomically(file, File(with_entries(text, result).encode()))
    for name, entry in result.images.items():
        say(session, f"added {name}: from {entry.start}, context {entry.context}")
    for problem in result.notes:
        note(session, f"not carried over: {problem}")
    say(
        session,
        f"{len(result.images)} images and {len(result.sources)} sources added; run `image-matrix check`",
    )
    return 0


def _given(session: Session, folder: Path) -> Iterator[GivenDockerfile]:
    """Yield the Dockerfiles of a folder and of those below it; one on a folder itself is named after the folder."""
    from image_matrix.errors import CallError
    from image_matrix.importing.dockerfiles import GivenDockerfile, image_name
    from image_matrix.output_tree.manifest import MANIFEST, read
    from image_matrix.project.text_files import read_text

    top = folder if folder.is_absolute() else session.root / folder
    root = (session.root / session.matrix).parent.resolve()
    if not top.is_dir() or not top.resolve().is_relative_to(root):
        problem = "is not in the project" if top.is_dir() else "is not a folder"
        raise CallError(f"{folder} {problem}", f"name a folder below {session.root}")
    manifest = root / MANIFEST
    generated = read(manifest.read_text(encoding="utf-8") if manifest.is_file() else None)
    for place, below, names in os.walk(top):
        below[:] = sorted(name for name in below if not name.startswith("."))
        current = Path(place)
        context = current.resolve().relative_to(root).as_posix()
        if "Dockerfile" in names and f"{context}/Dockerfile" not in generated:
            name = current.relative_to(top).as_posix() if current != top else current.resolve().name
            yield GivenDockerfile(
                image_name(name), context, read_text(current / "Dockerfile", f"{context}/Dockerfile")
            )
        for other in sorted(name for name in names if "dockerfile" in name.lower() and name != "Dockerfile"):
            if not other.endswith(".dockerignore"):
                path = (current / other).resolve().relative_to(root).as_posix()
                note(session, f"not carried over: {path}; name it as `dockerfile:` of an image or override")
