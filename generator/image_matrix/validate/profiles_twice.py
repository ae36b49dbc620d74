"""Finds fields that two parts of a choice set: the part whose key sorts last wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import human
from image_matrix.profiles.pod import placements_of, runtime_class, selector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Profile
    from image_matrix.config.sizes import Size
    from image_matrix.diagnostics import Finding, Path


def set_twice(matrix: Matrix) -> Iterator[Finding]:
    """Fields that a profile sets together with one of its sizes, or that an override sets beside a field of its own."""
    catalog = matrix.catalog
    for name, size in catalog.sizes.items():
        path: Path = ("sizes", name, "kubespawner_override")
        setters = dict(_from_fields(matrix, size))
        for field, place in _fields(path, size.override):
            if field in setters:
                yield _twice(place, setters[field], f"size {name}", field)
    for profile in catalog.profiles.values():
        yield from _with_sizes(matrix, profile)


def _with_sizes(matrix: Matrix, profile: Profile) -> Iterator[Finding]:
    base: Path = ("profiles", profile.slug)
    setters = dict(_fields((*base, "kubespawner_override"), profile.override))
    for field, place in _of_profile(base, profile):
        if field in setters:
            yield _twice(setters[field], place, profile.slug, field)
        setters.setdefault(field, place)
    seen: set[str] = set()
    for name in profile.sizes.names.values():
        size = matrix.catalog.sizes.get(name)
        if size is None:
            continue
        path: Path = ("sizes", name, "kubespawner_override")
        for field, place in (*_from_fields(matrix, size), *_fields(path, size.override)):
            if field in setters and field not in seen:
                seen.add(field)
                yield _twice(setters[field], place, profile.slug, field)


def _of_profile(base: Path, profile: Profile) -> Iterator[tuple[str, Path]]:
    yield from ((f"environment.{key}", (*base, "env", key)) for key in profile.env)
    yield from ((f"node_selector.{key}", (*base, "node_selector", key)) for key in profile.node_selector)


def _from_fields(matrix: Matrix, size: Size) -> Iterator[tuple[str, Path]]:
    """Yield what a size's own fields and its placement set, each with its place."""
    base: Path = ("sizes", size.name)
    for field, name, side in (
        ("cpu_limit", "cpu", "limit"), ("cpu_guarantee", "cpu", "guarantee"),
        ("mem_limit", "memory", "limit"), ("mem_guarantee", "memory", "guarantee"),
    ):  # fmt: skip
        if getattr(getattr(size, name), side) is not None:
            yield field, (*base, name, side)
    for device in size.devices:
        yield f"extra_resource_limits.{device}", (*base, "devices", device)
    placements = placements_of(matrix, size)
    for key in selector(size, placements):
        setters = key in size.node_selector
        yield f"node_selector.{key}", (*base, "node_selector", key) if setters else (*base, "devices")
    if runtime_class(placements):
        yield "extra_pod_config.runtimeClassName", (*base, "devices")
    if size.shm:
        yield "volumes.shm", (*base, "shm")


def _fields(path: Path, override: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    for key, value in override.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", (*path, key, inner)) for inner in value)
        else:
            yield key, (*path, key)


def _twice(first: Path, second: Path, profile: str, field: str) -> Finding:
    fields = {"first": human(first), "second": human(second), "profile": profile, "field": field}
    return rules.FIELD_TWICE.at(first, "key", **fields).beside((second, "the other place"))
