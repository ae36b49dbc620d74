"""Generated YAML as data, read by libyaml: PyYAML's own reader takes ten times as long for a large file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator


def load(text: str | bytes) -> Any:
    """Return the one document of a text."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def load_all(text: str | bytes) -> Iterator[Any]:
    """Yield the documents of a text."""
    return yaml.load_all(text, Loader=yaml.CSafeLoader)
