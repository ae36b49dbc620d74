"""Puts the values of a variant into the texts of layers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from image_matrix.config.per_platform import MARKS
from image_matrix.config.placeholders import fill, version_parts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.layers import Layer, Sourced
    from image_matrix.config.model import Image, Variant

_TEXTS = ("description", "repository", "context", "dockerfile", "target", "index_url", "cran_snapshot")
"""Fields of one text, in which placeholders are replaced."""


def placeholder_values(
    image: Image, values: Mapping[str, str], parent: Variant | None, source: Sourced[Any] | None
) -> dict[str, str]:
    """Return what placeholders in the texts of an image stand for: its axes with their parts, its name and parent."""
    start = parent.image if parent else source.value if source else ""
    axes = {key: text for axis, value in values.items() for key, text in version_parts(axis, value).items()}
    return {**axes, **axis_data(image, values, parent), "image": image.name, "from": start}


def axis_data(image: Image, values: Mapping[str, str], parent: Variant | None) -> dict[str, str]:
    """Return the data of a variant's axis values, its parent's included: ``r.day`` to the text."""
    declared = {
        f"{axis}.{name}": text
        for axis, value in values.items()
        for name, text in image.axis_data.get(axis, {}).get(value, {}).items()
    }
    return {**(parent.axis_data if parent else {}), **declared}


def filled(layer: Layer, values: Mapping[str, str]) -> Layer:
    """Put values into every text of a layer."""
    given = layer.settings

    def every(texts: Mapping[str, str]) -> dict[str, str]:
        return {fill(key, values): fill(text, values) for key, text in texts.items()}

    texts: dict[str, Any] = {
        name: fill(text, values) for name in _TEXTS if (text := getattr(given, name)) is not None
    }
    settings = replace(
        given,
        **texts,
        extra_index_urls=tuple(fill(text, values) for text in given.extra_index_urls),
        channels=tuple(fill(text, values) for text in given.channels),
        packages={
            manager: tuple(fill(item, values) for item in items) for manager, items in given.packages.items()
        },
        files={path: fill(source, values) for path, source in given.files.items()},
        scripts=tuple(fill(text, values) for text in given.scripts),
        apt_repositories=tuple(
            one.with_texts(lambda text: fill(text, values)) for one in given.apt_repositories
        ),
        apt_files=tuple(fill(text, values) for text in given.apt_files),
        path=tuple(fill(text, values) for text in given.path),
        env={fill(key, values): fill(text, {**values, **MARKS}) for key, text in given.env.items()},
        labels=every(given.labels),
        tags=tuple(fill(text, values) for text in given.tags),
        args=every(given.args),
        contexts={fill(key, values): name for key, name in given.contexts.items()},
        provides=every(given.provides),
        tests={kind: every(texts) for kind, texts in given.tests.items()},
    )
    return replace(layer, settings=settings)
