"""Parses image references: ``host/repository:tag@digest``.

Source: github.com/distribution/reference, "Grammar" and "normalized named".
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

DOCKER_HUB = "docker.io"
DEFAULT_TAG = "latest"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
"""A digest of the one algorithm that registries use here; opencontainers/image-spec, descriptor.md."""


def digest_of(content: bytes) -> str:
    """Return the digest of bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def has_digest(content: bytes, digest: str) -> bool:
    """Return whether bytes have a digest of OCI's two algorithms that Python knows; any bytes have one of another.

    Source: opencontainers/image-spec, descriptor.md, "Registered Algorithms": sha256 and sha512, which is optional.
    """
    algorithm, colon, value = digest.partition(":")
    if algorithm not in ("sha256", "sha512"):
        return bool(colon)
    return hashlib.new(algorithm, content).hexdigest() == value


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference, completed with the defaults."""

    host: str
    """``docker.io``, ``ghcr.io``, ``localhost:5000``"""
    repository: str
    tag: str
    digest: str | None = None

    @property
    def version(self) -> str:
        """The digest if there is one, otherwise the tag."""
        return self.digest or self.tag

    @property
    def name(self) -> str:
        """Host and repository: ``docker.io/library/debian``."""
        return f"{self.host}/{self.repository}"

    def at(self, digest: str) -> str:
        """Return the same repository's image with a digest: ``docker.io/library/debian@sha256:…``."""
        return f"{self.name}@{digest}"

    def __str__(self) -> str:
        """Return the whole reference."""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}:{self.tag}{digest}"


def parse_reference(text: str) -> Reference:
    """Split a reference; a name without a host is on Docker Hub, one without a slash in its ``library``."""
    name, _, digest = text.partition("@")
    host, slash, rest = name.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, rest = DOCKER_HUB, name
    colon = rest.rfind(":")
    repository, tag = (rest[:colon], rest[colon + 1 :]) if colon > rest.rfind("/") else (rest, DEFAULT_TAG)
    if host == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return Reference(host, repository, tag, digest or None)


def has_tag(reference: str) -> bool:
    """Say whether a reference means a tag; one with nothing but a digest means none."""
    name, at, _ = reference.partition("@")
    return not at or ":" in name.rpartition("/")[2]
