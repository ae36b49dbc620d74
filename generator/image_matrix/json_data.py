"""Defines the type of plain data, as in JSON and YAML."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A text, number, boolean, null, list or mapping of such data.

It is ``Any``, since code that reads a field has checked its form before, by a schema or directly.
"""
