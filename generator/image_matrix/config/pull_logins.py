"""Works out the registries that builds and the lock pull from, and that the matrix has a login for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.mirrors import mirrored

if TYPE_CHECKING:
    from image_matrix.config.model import Matrix
    from image_matrix.config.network import Login

DOCKER_HUB = "docker.io"
"""The registry of BuildKit, of frontends and of images whose reference has no host."""


def pull_hosts(matrix: Matrix) -> tuple[str, ...]:
    """Return the hosts, behind mirrors, of sources and of what every builder pulls."""
    mirrors = matrix.network.mirrors.registries
    references = (f"{DOCKER_HUB}/moby/buildkit", matrix.network.frontend, *matrix.sources.values())
    return tuple(dict.fromkeys(_host(mirrored(reference, mirrors)) for reference in references))


def _host(reference: str) -> str:
    first, slash, _ = reference.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else DOCKER_HUB


def pull_logins(matrix: Matrix) -> dict[str, Login]:
    """Return the logins of these hosts, without that of the registry that is pushed to."""
    registry, logins = matrix.registry.partition("/")[0], matrix.network.logins
    return {
        host: logins[host]
        for host in pull_hosts(matrix)
        if host in logins and host != registry and logins[host].pull
    }
