"""Tolerations that Kubernetes refuses, and with them every pod that has one.

Source of the rules: kubernetes/kubernetes, pkg/apis/core/validation, ``ValidateTolerations``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.schema import human
from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Toleration
    from image_matrix.diagnostics import Finding, Path


def tolerations(matrix: Matrix) -> Iterator[Finding]:
    """Fields of one toleration that exclude each other."""
    for path, listed in _lists(matrix):
        for at, item in enumerate(listed):
            for field, problem, advice in _refused(item):
                place = (*path, at, field) if field in item else (*path, at)
                yield rules.BAD_TOLERATION.at(
                    place, "key", where=human((*path, at)), problem=problem, advice=advice
                )


def _lists(matrix: Matrix) -> Iterator[tuple[Path, Sequence[Toleration]]]:
    catalog = matrix.catalog
    for name, profile in catalog.profiles.items():
        yield ("profiles", name, "tolerations"), profile.tolerations
    for name, size in catalog.sizes.items():
        yield ("resources", name, "tolerations"), size.tolerations
    yield ("site", "tolerations"), catalog.site.tolerations
    for name, placement in catalog.site.placements.items():
        yield ("site", "accelerators", name, "tolerations"), placement.tolerations


def _refused(item: Toleration) -> Iterator[tuple[str, str, str]]:
    """Yield field, problem and advice."""
    exists = item.get("operator") == "Exists"
    if exists and item.get("value"):
        yield "value", "`Exists` with a value", "remove `value`, or write `operator: Equal`"
    if not exists and not item.get("key"):
        yield (
            "operator",
            "`Equal`, the default, without a key",
            "add the taint's `key`, or write `operator: Exists`",
        )
    if "tolerationSeconds" in item and item.get("effect") != "NoExecute":
        problem = "`tolerationSeconds` with another effect than NoExecute"
        yield "tolerationSeconds", problem, "write `effect: NoExecute`, or remove `tolerationSeconds`"
