"""Checks requests of what cannot be overcommitted: extended resources and huge pages.

Source: kubernetes/kubernetes, ``ValidateContainerResourceRequirements``: a request of these needs an equal limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.diagnostics import catalogue as rules
from image_matrix.profiles.charts import OVERRIDE
from image_matrix.profiles.offer import FIELDS, SIZE_OPTION
from image_matrix.profiles.pod import devices, hugepages, placements_of
from image_matrix.profiles.traits import GUARANTEES, LIMITS
from image_matrix.profiles.units import QUANTITIES, byte_count
from image_matrix.validate.profiles_overrides import each_override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Profile
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json


@dataclass(frozen=True, slots=True)
class Resources:
    """What an override or a size sets of extended resources and huge pages, by their names."""

    limits: Mapping[str, Json]
    requests: Mapping[str, Json]


def requests_without_limit(matrix: Matrix) -> Iterator[Finding]:
    """Extended resources and huge pages with a request and no equal limit, neither beside it nor by the sizes."""
    for path, override in each_override(matrix):
        resources = _of_override(override)
        for name, amount in resources.requests.items():
            if "/" not in name and not name.startswith("hugepages-"):
                continue
            limits = (one for one in _limits(matrix, path, resources, name) if "{value}" not in str(one))
            others = (one for one in limits if _number(one) != _number(amount))
            for limit in [*others][:1]:
                yield _finding((*path, GUARANTEES, name), name, amount, limit)


def _finding(path: Path, name: str, amount: Json, limit: Json) -> Finding:
    if limit is None:
        is_typed = path[2:4] == ("profile_options", SIZE_OPTION)
        advice = f"set it under `{LIMITS}` too{'' if is_typed else ', or use `devices:` of a size'}"
        return rules.REQUEST_WITHOUT_LIMIT.at(
            path, "key", name=name, problem="without a limit", advice=advice
        )
    problem = f"as {amount}, but its limit is {limit}"
    advice = "write the same number for both, or remove the request: Kubernetes takes the limit for it"
    return rules.REQUEST_WITHOUT_LIMIT.at(path, "key", name=name, problem=problem, advice=advice)


def _number(amount: Json) -> Json:
    """Return a number or a quantity of huge pages so that equal ones are the same."""
    text = str(amount)
    return amount if amount is None else byte_count(text) if QUANTITIES.reads(text) else text


def _limits(matrix: Matrix, path: Path, resources: Resources, name: str) -> Iterator[Json]:
    """Yield the limit of a resource in each pod that an override at a path requests it for, ``None`` without one."""
    section, key, *below = map(str, path)
    profile = matrix.catalog.profiles[key] if section == "profiles" else None
    pods = [_of_size(matrix, key)] if section == "sizes" else []
    pods += _beside(matrix, profile, below) if profile else ()
    is_last = "sizes" in (section, below[0]) or _is_further(below)
    if not pods:
        yield resources.limits.get(name)
    for one in pods:
        if is_last:
            yield resources.limits.get(name, one.limits.get(name))
        elif name not in one.requests:  # that is the one that counts
            yield one.limits.get(name, resources.limits.get(name))


def _is_further(below: list[str]) -> bool:
    """Say whether an override is of an option behind the sizes, which has the last word."""
    return below[0] == "profile_options" and below[1] not in FIELDS


def _beside(matrix: Matrix, profile: Profile, below: list[str]) -> Iterator[Resources]:
    """Yield what the sizes set that an override below a profile can meet; a size that users type in is none of them."""
    choices = profile.sizes.choices
    if below[:2] == ["profile_options", SIZE_OPTION]:
        return
    if below[0] == "sizes":
        yield _of_size(matrix, choices[below[1]].name)
        return
    for choice in choices.values():
        of_size, of_choice = _of_size(matrix, choice.name), _of_override(choice.override)
        yield Resources({**of_size.limits, **of_choice.limits}, {**of_size.requests, **of_choice.requests})
    unlisted = profile.options[SIZE_OPTION].unlisted_choice if SIZE_OPTION in profile.options else None
    if unlisted is not None and choices:
        yield _of_override(unlisted.get(OVERRIDE, {}))


def _of_size(matrix: Matrix, name: str) -> Resources:
    size = matrix.catalog.sizes.get(name)  # one that is not there is another finding
    given = _of_override(size.override if size else {})
    pages = hugepages(placements_of(matrix, size))
    return Resources({**devices(size), **pages, **given.limits}, {**pages, **given.requests})


def _of_override(override: Mapping[str, Any]) -> Resources:
    limits, requests = (
        given if isinstance(given := override.get(name), dict) else {} for name in (LIMITS, GUARANTEES)
    )
    return Resources(limits, requests)
