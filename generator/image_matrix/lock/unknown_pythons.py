"""Finds images with Python packages of which nothing says which Python they have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.distributions import python_of
from image_matrix.lock.fingerprint import requested

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.diagnostics import Finding, Path


@dataclass(frozen=True, slots=True)
class Statement:
    """Where one says which Python is below some images."""

    path: Path
    what: str
    """What has that Python, as users read it: ``the source `debian` ``."""
    advice: str


def unknown_pythons(loaded: Loaded, variants: Iterable[str]) -> list[Finding]:
    """Return a finding for each place where the Python of the variants is stated, once."""
    return [
        rules.BAD_VALUE.at(
            statement.path,
            "key",
            problem=f"nothing says which Python it has, and `{item.image}` has Python packages",
            advice=statement.advice,
        )
        for statement, item in _first_on(loaded, variants).items()
    ]


def not_lockable(loaded: Loaded) -> list[Finding]:
    """Return a warning for each place that ``lock`` will refuse: an image can be built with what is not locked."""
    asking = (item for item in loaded.variants.values() if requested(item, "pip"))
    unknown = [item.id for item in asking if python_of(loaded.matrix, item) is None]
    return [
        rules.UNKNOWN_PYTHON.at(
            statement.path, "key", image=item.image, what=statement.what, advice=statement.advice
        )
        for statement, item in _first_on(loaded, unknown).items()
    ]


def _first_on(loaded: Loaded, variants: Iterable[str]) -> dict[Statement, Variant]:
    """Return the first of some variants below each statement, sorted by the names there."""
    first = {
        statement_of_python(loaded, loaded.variants[name]): loaded.variants[name]
        for name in reversed([*variants])
    }
    return dict(sorted(first.items(), key=lambda pair: pair[0].path[1]))


def statement_of_python(loaded: Loaded, item: Variant) -> Statement:
    """Return where to state the Python of a variant.

    That is the nearest image with a Dockerfile of its own, which may install one, or the source.
    """
    image = next((one.image for one in lineage(loaded.variants, item) if one.build), None)
    if image:
        advice = f'write `provides: {{python: "VERSION"}}` at `images.{image}`'
        return Statement(("images", image), f"the image `{image}`", advice)
    source = item.root_source
    reference = loaded.matrix.sources[source]
    line = f'`sources: {{{source}: {{image: "{reference}", provides: {{python: "VERSION"}}}}}}`'
    return Statement(("sources", source), f"the source `{source}`", f"state it: {line}")
