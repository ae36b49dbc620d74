"""Merges overrides as KubeSpawner does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(*overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of several overrides: later ones win, and mappings are merged.

    The result shares no mapping with the overrides, so it can be changed.
    """
    result: dict[str, Any] = {}
    for override in overrides:
        for key, value in override.items():
            old = result.get(key)
            is_mapping = isinstance(value, Mapping)
            result[key] = merged(old if isinstance(old, dict) else {}, value) if is_mapping else value
    return result
