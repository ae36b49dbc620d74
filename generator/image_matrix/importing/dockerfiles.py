"""Makes images and sources of a matrix from existing Dockerfiles; the files stay where they are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from image_matrix.config.resolved_variant import DOCKERFILE
from image_matrix.dag import build_order
from image_matrix.dockerfiles.instructions import DockerfileError, parse
from image_matrix.dockerfiles.source_names import whole_reference
from image_matrix.dockerfiles.stages import SCRATCH, needs, stages
from image_matrix.importing.sources import is_published, source_for, untagged
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from image_matrix.dockerfiles.stages import Use

PLATFORM = "linux/amd64"
"""The platform whose arguments FROM gets."""


@dataclass(frozen=True, slots=True)
class GivenDockerfile:
    """A Dockerfile that becomes an image."""

    name: str
    """Of the image."""
    context: str
    """Its folder, relative to the matrix."""
    text: str
    file: str = DOCKERFILE
    """Its name in the folder."""

    @property
    def path(self) -> str:
        """Its path from the matrix."""
        return f"{self.context}/{self.file}"


@dataclass(frozen=True, slots=True)
class Entry:
    """An image of the matrix."""

    start: str
    """What it is built ``from``."""
    context: str
    dockerfile: str = DOCKERFILE
    contexts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """What is added to a matrix, and what could not be carried over."""

    images: Mapping[str, Entry] = field(default_factory=dict)
    """Parents before children."""
    sources: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What could not be carried over."""
    assumed: tuple[str, ...] = ()
    """What the Dockerfiles do not tell."""


def imported(
    given: Sequence[GivenDockerfile],
    registry: str,
    known_images: Collection[str],
    known_sources: Mapping[str, str],
) -> Imported:
    """Return what the Dockerfiles add to a matrix that has these images and sources."""
    names = {*known_images, *(item.name for item in given)}
    result = Imported()
    for item in given:
        if item.name in result.images:
            problem = "another Dockerfile is the image of this name: add it by hand, under a name of its own"
            result = _noted(result, f"{item.path}: `{item.name}`: {problem}")
        elif item.name not in known_images:
            result = _with(result, item, registry, names, known_sources)
    return replace(result, images=_parents_first(result.images))


def _with(
    before: Imported, item: GivenDockerfile, registry: str, names: Collection[str], known: Mapping[str, str]
) -> Imported:
    """Return what is imported, with one more Dockerfile."""
    try:
        declared = stages(parse(item.text), {}, PLATFORM)
    except DockerfileError as error:
        return _noted(before, f"{item.path}:{error.line}: {error}")
    needed = needs(declared, len(declared) - 1)
    base = needed.base if needed.base.name != SCRATCH else next(iter(needed.others), None)
    if base is None:
        problem = "it is built FROM scratch and copies from no image, so it has no `from`"
        return _noted(before, f"{item.path}: {problem}")
    sources = dict(before.sources)
    contexts: dict[str, str] = {}
    start = ""
    for use in needed.every:
        if "$" in use.name:
            before = _noted(before, f"{item.path}:{use.line}: {use.written} has no value")
            continue
        name = _image(use, item, registry, names)
        if name and name == use.name:
            taken = f"`{use.written}` is the image `{name}` of the matrix, not `{whole_reference(name)}`"
            before = _assumed(before, f"{item.path}:{use.line}: {taken}")
        if name is None:
            name, new = source_for(use.name, known, sources, names)
            sources |= new
            if new and (advice := untagged(use.name)):
                before = _assumed(before, f"{item.path}:{use.line}: {advice}")
        elif use != base or not is_published(use.name, registry, name):
            contexts[use.name] = name
        start = name if use == base else start
    if not start:
        return before
    images = {**before.images, item.name: Entry(start, item.context, item.file, contexts)}
    return replace(before, images=images, sources=sources)


def _noted(before: Imported, problem: str) -> Imported:
    return replace(before, notes=(*before.notes, problem))


def _assumed(before: Imported, what: str) -> Imported:
    return replace(before, assumed=(*before.assumed, what))


def _image(use: Use, item: GivenDockerfile, registry: str, names: Collection[str]) -> str | None:
    """Return the image that a name stands for: published below the registry, elsewhere in a namespace, or a bare name.

    A family that is built on one machine names its images so: for docker, too, they win over those of Docker Hub.
    """
    if use.name in names and use.name != item.name:
        return use.name
    reference = parse_reference(use.name)
    for name in sorted(names, key=len, reverse=True):
        if name != item.name and is_published(use.name, registry, name):
            return name
    last = reference.repository.rpartition("/")[2]
    is_official = reference.host == "docker.io" and reference.repository.startswith("library/")
    return last if last in names and last != item.name and not is_official and not reference.digest else None


def _parents_first(images: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return images with what they are built from before them; those on a cycle come last."""
    parents = {name: entry.start for name, entry in images.items()}
    others = {name: tuple(entry.contexts.values()) for name, entry in images.items()}
    return {name: images[name] for name in (*build_order(parents, others).layers, *images)}
