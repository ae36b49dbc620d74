"""Caches results that depend on the matrix alone. Their imports take half the time of a ``check``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.config.schema import schema_text, taking_away
from image_matrix.dag import NO_OTHERS, BuildOrder, build_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.document import Documents
    from image_matrix.config.from_lists import Expanded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.dag import OtherParents, Parents
    from image_matrix.diagnostics import Finding
    from image_matrix.json_data import Json
    from image_matrix.project.content_cache import ContentCache


def cached_shape(documents: Documents, cache: ContentCache) -> list[Finding]:
    """Return the findings of the schema. Only the result "valid" is cached."""
    content = json.dumps([schema_text(), documents.value, sorted(taking_away(documents), key=str)])
    if cache.get("shape", content) == "valid":
        return []
    from image_matrix.config.shape_errors import check_shape

    findings = check_shape(documents)
    if not findings:
        cache.put("shape", content, "valid")
    return findings


def cached_section(documents: Documents, name: str, cache: ContentCache) -> list[Finding]:
    """Return the findings of the schema about one section of a matrix. Only the result "valid" is cached."""
    content = json.dumps([schema_text(), name, documents.value])
    if cache.get("section", content) == "valid":
        return []
    from image_matrix.config.shape_errors import check_section

    findings = check_section(documents, name)
    if not findings:
        cache.put("section", content, "valid")
    return findings


@dataclass(frozen=True, slots=True)
class Given:
    """What a matrix may name that templates have."""

    kinds: frozenset[str] = frozenset()
    serving: frozenset[str] = frozenset()
    """Kinds that have a service."""
    custom_pip: frozenset[str] = frozenset()
    """Kinds whose templates install Python packages themselves."""


def cached_meaning(
    expanded: Expanded, matrix: Matrix, variants: Mapping[str, Variant], given: Given, cache: ContentCache
) -> list[Finding]:
    """Return what is wrong with a matrix beyond its shape. Only the result "nothing" is cached.

    ``matrix`` and ``variants`` follow from ``expanded`` and the traits of kinds.
    """
    names = [sorted(part) for part in (given.kinds, given.serving, given.custom_pip)]
    traits = [
        [name, repr(replace(kind, ignores=frozenset())), sorted(kind.ignores)]
        for name, kind in sorted(matrix.kinds.items())
    ]
    content = json.dumps(
        [expanded.value, repr(expanded.entries), names, traits], default=asdict
    )  # lock files
    if cache.get("meaning", content) == "sound":
        return []
    from image_matrix.validate import check_meaning

    findings = check_meaning(
        expanded.value, matrix, variants, given.kinds, given.serving, given.custom_pip, expanded.entries
    )
    if not findings:
        cache.put("meaning", content, "sound")
    return findings


def cached_order(parents: Parents, cache: ContentCache, others: OtherParents = NO_OTHERS) -> BuildOrder:
    """Return the build order of names."""
    content = json.dumps([list(parents.items()), list(others.items())])
    cached = _order(cache.get("order", content), parents)
    if cached is not None:
        return cached
    order = build_order(parents, others)
    cache.put("order", content, [[*order.layers.items()], [*order.heights.items()], order.walk, order.cycles])
    return order


def _order(cached: Json, parents: Parents) -> BuildOrder | None:
    """Return a cached order, or ``None`` if it is not an order of these names."""
    try:
        layers, heights, walk, cycles = cached
        order = BuildOrder(dict(layers), dict(heights), tuple(walk), tuple(tuple(cycle) for cycle in cycles))
        known = parents.keys() >= {
            *order.layers,
            *order.heights,
            *order.walk,
            *(n for c in order.cycles for n in c),
        }
    except (TypeError, ValueError):
        return None
    same = len(order.walk) == len(order.layers) and order.layers.keys() == order.heights.keys() == {
        *order.walk
    }
    return order if known and same else None
