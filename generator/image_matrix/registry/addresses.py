"""Makes the addresses of what registries have, with TLS or without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.trusted_hosts import is_trusted
from image_matrix.registry.reference import DOCKER_HUB

if TYPE_CHECKING:
    from collections.abc import Collection

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
