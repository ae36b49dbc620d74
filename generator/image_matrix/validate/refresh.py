"""Checks intervals for steps that nothing locks (`refresh_days`): an image without such steps needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

_REASON = (
    "the image has no step that nothing locks: neither a Dockerfile of its own (`context`) nor `scripts`"
)
_RUNS_NOTHING = "its Dockerfile has no `RUN`, so nothing would run again"
_ADVICE = (
    "remove it: what the lock has moves with `image-matrix lock --upgrade`, and images follow their parents"
)


def nothing_to_refresh(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Yield intervals of images and overrides that no variant needs; those of ``defaults`` may have no effect."""
    needed: dict[Path, bool] = {}
    reasons: dict[Path, str] = {}
    for item in expanded.values():
        interval = resolution_of(matrix, expanded, item).scalars.get("refresh_days")
        if interval and interval.origin.kind != "defaults":
            path = (*interval.origin.path, "refresh_days")
            needed[path] = needed.get(path, False) or item.has_unlocked_steps
            reasons[path] = _RUNS_NOTHING if item.build else _REASON
    for path in (path for path, is_needed in needed.items() if not is_needed):
        yield rules.IGNORED_FIELD.at(path, "key", reason=reasons[path], advice=_ADVICE)
