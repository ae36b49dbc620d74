"""Defines requests to resolve Python packages, and their results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ALL = ("*",)
"""All packages, as a list of those to upgrade."""
DEFAULT_INDEX = ""
"""In place of the address of an index: the one that the resolver has by itself."""
ROOT = ""
"""The requirements themselves, among the names of a graph."""


@dataclass(frozen=True, slots=True)
class ResolveRequest:
    """Requirements to resolve."""

    requirements: tuple[str, ...]
    python: str
    arch: str
    glibc: str
    constraints: tuple[str, ...] = ()
    """``name==version`` of the installed packages."""
    index: str | None = None
    """The index in place of the default one."""
    indexes: tuple[str, ...] = ()
    """Indexes that are used beside it."""
    preferred: Mapping[str, str] = field(default_factory=dict)
    """Name to the preferred version."""
    upgraded: tuple[str, ...] = ()
    """Names of packages to upgrade, or :data:`ALL`."""

    @property
    def named_indexes(self) -> tuple[str, ...]:
        """The indexes that the matrix names, the one in place of the default first."""
        return (*([self.index] if self.index else []), *self.indexes)


@dataclass(frozen=True, slots=True)
class Resolved:
    """Versions and files."""

    files: Mapping[str, Mapping[str, str]]
    """``name==version`` (with its index, where that is not the default) to tag to SHA-256."""
    hosts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Index to scheme and host of its files; :data:`DEFAULT_INDEX` stands for the default one."""


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    """The requirements exclude each other."""

    explanation: str


@dataclass(frozen=True, slots=True)
class ResolverError:
    """uv failed, usually because of the network."""

    reason: str
    remedy: str = ""
    """The remedy, if known."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A resolution as a dependency graph."""

    versions: Mapping[str, str]
    """Name to version; for a package from an address, to the address."""
    needed_by: Mapping[str, tuple[str, ...]]
    """Name to the names that require it; :data:`ROOT` stands for the requirements themselves."""


Resolve = Callable[[ResolveRequest], Resolved | Unsatisfiable | ResolverError]
Ask = Callable[[ResolveRequest], Graph | Unsatisfiable | ResolverError]
