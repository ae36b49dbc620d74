"""Defines what came of a scan of all that is released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.release import Ignored
    from image_matrix.findings.model import ScanResult
    from image_matrix.findings.rows import FindingRow


@dataclass(frozen=True, slots=True)
class ExpiredException:
    """An exception of the matrix that has run out, and whose finding is there."""

    ignored: Ignored
    place: str
    """``matrix.yaml:12``"""


@dataclass(frozen=True, slots=True)
class ReleaseScan:
    """What came of a scan of all that is released."""

    day: str
    """YYYY-MM-DD, in UTC."""
    run: str
    """Address of the run; empty outside of one."""
    workflow: str
    """Address of the page that starts a refresh of the lock; empty outside of a run."""
    scanner: str
    """``trivy, from HIGH on``"""
    results: tuple[ScanResult, ...]
    rows: tuple[FindingRow, ...]
    parents: Mapping[str, str | None]
    expired: tuple[ExpiredException, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether every image was scanned, and nothing was found."""
        return all(one.is_clean for one in self.results)

    @property
    def has_findings(self) -> bool:
        """Whether an image has a finding, or is rejected."""
        return any(one.rejected for one in self.results)
