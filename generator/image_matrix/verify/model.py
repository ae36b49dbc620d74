"""What is checked, and what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Accelerator, ImageTests, Platform
    from image_matrix.config.served_app import Served

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Result:
    """One check of one image."""

    name: str
    status: Status
    seconds: float = 0.0
    """Time that the check itself took; the start of a container counts for the check that waited for it."""
    detail: str = ""
    """What was seen: of a failure the reason, otherwise a fact such as a version."""
    log: str = ""
    """Of a failure, the end of the container's log."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An image to check, with what is expected of it."""

    id: str
    """Variant id: ``jupyter-scipy:python3.13``."""
    image: str
    """The reference that is run."""
    ide: Served | None = None
    """What it serves; ``None`` for nothing."""
    platform: Platform | None = None
    tests: ImageTests = field(default_factory=dict)
    """Its own and its ancestors' tests, axis values put in."""
    provides: Mapping[str, str] = field(default_factory=dict)
    """``python`` or a Python distribution, to the version that its chain promises."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """Python distribution to the version that its chain pins."""
    packages: frozenset[str] = frozenset()
    """Names of the Python and conda packages that its chain asks for, pinned or not."""
    accelerator: Accelerator | None = None
    deadline: float = 60.0
    """Seconds from the start of a container to its first answer."""


@dataclass(frozen=True, slots=True)
class Report:
    """All results of one image."""

    id: str
    image: str
    seconds: float
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """Say whether nothing failed."""
        return all(result.status != "failed" for result in self.results)
