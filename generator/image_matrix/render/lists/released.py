"""Defines what is known of an image once it is in the registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """What the newest report of a scan says of an image."""

    day: str
    """``2026-11-29``; empty if the report does not say."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Severity to the number of findings, the worst first; without those below what stops a release."""
    platforms: Mapping[str, Mapping[str, int] | None] = field(default_factory=dict)
    """The same of each platform; ``None`` for one that has no report."""

    @property
    def differing(self) -> Mapping[str, Mapping[str, int] | None]:
        """What each platform has, unless all of them have the same findings."""
        return self.platforms if any(one != self.counts for one in self.platforms.values()) else {}


@dataclass(frozen=True, slots=True)
class ReleasedImage:
    """What the registry says about the index of a released variant."""

    digest: str
    """``sha256:…`` of the index."""
    created: str = ""
    """When the index was written, as RFC 3339; empty if it does not say."""
    commit: str = ""
    """The commit that it was released from; empty if it does not say."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Platform to bytes, compressed."""
    scan: ScanSummary | None = None
    """``None`` if no report is attached to it, or none that is read."""
    contents: Mapping[str, Json] | None = None
    """What its entry in the last release's catalog says, where the matrix is no longer what it was built from."""
