"""Knows which versions of the JupyterHub chart merge a profile's volumes with their own, and which replace them.

Source: jupyterhub/zero-to-jupyterhub-k8s, jupyterhub/files/hub/jupyterhub_config.py and images/hub/requirements.txt at
the tags 3.3.8 to 4.4.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from image_matrix.profiles import traits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Version = tuple[int, ...]
FIRST_CHART: Version = (4, 3)
"""The first chart whose volumes are a mapping."""
FIRST_HUB: Version = (5, 4)
"""The version of JupyterHub in that chart."""
HUBS: Mapping[Version, Version] = {
    (3, 3): (4, 1),
    (4, 0): (5, 2),
    (4, 1): (5, 2),
    (4, 2): (5, 3),
    (4, 3): (5, 4),
    (4, 4): (5, 5),
}
"""Version of the chart to the version of JupyterHub in its hub image, as (major, minor)."""
_CLAUSE = re.compile(
    r"(=|==|!=|>=|=>|>|<=|=<|<|~>?|\^)?\s*v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?([-+].*)?"
)

_SERIES = re.compile(r"(?:=|~>?)?\s*v?(\d+)\.(\d+)(?:\.(?:\d+|[xX*]))?")
"""A range of one minor version."""


def version(text: str) -> Version:
    """Return the numbers of a version: ``5.4.0`` as (5, 4, 0)."""
    return tuple(int(part) for part in text.split("."))


def joins(hub: str) -> bool:
    """Say whether the chart with this version of JupyterHub merges a profile's volumes with its own."""
    return version(hub) >= FIRST_HUB


def mappings(profiles: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the settings that are lists in the chart and mappings in a profile list, sorted."""
    overrides = [override for profile in profiles for override in overrides_of(profile)]
    return tuple(
        name
        for name in sorted(traits.CHART_LISTS)
        if any(isinstance(override.get(name), dict) for override in overrides)
    )


def overrides_of(profile: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the settings of an entry of a profile list, and of each of its choices."""
    yield profile.get("kubespawner_override") or {}
    for option in (profile.get("profile_options") or {}).values():
        for choice in (option.get("choices") or {}).values():
            yield choice.get("kubespawner_override") or {}


def hub_of(constraint: str) -> Version | None:
    """Return the version of JupyterHub, as (major, minor), for a version or range of the chart, if it is known."""
    match = _SERIES.fullmatch(constraint.strip())
    return HUBS.get((int(match[1]), int(match[2]))) if match else None


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
