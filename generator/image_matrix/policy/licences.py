"""Finds locked Python packages with licences that a policy does not allow."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.locked_versions import locked_packages
from image_matrix.policy.packages import place_of_package
from image_matrix.policy.violation import Refusal, Violation, refusals
from image_matrix.policy.wildcards import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.policy import Lists, Policy
    from image_matrix.lock.pins import Pins

_TOKEN = re.compile(r"\(|\)|\bAND\b|\bOR\b|[A-Za-z0-9.+-]+(?: WITH [A-Za-z0-9.+-]+)?")


def refused_licences(policy: Policy, loaded: Loaded, pins: Pins, today: str) -> Iterator[Violation]:
    """Yield the packages of which no licence that one may choose is allowed; with `allow`, also unknown ones."""
    lists = policy.licences
    for variant in loaded.variants.values() if lists.deny or lists.allow is not None else ():
        for manager, name, version in locked_packages(pins, variant):
            if manager != "pip":
                continue
            licence = pins.licences.get(f"{name}=={version}", "")
            if refusal := _refusal(lists, licence, today):
                path, _ = place_of_package(loaded, variant, manager, name)
                stated = f"has the licence {licence}" if licence else "has no licence that is known"
                what = f"the package `{name}` {version} ({manager}) {stated}, which"
                place, advice = loaded.documents.place(path), "take another package"
                yield Violation(rules.REFUSED_LICENCE, place, f"licence:{name}", what, refusal, advice)


def _refusal(lists: Lists, licence: str, today: str) -> Refusal | None:
    """Return what is against a licence; of several to choose from, one without an objection is enough."""
    if not licence:
        no_licence = refusals(lists, lambda _: False, today)
        return next(no_licence, None)
    objections: list[Refusal] = []

    def is_good(identifier: str) -> bool:
        against = list(refusals(lists, partial(fits_licence, identifier), today))
        objections.extend(against)
        return not against

    return None if is_met(licence, is_good) else objections[0]


def fits_licence(identifier: str, pattern: str) -> bool:
    """Say whether a pattern means a licence; one without WITH means it with any exception, too."""
    text = identifier if " WITH " in pattern else identifier.partition(" WITH ")[0]
    return matches(pattern.lower(), text.lower())


def is_met(expression: str, is_good: Callable[[str], bool]) -> bool:
    """Say whether an expression of SPDX has a choice in which all licences are good.

    Source: SPDX specification, "SPDX license expressions": WITH, then AND, then OR; parentheses.
    """
    tokens = [*_TOKEN.findall(expression)]

    def any_of() -> bool:
        met = all_of()
        while tokens[:1] == ["OR"]:
            tokens.pop(0)
            met = all_of() or met
        return met

    def all_of() -> bool:
        met = one()
        while tokens[:1] == ["AND"]:
            tokens.pop(0)
            met = one() and met
        return met

    def one() -> bool:
        first = tokens.pop(0) if tokens else ""
        if first != "(":
            return bool(first) and is_good(first)
        met = any_of()
        if tokens[:1] == [")"]:
            tokens.pop(0)
        return met

    return any_of() and not tokens
