"""Defines the result of loading a matrix: the model, its variants, and the documents for places of diagnostics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.document import Documents
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid matrix with its variants, its files for places, and the warnings about it."""

    matrix: Matrix
    variants: Mapping[str, Variant]
    documents: Documents
    warnings: tuple[Diagnostic, ...]
    serving: frozenset[str] = frozenset()
    """Templates that bring a service."""
