"""Reads the section ``network:``: how builds reach the network. It is not part of any key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_FRONTEND = "docker.io/docker/dockerfile:1"


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Where builds fetch from in place of the public addresses (prefix to prefix)."""

    registries: Mapping[str, str] = field(default_factory=dict)
    downloads: Mapping[str, str] = field(default_factory=dict)
    apt: Mapping[str, str] = field(default_factory=dict)
    pip: str | None = None
    index_urls: Mapping[str, str] = field(default_factory=dict)
    npm: str | None = None
    conda: str | None = None
    cran: str | None = None
    extensions: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """Names of the repository's secrets that log in to a registry."""

    username: str
    password: str
    pull: bool = True
    """Whether builds and the lock log in too, where a source is there."""


@dataclass(frozen=True, slots=True)
class Network:
    """Mirrors, certificates and logins, and the frontend that reads Dockerfiles."""

    mirrors: Mirrors = field(default_factory=Mirrors)
    ca_bundle: str | None = None
    netrc: str | None = None
    logins: Mapping[str, Login] = field(default_factory=dict)
    """Registry host to the secrets that log in; on GitHub's own registry its token does without."""
    frontend: str = DEFAULT_FRONTEND
    """The image in the ``# syntax`` line of Dockerfiles."""
    builtin_frontend: bool = False
    """Whether builds leave that line out and use the engine's own frontend."""


def read_network(item: Mapping[str, Any]) -> Network:
    """Read the section."""
    usual = Network()
    return Network(
        mirrors=Mirrors(**item.get("mirrors", {})),
        ca_bundle=item.get("ca_bundle"),
        netrc=item.get("netrc"),
        logins={host: Login(**login) for host, login in item.get("logins", {}).items()},
        frontend=item.get("frontend", usual.frontend),
        builtin_frontend=item.get("builtin_frontend", usual.builtin_frontend),
    )
