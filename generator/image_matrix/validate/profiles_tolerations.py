"""Finds tolerations that Kubernetes refuses, together with every pod that has them.

Source of the rules: kubernetes/kubernetes, pkg/apis/core/validation, ``ValidateTolerations``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.suggestions import as_written
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import human
from image_matrix.profiles.kubernetes import LABEL_NAME, LABEL_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Toleration
    from image_matrix.diagnostics import Finding, Path


_TAINT = re.compile(
    r"(?P<key>[^=:]+)(?:=(?P<value>[^=:]*))?(?::(?P<effect>NoSchedule|PreferNoSchedule|NoExecute))?"
)
"""What `kubectl taint` takes."""


def tolerations(matrix: Matrix) -> Iterator[Finding]:
    """Fields of one toleration that exclude each other, and texts that no taint has."""
    for path, listed in _lists(matrix):
        for at, item in enumerate(listed):
            for field, problem, advice in list(_unreadable(item)) or _refused(item):
                place = (*path, at, field) if field in item else (*path, at)
                yield rules.BAD_TOLERATION.at(
                    place, "key", where=human((*path, at)), problem=problem, advice=advice
                )


def _lists(matrix: Matrix) -> Iterator[tuple[Path, Sequence[Toleration]]]:
    catalog = matrix.catalog
    for name, profile in catalog.profiles.items():
        yield ("profiles", name, "tolerations"), profile.tolerations
    for name, size in catalog.sizes.items():
        yield ("sizes", name, "tolerations"), size.tolerations
    yield (*catalog.site_path, "tolerations"), catalog.site.tolerations
    for name, placement in catalog.site.devices.items():
        yield (*catalog.site_path, "devices", name, "tolerations"), placement.tolerations


def _unreadable(item: Toleration) -> Iterator[tuple[str, str, str]]:
    """Yield field, problem and advice for a key that is no label's name, and a value that is no label's."""
    for field, syntax in (("key", LABEL_NAME), ("value", LABEL_VALUE)):
        text = str(item.get(field) or "")
        if text and not syntax.fits(text) and "${" not in text:
            yield field, f"`{text}` is not {syntax.noun}", _split(item, field, text) or syntax.rule


def _split(item: Toleration, field: str, text: str) -> str:
    """Return the toleration of a taint that is written as `kubectl taint` takes it: ``KEY=VALUE:EFFECT``."""
    taint = _TAINT.fullmatch(text if field == "key" else f"{item.get('key', '')}={text}")
    if taint is None or not LABEL_NAME.fits(taint["key"]) or not LABEL_VALUE.fits(taint["value"] or ""):
        return ""
    effect = taint["effect"] or item.get("effect")
    seconds = item.get("tolerationSeconds") if effect == "NoExecute" else None
    written = {
        "key": taint["key"],
        **({"value": taint["value"]} if taint["value"] else {"operator": "Exists"}),
        **({"effect": effect} if effect else {}),
        **({"tolerationSeconds": seconds} if seconds is not None else {}),
    }
    return f"write `{as_written(written)}`"


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
