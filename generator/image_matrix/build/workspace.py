"""Writes the build contexts of some variants and one bake definition to a temporary folder.

Builds do not read the generated tree: file modes, line ends and edits of a checkout cannot change an image.
"""

from __future__ import annotations

import errno
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from image_matrix.config.mirrors import context_key, mirrored
from image_matrix.errors import naming
from image_matrix.output_tree.atomic import write_new
from image_matrix.output_tree.files import File, read_file
from image_matrix.render.bake import dockerfile_fields, escaped, replaced_images, secret_option
from image_matrix.render.rootfs import by_kind, named_contexts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.build.request import BuildLeg, BuildRequest
    from image_matrix.config.image_files import ImageFiles
    from image_matrix.config.model import LegId

BAKE_FILE = "docker-bake.json"
PROJECT_FOLDER = "files"
"""The folder of the workspace with the files of the project."""
EXECUTABLE = File(b"", executable=True).mode
_SYNTAX_LINE = re.compile(rb"^#[ \t]*syntax[ \t]*=.*$", re.MULTILINE | re.IGNORECASE)
_SYNTAX = re.compile(r"#\s*syntax\s*=\s*(\S+)\s*")


def write_workspace(folder: Path, request: BuildRequest) -> None:
    """Write the contexts and the bake file."""
    kinds = by_kind(request.rendered)
    folders = {leg.variant.folder for leg in request.legs}
    folders |= {path for leg in request.legs for path in named_contexts(leg.variant, kinds).values()}
    for path, file in request.rendered.items():
        if "/".join(path.split("/", 3)[:3]) in folders:
            _write(folder / path, _for_engine(path, file, request))
    for leg in request.legs:
        if leg.variant.build:
            _write_given(folder / leg.variant.folder, request, leg)
    for files in request.copied.values():
        _write_copied(folder / PROJECT_FOLDER, files)
    _write(folder / BAKE_FILE, File(json.dumps(definition(request), indent=2).encode()))


def _write_given(folder: Path, request: BuildRequest, leg: BuildLeg) -> None:
    """Write a user's Dockerfile with its ``.dockerignore``; its frontend is the locked one, from the mirror."""
    inputs = request.given[leg.variant.id]
    text = request.dockerfile(leg)
    if inputs.frontend:
        line = b"#" if request.builtin_frontend else _syntax(mirrored(inputs.frontend, request.registries))
        text = _SYNTAX_LINE.sub(lambda _: line, text, count=1)
    _write(folder / "Dockerfile", File(text))
    if inputs.files.ignore is not None:
        _write(folder / "Dockerfile.dockerignore", File(inputs.files.ignore))


def _write_copied(folder: Path, files: ImageFiles) -> None:
    """Write files of the project with the modes of their keys, which neither umask nor ``.dockerignore`` changes."""
    for path, (mode, _) in files.entries().items():
        place = folder / path
        if not os.path.lexists(place):
            _write(place, replace(_existing(Path(files.folder) / path), executable=mode == EXECUTABLE))
    for inner in (folder, *(one for one in folder.rglob("*") if one.is_dir() and not one.is_symlink())):
        inner.chmod(0o755)


def _existing(path: Path) -> File:
    """Return a file; raises :class:`FileNotFoundError` if it was removed after its key was computed."""
    file = read_file(path)
    if file is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return file


def _write(path: Path, file: File) -> None:
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_new(path, file)


def _for_engine(path: str, file: File, request: BuildRequest) -> File:
    """Return a file for the engine: the frontend that its ``# syntax`` line names comes from the mirror."""
    if not path.endswith("/Dockerfile"):
        return file
    first, end, rest = file.content.partition(b"\n")
    frontend = frontend_of(first.decode("utf-8", "replace"))
    if frontend is None:
        return file
    # keep the number of lines: the engine's messages name lines of the committed file
    line = b"" if request.builtin_frontend else _syntax(mirrored(frontend, request.registries))
    return File(line + end + rest, file.executable)


def frontend_of(first: str) -> str | None:
    """Return the frontend that the first line of a Dockerfile names; the engine reads no other line for it.

    Source: docs.docker.com/reference/dockerfile/#syntax.
    """
    match = _SYNTAX.fullmatch(first)
    return match[1] if match else None


def _syntax(frontend: str) -> bytes:
    return f"# syntax={frontend}".encode()


def definition(request: BuildRequest) -> dict[str, Any]:
    """Return the bake definition of a request."""
    built = {leg.id: leg.target for leg in request.legs}
    kinds = by_kind(request.rendered).keys()
    return {"target": {leg.target: _target(request, leg, built, kinds) for leg in request.legs}}


def _target(
    request: BuildRequest, leg: BuildLeg, built: Mapping[LegId, str], kinds: Collection[str]
) -> dict[str, Any]:
    dockerfile = _dockerfile(request, leg)
    # docs.docker.com/reference/dockerfile, "Predefined ARGs"
    arguments = {**escaped(request.proxy), **dockerfile.get("args", {})}
    return {
        **dockerfile,
        **({"args": arguments} if arguments else {}),
        "contexts": {
            **request.sources,
            **_sources(request, leg),
            **_parents(request, leg, built),
            **named_contexts(leg.variant, kinds, PROJECT_FOLDER),
        },
        "platforms": [leg.platform],
        "tags": list(leg.tags),
        **({"secret": secrets} if (secrets := _secrets(request, leg)) else {}),
        **leg.options,
        **request.options,
        **({"output": [request.output]} if request.output and request.is_result(leg) else {}),
    }


def _secrets(request: BuildRequest, leg: BuildLeg) -> list[str]:
    """Return the secrets of the place that builds, and those of the image that the environment has."""
    named = [secret_option(name) for name in leg.variant.secrets if name in request.named_secrets]
    return [*request.secrets, *named]


def _dockerfile(request: BuildRequest, leg: BuildLeg) -> dict[str, Any]:
    """Return bake's fields of a leg's Dockerfile and its folder; ``cwd://`` is the folder of the definition."""
    if leg.variant.build is None:
        return {"context": leg.variant.folder}
    return {
        **dockerfile_fields(leg.variant),
        "context": request.given[leg.variant.id].files.folder,
        "dockerfile": f"cwd://{leg.variant.folder}/Dockerfile",
    }


def _sources(request: BuildRequest, leg: BuildLeg) -> dict[str, str]:
    """Return the contexts of the sources that a user's Dockerfile names, by digest where they are locked.

    What a Dockerfile has for other builds is named here for that of a child, too.
    """
    named = {**leg.variant.trigger_sources, **(leg.variant.build.sources if leg.variant.build else {})}
    return {
        context_key(name): f"docker-image://{request.source_references[source]}"
        for name, source in named.items()
    }


def _parents(request: BuildRequest, leg: BuildLeg, built: Mapping[LegId, str]) -> dict[str, str]:
    """Return the contexts of images that a leg is built from: targets of this definition, or images by digest."""
    return {
        name: f"target:{built[parent, leg.platform]}"
        if (parent, leg.platform) in built
        else f"docker-image://{request.parents[parent, leg.platform]}"
        for name, parent in replaced_images(leg.variant).items()
    }
