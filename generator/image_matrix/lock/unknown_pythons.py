"""Finds images with Python packages of which nothing says which Python they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.distributions import python_of
from image_matrix.lock.fingerprint import requested

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding


def unknown_pythons(loaded: Loaded, variants: Iterable[str]) -> list[Finding]:
    """Return a finding for each source of the variants, once: it is there that its Python is stated."""
    return [
        rules.BAD_VALUE.at(
            ("sources", source),
            "key",
            problem=f"nothing says which Python it has, and `{item.image}` has Python packages",
            advice=f"state it: {stated_python(loaded.matrix, source)}",
        )
        for source, item in _first_on(loaded, variants).items()
    ]


def not_lockable(loaded: Loaded) -> list[Finding]:
    """Return a warning for each source that ``lock`` will refuse: an image can be built with what is not locked."""
    matrix = loaded.matrix
    asking = (item for item in loaded.variants.values() if requested(item, "pip"))
    unknown = [item.id for item in asking if python_of(matrix, item) is None]
    return [
        rules.UNKNOWN_PYTHON.at(
            ("sources", source),
            "key",
            image=item.image,
            source=source,
            advice=f"state it: {stated_python(matrix, source)}",
        )
        for source, item in _first_on(loaded, unknown).items()
    ]


def _first_on(loaded: Loaded, variants: Iterable[str]) -> dict[str, Variant]:
    """Return the first of some variants on each of their sources, by the name of the source."""
    first = {loaded.variants[name].root_source: loaded.variants[name] for name in reversed([*variants])}
    return dict(sorted(first.items()))


def stated_python(matrix: Matrix, source: str) -> str:
    """Return the line of the matrix that states the Python of a source."""
    return f'`sources: {{{source}: {{image: "{matrix.sources[source]}", provides: {{python: "VERSION"}}}}}}`'
