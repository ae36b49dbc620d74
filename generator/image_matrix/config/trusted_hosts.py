"""Knows the hosts that are trusted without a certificate: ``network.trusted_hosts``, and indexes in plain HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from image_matrix.config.mirrors import mirrored

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from image_matrix.config.model import Matrix, Variant

PORTS = {"http": 80, "https": 443}


def is_trusted(host: str, trusted: Collection[str]) -> bool:
    """Say whether ``HOST`` or ``HOST:PORT`` is trusted; an entry without a port is for every port.

    A host without a port has the one of ``https``.
    """
    name, port = _parts(host)
    return name in trusted or f"{name}:{port or PORTS['https']}" in trusted


def trusts(url: str, trusted: Collection[str]) -> bool:
    """Say whether the host of an address is trusted."""
    parts = urlsplit(url)
    try:
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:  # not a number
        return False
    return bool(parts.hostname) and is_trusted(f"{parts.hostname}:{port}", trusted)


def trusted_in_steps(matrix: Matrix, variants: Iterable[Variant]) -> tuple[str, ...]:
    """Return the hosts that build steps trust: those of the matrix, and package indexes whose address is plain HTTP.

    pip passes over such an index without a word if it is not told to trust it.
    """
    mirrors = matrix.network.mirrors
    named = {url for one in variants for url in (one.index_url, *one.extra_index_urls) if url}
    indexes = (mirrors.pip, *(mirrored(url, mirrors.index_urls) for url in sorted(named)))
    plain = (urlsplit(url) for url in indexes if url and url.startswith("http://"))
    return tuple(dict.fromkeys((*matrix.network.trusted_hosts, *(_place(parts.netloc) for parts in plain))))


def git_trust(trusted: Iterable[str], first: int = 0) -> dict[str, str]:
    """Return the variables by which git checks no certificate of these hosts; git matches the port, too.

    ``first`` is the number of settings that the environment has already. Source: git-scm.com/docs/git-config,
    "GIT_CONFIG_COUNT" and ``http.<url>.*``.
    """
    keys = [f"http.https://{host}/.sslVerify" for host in trusted]
    numbered = [
        (f"GIT_CONFIG_{part}_{number}", value)
        for number, key in enumerate(keys, first)
        for part, value in (("KEY", key), ("VALUE", "false"))
    ]
    return {"GIT_CONFIG_COUNT": str(first + len(keys)), **dict(numbered)} if keys else {}


def _place(netloc: str) -> str:
    return netloc.rpartition("@")[2].lower()


def _parts(host: str) -> tuple[str, str]:
    name, colon, port = host.rpartition(":")
    return (name.lower(), port) if colon and port.isdigit() else (host.lower(), "")
