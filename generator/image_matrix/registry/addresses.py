"""Makes the addresses of what registries have, with TLS or without, and judges those that registries name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from image_matrix.config.trusted_hosts import PORTS, is_trusted
from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.reference import DOCKER_HUB

if TYPE_CHECKING:
    from collections.abc import Collection
    from urllib.parse import SplitResult

    from image_matrix.registry.reference import Reference


HUB_HOST = "registry-1.docker.io"
GO_HUB_HOST = "index.docker.io"
"""What Trivy and cosign ask for Docker Hub; github.com/google/go-containerregistry, pkg/name/registry.go."""


def is_plain(host: str) -> bool:
    """Say whether a host is accessed without TLS, which is so for this machine."""
    name = host.rpartition(":")[0] or host
    return name in ("localhost", "127.0.0.1", "[::1]")


def is_unverified(host: str, trusted: Collection[str]) -> bool:
    """Say whether no certificate of a host is checked: it is this machine, or one of ``network.trusted_hosts``."""
    return is_plain(host) or is_trusted(host, trusted)


def _base(host: str) -> str:
    scheme = "http" if is_plain(host) else "https"
    return f"{scheme}://{HUB_HOST if host == DOCKER_HUB else host}"


def address(reference: Reference, path: str) -> str:
    """Return the address of what a repository has under ``path``."""
    return f"{_base(reference.host)}/v2/{reference.repository}/{path}"


def named_address(asked: str, named: str, reference: Reference) -> str:
    """Return the address that a registry names in its answer to ``asked``: of a next page, or of an upload.

    One on the registry's own host is asked as the registry is, with TLS or without: behind a proxy that ends TLS,
    registries name ``http://`` (github.com/distribution/distribution/issues/996), where the login and the content would
    be in plain HTTP. Raises :class:`EnvironmentFailure` for what is no address.
    """
    base = urlsplit(address(reference, ""))
    try:
        url = urljoin(asked, named)
        parts = urlsplit(url)
        same = parts.scheme in PORTS and _place(parts) == _place(base)
    except ValueError as error:
        problem = f"{reference.host} names an address that is none: {error}"
        raise EnvironmentFailure(problem, "correct the registry, or the proxy in front of it") from error
    return f"{base.scheme}://{base.netloc}{url.partition('://')[2][len(parts.netloc) :]}" if same else url


def is_of_registry(url: str, reference: Reference) -> bool:
    """Say whether an address is one of the registry itself, which alone gets its login: the same scheme and host."""
    base, parts = urlsplit(address(reference, "")), urlsplit(url)
    return parts.scheme == base.scheme and _place(parts) == _place(base)


def _place(parts: SplitResult) -> str:
    """Return what is between scheme and path, in lower case, without the scheme's own port.

    A user, or a backslash, which HTTP libraries read in different ways, makes it another place.
    """
    return parts.netloc.lower().removesuffix(f":{PORTS.get(parts.scheme, '')}")
