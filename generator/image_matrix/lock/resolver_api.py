"""What is asked about Python packages, and what can be answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ALL = ("*",)
"""Every package, as a list of what may move on."""
ROOT = ""
"""The requirements themselves, among the names of a graph."""


@dataclass(frozen=True, slots=True)
class ResolveRequest:
    """What is to be resolved."""

    requirements: tuple[str, ...]
    python: str
    arch: str
    glibc: str
    constraints: tuple[str, ...] = ()
    """``name==version`` of what is there already."""
    indexes: tuple[str, ...] = ()
    """Indexes that are asked beside the default one."""
    preferred: Mapping[str, str] = field(default_factory=dict)
    """Name to the version that is taken where nothing speaks against it."""
    upgraded: tuple[str, ...] = ()
    """Names that move on to their newest version, or :data:`ALL`."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Versions and files."""

    files: Mapping[str, Mapping[str, str]]
    """``name==version`` (with its index, where that is not the default) to tag to SHA-256."""


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """The requirements exclude each other."""

    explanation: str


@dataclass(frozen=True, slots=True)
class ResolverError:
    """uv could not work: the network, most often."""

    reason: str
    remedy: str = ""
    """What helps, where that is known."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A resolution as who needs whom."""

    versions: Mapping[str, str]
    needed_by: Mapping[str, tuple[str, ...]]
    """Name to the names that require it; :data:`ROOT` stands for the requirements themselves."""


Resolve = Callable[[ResolveRequest], Resolved | Unsatisfiable | ResolverError]
Ask = Callable[[ResolveRequest], Graph | Unsatisfiable | ResolverError]
