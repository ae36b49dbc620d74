"""Reads the version of the JupyterHub chart that a release names, maybe a range, and what profiles need of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from image_matrix.config.charts import WITH_MAPPINGS, Chart, Version, charts, version
from image_matrix.profiles import traits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.diagnostics import Path

OVERRIDE = "kubespawner_override"
_CLAUSE = re.compile(
    r"(=|==|!=|>=|=>|>|<=|=<|<|~>?|\^)?\s*v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?([-+].*)?"
)

_SERIES = re.compile(r"(?:=|~>?)?\s*v?(\d+)\.(\d+)(?:\.(?:\d+|[xX*]))?")
"""A range of one minor version."""


def mappings(profiles: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the settings that are lists in some chart and mappings in a profile list, sorted."""
    overrides = [override for profile in profiles for override in overrides_of(profile)]
    return tuple(
        name
        for name in sorted(traits.CHART_LISTS)
        if any(isinstance(override.get(name), dict) for override in overrides)
    )


def overrides_of(profile: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the settings of an entry of a profile list, and of each of its choices."""
    return (override for _, override in placed_overrides(profile))


def placed_overrides(profile: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the settings of an entry of a profile list, and of each of its choices, with their paths in it."""
    yield (OVERRIDE,), profile.get(OVERRIDE) or {}
    for name, option in (profile.get("profile_options") or {}).items():
        for path, override in overrides_of_option(option):
            yield ("profile_options", name, *path), override


def overrides_of_option(option: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the settings of the choices of an option, with their paths in it."""
    for key, choice in (option.get("choices") or {}).items():
        yield ("choices", key, OVERRIDE), choice.get(OVERRIDE) or {}
    yield ("unlisted_choice", OVERRIDE), (option.get("unlisted_choice") or {}).get(OVERRIDE) or {}


def hub_of(constraint: str) -> Version | None:
    """Return the version of JupyterHub, as (major, minor), for a version or range of the chart, if it is known."""
    chart = chart_in(constraint)
    return version(chart.jupyterhub)[:2] if chart else None


def chart_in(constraint: str) -> Chart | None:
    """Return what the charts of a range of one minor version ship; ``None`` if the range or they are not known."""
    match = _SERIES.fullmatch(constraint.strip())
    series = (int(match[1]), int(match[2])) if match else None
    return next((item for item in charts().values() if version(item.version)[:2] == series), None)


def first_with_mappings() -> Version:
    """Return the first chart whose KubeSpawner takes mappings."""
    return next(
        version(item.version) for item in charts().values() if version(item.kubespawner) >= WITH_MAPPINGS
    )


def ceiling(constraint: str) -> Version | None:
    """Return the upper bound, exclusive, of a chart's version or range; ``None`` if there is no upper bound.

    Source of the ranges: github.com/Masterminds/semver, which Helm and Flux use. An invalid constraint has no upper
    bound.
    """
    ends = [_end(part) for part in constraint.split("||")]
    return None if None in ends else max((end for end in ends if end), default=None)


def _end(part: str) -> Version | None:
    """Return the lowest upper bound of clauses that all apply."""
    low, hyphen, high = part.strip().partition(" - ")
    texts = [f"<={high}"] if hyphen else re.findall(r"[<>=!~^]*\s*[^\s,<>=!~^]+", low)
    ends = [end for text in texts if (end := _clause_end(text.strip()))]
    return min(ends, default=None)


def _clause_end(text: str) -> Version | None:
    match = _CLAUSE.fullmatch(text)
    if not match or match[1] in ("!=", ">=", "=>", ">"):
        return None
    numbers = [int(part) for part in match.groups()[1:4] if part and part.isdecimal()]
    if not numbers:
        return None
    if match[1] == "<":
        return _padded(numbers)
    if match[1] == "^" and any(numbers):
        numbers = numbers[: next(at for at, number in enumerate(numbers) if number) + 1]
    elif match[1] in ("~", "~>"):
        numbers = numbers[:2]
    return _padded([*numbers[:-1], numbers[-1] + 1])


def _padded(numbers: list[int]) -> Version:
    return (*numbers, *(0,) * (3 - len(numbers)))
