"""The type of plain data: what JSON and YAML hold."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A text, number, boolean, null, list or mapping of such data.

Not spelt out: whoever reads a field of it has had its form checked, by a schema or on the spot.
"""
