"""Defines what an image is built from whose Dockerfile stays as it is: its folder, and what the Dockerfile names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.model import Variant
    from image_matrix.diagnostics import Diagnostic, Place

Entry = tuple[str, str]
"""Of a file in a build context: its mode as git records it, and the SHA-256 of its bytes or of its link's target."""


@dataclass(frozen=True, slots=True)
class DockerfileBuild:
    """A Dockerfile with its build context, and the values that it gets."""

    context: str
    """The folder that it is built with."""
    dockerfile: str
    """The path of the Dockerfile; as the matrix writes it, it is relative to the context."""
    args: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    contexts: Mapping[str, str] = field(default_factory=dict)
    """Names in the Dockerfile, each with the image or source that replaces it."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Names in the Dockerfile, each with the id of the variant that replaces it; its parent is one of them."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Names in the Dockerfile, each with the source that replaces it."""
    runs: bool = True
    """Whether the Dockerfile has a ``RUN``; taken for granted until it is read."""


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image from outside that a user's Dockerfile or template names."""

    place: Place
    name: str
    what: str
    """As users read it: ``COPY --from golang:1.24``."""


@dataclass(frozen=True, slots=True)
class FloatingImage:
    """An image from outside that a user's Dockerfile names and that nothing pins."""

    place: Place
    name: str
    what: str
    """As users read it: ``COPY --from golang:1.24``."""
    advice: str = ""
    """What to write; empty if it is a source that is missing."""


@dataclass(frozen=True, slots=True)
class ContextFiles:
    """The files that a build from a folder can see."""

    dockerfile: bytes = field(repr=False)
    ignore: bytes | None = field(default=None, repr=False)
    """The text of the ``.dockerignore`` that is beside the Dockerfile, and only for it."""
    folder: str = ""
    """The absolute path of the context on this machine; empty if it is read from git."""
    syntax: str | None = None
    """The frontend that the Dockerfile names."""
    floating: tuple[FloatingImage, ...] = ()
    named: tuple[NamedImage, ...] = ()
    """The images from outside that the Dockerfile names, but for sources of the matrix."""
    entries: Callable[[], Mapping[str, Entry]] = field(default=dict, repr=False)
    """Returns the files by their paths in the context, without those that ``.dockerignore`` names."""


@dataclass(frozen=True, slots=True)
class UserDockerfiles:
    """Variants with what their Dockerfiles name, the files of these builds, and what is wrong with them."""

    variants: Mapping[str, Variant]
    files: Mapping[str, ContextFiles] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()
