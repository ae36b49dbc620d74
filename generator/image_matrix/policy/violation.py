"""Defines what is found against a policy, and words it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.diagnostics import diagnostic
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from image_matrix.config.policy import Excepted, Lists, StatedPolicy
    from image_matrix.diagnostics import Diagnostic, Path, Place, Rule

MOST_ALLOWED = 4
"""Allowed names that an error shows."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What in a policy is against something, and why."""

    entry: Path
    why: str


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that a policy does not allow."""

    rule: Rule
    place: Place
    id: str
    """By which an exception names it: ``pip:litellm``."""
    what: str
    """The subject of the sentence."""
    refusal: Refusal
    advice: str


def refusals(lists: Lists, fits: Callable[[str], bool], today: str) -> Iterator[Refusal]:
    """Yield what lists have against something on a day; ``fits`` compares it with the name of an entry."""
    for entry in lists.deny:
        if entry.counts(today) and fits(entry.name):
            reason = f": {entry.reason}" if entry.reason else ""
            yield Refusal(entry.path, f"`{entry.name}` is denied{reason}")
    if lists.allow is not None and not any(entry.counts(today) and fits(entry.name) for entry in lists.allow):
        names = listed((f"`{entry.name}`" for entry in lists.allow), MOST_ALLOWED)
        yield Refusal(lists.allow[0].path[:-1], f"allowed: {names}")


def reported(violation: Violation, stated: StatedPolicy, today: str) -> Diagnostic | None:
    """Return a violation as an error; ``None`` if the same policy excepts it on this day."""
    same = [one for one in stated.policy.exceptions if one.id == violation.id]
    if any(today < one.until for one in same):
        return None
    item = diagnostic(
        violation.rule,
        violation.place,
        what=violation.what,
        why=violation.refusal.why,
        advice=violation.advice,
        exception=_exception(violation, stated),
    )
    ended = [(stated.place(one.path), _ended(one)) for one in same]
    return replace(item, related=((stated.place(violation.refusal.entry), "the policy"), *ended))


def _exception(violation: Violation, stated: StatedPolicy) -> str:
    """Return how a violation is excepted; by no change that it is in, if the policy is of an earlier revision."""
    if stated.revision:
        return f"or change the policy first: {stated.revision} has it"
    entry = f'{{id: "{violation.id}", reason: …, until: "YEAR-MONTH-DAY"}}'
    return f"or add to `policy.exceptions` of {stated.file}: `{entry}`"


def _ended(exception: Excepted) -> str:
    return f"this exception has ended: it counted until {exception.until}"
