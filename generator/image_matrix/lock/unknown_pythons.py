"""Finds images with Python packages of which nothing says which Python they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Finding


def unknown_pythons(loaded: Loaded, variants: Iterable[str]) -> list[Finding]:
    """Return a finding for each source of the variants, once: it is there that its Python is stated."""
    first = {loaded.variants[name].root_source: loaded.variants[name] for name in reversed([*variants])}
    return [
        rules.BAD_VALUE.at(
            ("sources", source),
            "key",
            problem=f"nothing says which Python it has, and `{item.image}` has Python packages",
            advice=f"state it: {stated_python(loaded.matrix, source)}",
        )
        for source, item in sorted(first.items())
    ]


def stated_python(matrix: Matrix, source: str) -> str:
    """Return the line of the matrix that states the Python of a source."""
    return f'`sources: {{{source}: {{image: "{matrix.sources[source]}", provides: {{python: "VERSION"}}}}}}`'
