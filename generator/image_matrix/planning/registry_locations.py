"""Where images are looked for, the most trusted place first, and where they are pushed.

The default branch looks up and pushes under the registry path. Everything else (``staging``) takes what is there, looks
below the staging path for the rest, and pushes there: what a pull request built, the default branch does not trust.

A tag is given in two steps. A build pushes ``TAG-candidate``; only when the image has passed its tests the immutable
tag itself points to it. So the tag's being there means "built and tested", and plans, children and releases look for
nothing else (docs/workflow.md).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.build import staging_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from image_matrix.config.model import Platform
    from image_matrix.planning.plan import Presence, State
    from image_matrix.registry.client import Registry

CANDIDATE = "-candidate"
"""End of the tag of an image that has not passed its tests."""


def at(state: State, prefix: str) -> State:
    """Return the same state under another registry path; keys do not depend on it."""
    loaded = replace(state.loaded, matrix=replace(state.loaded.matrix, registry=prefix))
    return replace(state, loaded=loaded)


def staged(state: State) -> State:
    """Return the state under the staging path."""
    return at(state, staging_of(state.loaded.matrix.registry, state.loaded.matrix.build))


def found(
    places: Iterable[State],
    legs: Iterable[tuple[str, Platform]],
    registry: Registry,
    tell: Callable[[str], None],
) -> dict[tuple[str, Platform], str]:
    """Return repository and digest of every leg that one of the places has; earlier places win."""
    known: dict[tuple[str, Platform], str] = {}
    wanted = list(legs)
    for state in places:
        missing = [leg for leg in wanted if leg not in known]
        known |= _digests(state, missing, registry, tell) if missing else {}
    return known


def _digests(
    state: State, legs: Iterable[tuple[str, Platform]], registry: Registry, tell: Callable[[str], None]
) -> dict[tuple[str, Platform], str]:
    """Return, for those that the registry has, their repository with the digest."""
    from image_matrix.planning.plan import reference
    from image_matrix.planning.registry_status import presence
    from image_matrix.registry.answers import Digest

    wanted = {leg: reference(state, state.loaded.variants[leg[0]], leg[1]) for leg in legs}
    answers = registry.digests(wanted.values())
    presence(answers, tell)
    found = {}
    for leg, name in wanted.items():
        answer = answers[name]
        if isinstance(answer, Digest):
            found[leg] = f"{name.rpartition(':')[0]}@{answer.digest}"
    return found


def presence_anywhere(
    places: Iterable[State], registry: Registry, tell: Callable[[str], None]
) -> dict[str, Presence]:
    """Return what the places together have, by the reference in the first of them."""
    from image_matrix.planning.plan import references
    from image_matrix.planning.registry_status import ask

    answers: list[dict[tuple[str, Platform], Presence]] = []
    names: list[dict[tuple[str, Platform], str]] = []
    for state in places:
        names.append(references(state))
        said = ask(names[-1].values(), registry, tell)
        answers.append({leg: said[name] for leg, name in names[-1].items()})
    return {names[0][leg]: _best([answer[leg] for answer in answers]) for leg in names[0]}


def _best(said: list[Presence]) -> Presence:
    order: tuple[Presence, ...] = ("present", "absent", "unknown")
    return next(presence for presence in order if presence in said)
