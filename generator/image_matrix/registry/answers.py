"""What a registry can say about a reference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Digest:
    """It is there."""

    digest: str
    """``sha256:…`` of the index, or of the manifest where there is no index."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """It is there, and this is what it consists of."""

    digest: str
    media_type: str
    platforms: Mapping[str, str] = field(default_factory=dict)
    """Platform (``linux/arm64``) to the digest of its manifest; empty where there is no index."""
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Absent:
    """The registry says that it is not there."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The registry does not let us look; it may be there. Some (GHCR) say so too for what does not exist."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No usable answer, after every retry."""

    reason: str


Refusal = Absent | Denied | Unreachable
Answer = Digest | Refusal


def words(answer: Refusal) -> str:
    """Say it to a user."""
    if isinstance(answer, Absent):
        return "not in the registry"
    if isinstance(answer, Denied):
        return f"the registry does not allow to look: {answer.reason}"
    return answer.reason
