"""Defines what is checked (:class:`Subject`) and the results (:class:`Result`, :class:`Report`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.accelerators import Accelerator
    from image_matrix.config.model import Contract, ImageTests
    from image_matrix.config.platforms import Platform
    from image_matrix.config.served_app import Served

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Result:
    """One check of one image."""

    name: str
    status: Status
    seconds: float = 0.0
    """Duration of the check; it includes the start of a container if the check waited for it."""
    detail: str = ""
    """The reason of a failure, otherwise a fact such as a version."""
    log: str = ""
    """The end of the container's log, if the check failed."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An image to check, and what is expected of it."""

    id: str
    """Variant id: ``jupyter-scipy:python3.13``."""
    image: str
    """The reference of the image to run."""
    ide: Served | None = None
    """What it serves; ``None`` if it serves nothing."""
    platform: Platform | None = None
    contract: Contract = "notebook"
    """What it promises."""
    tests: ImageTests = field(default_factory=dict)
    """The tests of the image and its ancestors, with axis values inserted."""
    provides: Mapping[str, str] = field(default_factory=dict)
    """``python``, ``r`` or a Python distribution, to the version that its chain promises."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """Python distribution to the version that its chain pins."""
    packages: frozenset[str] = frozenset()
    """Names of the Python and conda packages that its chain installs, pinned or not."""
    extensions: Mapping[str, str] = field(default_factory=dict)
    """Extensions of code-server to the versions that its chain lists."""
    accelerator: Accelerator | None = None
    builds_images: bool = False
    """Whether it has docker and buildx of the kind ``buildx``."""
    r_kernel: bool = False
    """Whether its JupyterLab has R's kernel."""
    deadline: float = 60.0
    """Seconds from the start of a container to its first answer."""


@dataclass(frozen=True, slots=True)
class Report:
    """All results of one image."""

    id: str
    image: str
    seconds: float
    results: tuple[Result, ...]
    contract: Contract = "notebook"
    left_out: tuple[str, ...] = ()
    """Checks of the contract ``notebook`` that this contract does not promise."""

    @property
    def passed(self) -> bool:
        """Say whether nothing failed."""
        return all(result.status != "failed" for result in self.results)
