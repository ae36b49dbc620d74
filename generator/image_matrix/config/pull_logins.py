"""Works out the registries that builds and the lock pull from, and that the matrix has a login for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.mirrors import mirrored
from image_matrix.config.workflow import staging_of

if TYPE_CHECKING:
    from image_matrix.config.logins import Login
    from image_matrix.config.model import Matrix

DOCKER_HUB = "docker.io"
"""The registry of BuildKit, of frontends and of images whose reference has no host."""


def pull_hosts(matrix: Matrix) -> tuple[str, ...]:
    """Return the hosts, behind mirrors, of sources and of what every builder pulls."""
    return tuple(dict.fromkeys(_host(reference) for reference in _pulled(matrix)))


def _pulled(matrix: Matrix) -> tuple[str, ...]:
    mirrors = matrix.network.mirrors.registries
    references = (f"{DOCKER_HUB}/moby/buildkit", matrix.network.frontend, *matrix.sources.values())
    return tuple(mirrored(reference, mirrors) for reference in references)


def login_references(matrix: Matrix) -> tuple[str, ...]:
    """Return what runs push and pull, each with its host in front: paths that are written, then what is read."""
    scanner = (
        (mirrored(matrix.release.scan.image, matrix.network.mirrors.registries),)
        if matrix.release.scan.image
        else ()
    )
    written = (matrix.registry, staging_of(matrix.registry, matrix.workflow), *matrix.release.copies)
    return tuple(dict.fromkeys((*written, *pull_references(matrix), *map(_with_host, scanner))))


def pull_references(matrix: Matrix) -> tuple[str, ...]:
    """Return the sources and what every builder pulls, behind mirrors, each with its host in front."""
    return tuple(dict.fromkeys(_with_host(reference) for reference in _pulled(matrix)))


def registry_hosts(matrix: Matrix) -> tuple[str, ...]:
    """Return the hosts of all registries that builds and runs read or write."""
    return tuple(dict.fromkeys(reference.partition("/")[0] for reference in login_references(matrix)))


def _with_host(reference: str) -> str:
    """Return a reference with its host, without tag and digest."""
    host = _host(reference)
    path = reference.partition("@")[0].removeprefix(f"{host}/")
    folder, slash, name = path.rpartition("/")
    return f"{host}/{folder}{slash}{name.partition(':')[0]}"


def builder_logins(matrix: Matrix) -> dict[str, Login]:
    """Return the login of BuildKit's host, unless it is the registry that is pushed to."""
    return _logins(matrix, (_host(_pulled(matrix)[0]),))


def scan_hosts(matrix: Matrix) -> tuple[str, ...]:
    """Return the host, behind mirrors, of a scanner that is an image."""
    scanner, mirrors = matrix.release.scan.image, matrix.network.mirrors.registries
    return (_host(mirrored(scanner, mirrors)),) if scanner else ()


def _host(reference: str) -> str:
    first, slash, _ = reference.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else DOCKER_HUB


def pull_logins(matrix: Matrix) -> dict[str, Login]:
    """Return the logins of these hosts, without that of the registry that is pushed to."""
    return _logins(matrix, pull_hosts(matrix))


def scan_logins(matrix: Matrix) -> dict[str, Login]:
    """Return the login of the scanner's host, unless it is the registry that is pushed to."""
    return _logins(matrix, scan_hosts(matrix))


def _logins(matrix: Matrix, hosts: tuple[str, ...]) -> dict[str, Login]:
    registry, logins = matrix.registry.partition("/")[0], matrix.network.logins
    return {host: logins[host] for host in hosts if host in logins and host != registry and logins[host].pull}
