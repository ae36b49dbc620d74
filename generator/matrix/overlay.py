"""A partial matrix on top of another: mappings merge, everything else replaces, an empty value removes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def merge(base: Any, overlay: Any) -> Any:  # noqa: ANN401 - YAML values are anything
    """Return ``base`` with ``overlay`` on top; neither is changed.

    An empty value that removes nothing stays, so that validation reports it: its key is misspelt.
    """
    if not isinstance(base, dict) or not isinstance(overlay, dict):
        return overlay
    kept = {key: value for key, value in base.items() if overlay.get(key, value) is not None}
    return kept | {
        key: merge(kept.get(key), value)
        for key, value in overlay.items()
        if value is not None or key not in base
    }


def merge_all(values: Iterable[Any]) -> Any:  # noqa: ANN401
    """Merge from left to right."""
    items = list(values)
    result = items[0] if items else {}
    for overlay in items[1:]:
        result = merge(result, overlay)
    return result
