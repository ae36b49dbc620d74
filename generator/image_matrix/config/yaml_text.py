"""Writes a value as YAML in one line, as it could be in the matrix."""

from __future__ import annotations

import json
import re

from image_matrix.config.yaml_loader import scalar


def as_written(value: object) -> str:
    """Return a value as it could stand in the matrix."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_written(key)}: {as_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_written(item) for item in value) + "]"
    if isinstance(value, str) and scalar(value, plain=True) == value and _plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> bool:
    """Say whether a text needs no quotes, in brackets neither."""
    return re.match(r"[\w/.~$(<=]", text) is not None and not re.search(r"[,\[\]{}]|: | #|:$", text)
