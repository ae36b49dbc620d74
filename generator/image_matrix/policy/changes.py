"""Finds what an earlier policy asks for and the policies of today do not: a change must not loosen it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import diagnostic
from image_matrix.policy.containment import is_within
from image_matrix.profiles.units import byte_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from image_matrix.config.policy import Excepted, Limits, Lists, Policy, PolicyEntry, StatedPolicy
    from image_matrix.diagnostics import Diagnostic, Locator

_PATH = ("policy",)


def loosened(
    before: Iterable[StatedPolicy], after: Iterable[StatedPolicy], revision: str, locator: Locator
) -> list[Diagnostic]:
    """Return an error for everything that the policies of a revision ask for and those of today do not."""
    old, new = [one.policy for one in before], [one.policy for one in after]
    place = locator.place(_PATH, "key")
    lost = [(problem, "put it back") for policy in old for problem in _lost(policy, new)]
    added = [(problem, "remove it") for problem in _exceptions(old, new)] if old else []
    return [
        diagnostic(rules.POLICY_LOOSENED, place, problem=problem, advice=advice, revision=revision)
        for problem, advice in dict.fromkeys([*lost, *added])
    ]


def _lost(policy: Policy, today: list[Policy]) -> Iterator[str]:
    for name, lists in _all_lists(policy).items():
        others = [same for one in today if (same := _all_lists(one).get(name))]
        for entry in lists.deny:
            if not _is_denied(entry, others):
                yield f"`{name}.deny` no longer has `{entry.name}`, or not for as long"
        if lists.allow is not None and not any(_is_narrower(other, lists.allow) for other in others):
            yield f"`{name}.allow` is gone, or allows more"
    for limits in policy.sizes:
        yield from _lost_limits(limits, [other for one in today for other in one.sizes])


def _all_lists(policy: Policy) -> Mapping[str, Lists]:
    """Return the lists of a policy by their names."""
    packages = {f"packages.{manager}": lists for manager, lists in policy.packages.items()}
    return {"sources": policy.sources, "licences": policy.licences, "floating": policy.floating, **packages}


def _is_denied(entry: PolicyEntry, others: Iterable[Lists]) -> bool:
    """Say whether some list still has an entry, for at least as long."""
    same = (one for lists in others for one in lists.deny if is_within(entry.name, one.name))
    return any(not one.until or (entry.until and one.until >= entry.until) for one in same)


def _is_narrower(lists: Lists, allowed: Sequence[PolicyEntry]) -> bool:
    """Say whether a list allows nothing else than an earlier one, and nothing for longer."""
    return lists.allow is not None and all(
        any(is_within(one.name, other.name) and _ends_before(one, other) for other in allowed)
        for one in lists.allow
    )


def _ends_before(one: PolicyEntry, other: PolicyEntry) -> bool:
    return not other.until or "" < one.until <= other.until


def _lost_limits(limits: Limits, others: Iterable[Limits]) -> Iterator[str]:
    """Yield the limits that no other ones for the same sites have, or lower ones."""
    alike = [one for one in others if not one.sites or {*limits.sites} <= {*one.sites} != set()]
    alike = [one for one in alike if limits.sites or not one.sites]
    where = f" for {', '.join(limits.sites)}" if limits.sites else ""
    cpu, memory = limits.cpu, limits.memory
    if cpu is not None and not any(one.cpu is not None and one.cpu <= cpu for one in alike):
        yield f"`sizes` no longer has `cpu: {cpu:g}`, or less{where}"
    if memory and not any(one.memory and _count(one.memory) <= _count(memory) for one in alike):
        yield f"`sizes` no longer has `memory: {memory}`, or less{where}"
    for name, count in limits.devices.items():
        if not any(one.devices.get(name, count + 1) <= count for one in alike):
            yield f"`sizes.devices` no longer has `{name}: {count}`, or less{where}"


def _count(memory: str) -> int:
    return byte_count(memory) or 0


def _exceptions(old: Iterable[Policy], new: Iterable[Policy]) -> Iterator[str]:
    """Yield the exceptions that no earlier policy has, or not for as long."""
    known = [one for policy in old for one in policy.exceptions]
    for one in (item for policy in new for item in policy.exceptions):
        if not any(_covers(other, one) for other in known):
            yield f"there is a further exception, for `{one.id}` until {one.until}"


def _covers(earlier: Excepted, one: Excepted) -> bool:
    return earlier.id == one.id and earlier.until >= one.until
