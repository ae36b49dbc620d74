"""Finds fields that two parts of a pod set, of which none is meant to win."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import human
from image_matrix.profiles.charts import OVERRIDE, overrides_of_option
from image_matrix.profiles.pod import placements_of, runtime_class, selector
from image_matrix.render.kubernetes.kubespawner import size_override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Profile
    from image_matrix.config.sizes import Size
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json


Setters = list[tuple[str, "Path", "Json"]]
"""Settings with the place that sets each, and the value."""


def set_twice(matrix: Matrix) -> Iterator[Finding]:
    """Fields that a part of a choice sets twice, and those that two choices of a pod set to different values."""
    catalog = matrix.catalog
    for name, size in catalog.sizes.items():
        path: Path = ("sizes", name, OVERRIDE)
        setters = dict(_from_fields(matrix, size))
        for field, place, _ in _fields(path, size.override):
            if field in setters:
                yield _twice(place, setters[field], f"size {name}", field)
    for profile in catalog.profiles.values():
        yield from _in_profile(profile)
        yield from _between_options(matrix, profile)


def _in_profile(profile: Profile) -> Iterator[Finding]:
    base: Path = ("profiles", profile.slug)
    setters = {field: place for field, place, _ in _fields((*base, OVERRIDE), profile.override)}
    for field, place in _of_profile(base, profile):
        if field in setters:
            yield _twice(setters[field], place, profile.slug, field)


def never_used(value: Mapping[str, Json], matrix: Matrix) -> Iterator[Finding]:
    """Settings of a profile that each of its sizes sets as well, at each site: a choice wins over its profile.

    What ``defaults`` brings may have an effect in other profiles.
    """
    for slug, item in (value.get("profiles") or {}).items():
        offering = [one for one in matrix.at_sites() if slug in one.catalog.profiles]
        set_by = [_set_by_each_size(one, one.catalog.profiles[slug]) for one in offering]
        every = set.intersection(*set_by) if set_by else set()
        for field, place, _ in _fields(("profiles", slug, OVERRIDE), item.get(OVERRIDE) or {}):
            if field in every:
                reason = f"each size of the profile sets `{field}`, and a size wins over its profile"
                yield rules.IGNORED_FIELD.at(place, "key", reason=reason, advice="remove it")


def _set_by_each_size(matrix: Matrix, profile: Profile) -> set[str]:
    """Return the settings that whatever size users choose sets; none where they may type one in."""
    names = [one.name for one in profile.sizes.choices.values() if one.name in matrix.catalog.sizes]
    sizes = [matrix.catalog.sizes[name] for name in names]
    unlisted = "size" in profile.options and profile.options["size"].unlisted_choice is not None
    set_by = [{field for field, _, _ in _of_size(matrix, profile, size)} for size in sizes]
    return set.intersection(*set_by) if set_by and not unlisted else set()


def _between_options(matrix: Matrix, profile: Profile) -> Iterator[Finding]:
    """Settings that choices of two options have: users choose them independently, so neither is meant to win."""
    seen: set[tuple[str, Path]] = set()
    for one, other in combinations(_options(matrix, profile), 2):
        first: dict[str, list[tuple[Path, Json]]] = {}
        for field, place, value in one:
            first.setdefault(field, []).append((place, value))
        for field, place, value in other:
            differing = [before for before, former in first.get(field, ()) if former != value]
            if differing and (field, place) not in seen:
                seen.add((field, place))
                yield _twice(differing[0], place, profile.slug, field)


def _options(matrix: Matrix, profile: Profile) -> Iterator[Setters]:
    """Yield what the choices of each option set."""
    base: Path = ("profiles", profile.slug)
    yield [
        setter
        for key, choice in profile.images.choices.items()
        for setter in _fields((*base, "images", key, OVERRIDE), choice.override)
    ]
    sizes = matrix.catalog.sizes
    yield [
        setter
        for key, choice in profile.sizes.choices.items()
        if choice.name in sizes
        for setter in (
            *_of_size(matrix, profile, sizes[choice.name]),
            *_fields((*base, "sizes", key, OVERRIDE), choice.override),
        )
    ]
    for name, option in profile.more_options.items():
        yield [
            setter
            for path, override in overrides_of_option(option)
            for setter in _fields((*base, "profile_options", name, *path), override)
        ]


def _of_size(matrix: Matrix, profile: Profile, size: Size) -> Iterator[tuple[str, Path, Json]]:
    """Yield all settings of a size in a profile; the place of what nothing else names is the size."""
    places = dict(_from_fields(matrix, size))
    places |= {field: place for field, place, _ in _fields(("sizes", size.name, OVERRIDE), size.override)}
    for field, _, value in _fields((), size_override(matrix, profile, size)):
        yield field, places.get(field, ("sizes", size.name)), value


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


def _fields(path: Path, override: Mapping[str, Any]) -> Iterator[tuple[str, Path, Json]]:
    for key, value in override.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", (*path, key, inner), item) for inner, item in value.items())
        else:
            yield key, (*path, key), value


def _twice(first: Path, second: Path, profile: str, field: str) -> Finding:
    fields = {"first": human(first), "second": human(second), "profile": profile, "field": field}
    return rules.FIELD_TWICE.at(first, "key", **fields).beside((second, "the other place"))
