"""Where images are looked for, the most trusted place first, and where they are pushed.

The default branch looks up and pushes under the registry path. Everything else (``staging``) takes what is there, looks
below the staging path for the rest, and pushes there: what a pull request built, the default branch does not trust.

A tag is given in two steps. A build pushes ``TAG-candidate``; only when the image has passed its tests the immutable
tag itself points to it. So the tag's being there means "built and tested", and plans, children and releases look for
nothing else (docs/workflow.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.config.workflow import staging_of
from image_matrix.planning.plan import reference, references
from image_matrix.planning.registry_status import ask, presence
from image_matrix.registry.answers import Denied, Digest, words
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from image_matrix.config.model import Platform
    from image_matrix.planning.plan import Presence, State
    from image_matrix.registry.client import Registry

CANDIDATE = "-candidate"
"""End of the tag of an image that has not passed its tests."""


@dataclass(frozen=True, slots=True)
class Places:
    """The matrix at the places where a run looks for images and pushes them."""

    main: State
    """Under the registry path: what the default branch has."""
    staging: State | None = None
    """Below the staging path; ``None`` for a run of the default branch."""

    @property
    def order(self) -> tuple[State, ...]:
        """The places where images are looked for; an earlier one wins."""
        return (self.main,) if self.staging is None else (self.main, self.staging)

    @property
    def target(self) -> State:
        """The place where images are pushed."""
        return self.staging or self.main


def places(state: State, *, staging: bool) -> Places:
    """Return the places of a run; ``staging`` says that it is not one of the default branch."""
    return Places(state, staged(state) if staging else None)


def at(state: State, prefix: str) -> State:
    """Return the same state under another registry path; keys do not depend on it."""
    loaded = replace(state.loaded, matrix=replace(state.loaded.matrix, registry=prefix))
    return replace(state, loaded=loaded)


def staged(state: State) -> State:
    """Return the state under the staging path."""
    return at(state, staging_of(state.loaded.matrix.registry, state.loaded.matrix.workflow))


def existing_images(
    order: Iterable[State],
    legs: Iterable[tuple[str, Platform]],
    registry: Registry,
    tell: Callable[[str], None],
) -> dict[tuple[str, Platform], str]:
    """Return repository and digest of every leg that one of the places has; earlier places win.

    Raises :class:`EnvironmentFailure` where the registry gives no answer.
    """
    known: dict[tuple[str, Platform], str] = {}
    all_legs = list(legs)
    for state in order:
        missing = [leg for leg in all_legs if leg not in known]
        known |= _digests(state, missing, registry, tell) if missing else {}
    return known


def refused(
    order: Iterable[State], legs: Iterable[tuple[str, Platform]], registry: Registry
) -> dict[tuple[str, Platform], str]:
    """Return the legs that a registry refuses to speak of at one of the places, with its reason."""
    names = [(leg, references(state)[leg]) for state in order for leg in legs]
    answers = registry.digests(name for _, name in names)
    return {
        leg: f"{name}: {words(answer)}" for leg, name in names if isinstance(answer := answers[name], Denied)
    }


def _digests(
    state: State, legs: Iterable[tuple[str, Platform]], registry: Registry, tell: Callable[[str], None]
) -> dict[tuple[str, Platform], str]:
    """Return, for those that the registry has, their repository with the digest."""
    names = {leg: reference(state, state.loaded.variants[leg[0]], leg[1]) for leg in legs}
    answers = registry.digests(names.values())
    presence(answers, tell)
    return {
        leg: parse_reference(name).at(answer.digest)
        for leg, name in names.items()
        if isinstance(answer := answers[name], Digest)
    }


def presence_anywhere(places: Places, registry: Registry, tell: Callable[[str], None]) -> dict[str, Presence]:
    """Return what the places together have, by the reference in the first of them.

    What a later place has is present. What it does not have, or refuses to say, is as the first place says: that a pull
    request has not built an image says nothing about the default branch.
    """
    names = references(places.main)
    known = ask(names.values(), registry, tell)
    for state in places.order[1:]:
        later = references(state)
        answers = ask((later[leg] for leg, name in names.items() if known[name] != "present"), registry, tell)
        known |= {names[leg]: "present" for leg, name in later.items() if answers.get(name) == "present"}
    return known
