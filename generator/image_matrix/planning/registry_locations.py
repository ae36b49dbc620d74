"""Determines where a run looks for images, the most trusted location first, and where it pushes them.

The default branch reads and pushes under the registry path. Other runs (``staging``) read there first, then under the
staging path, and push under the staging path, since the default branch does not trust what a pull request has built.

An image gets its tag in two steps. A build pushes ``TAG-candidate``. After the image has passed its tests, the
immutable tag points to it. So the immutable tag means "built and tested": plans, children and releases look only for
this tag (docs/workflow.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.config.platforms import architecture
from image_matrix.config.workflow import staging_of
from image_matrix.planning.plan import reference, references
from image_matrix.planning.registry_status import presence, registry_presence
from image_matrix.registry.answers import Denied, Digest, words
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from image_matrix.config.platforms import Platform
    from image_matrix.planning.plan import Presence, State
    from image_matrix.registry.client import Registry

CANDIDATE = "-candidate"
"""The suffix of the tag of an image that has not passed its tests."""
CACHE = "cache-"
"""The beginning of the tag of a cache of builds."""


@dataclass(frozen=True, slots=True)
class Locations:
    """The matrix under the registry paths where a run looks for images and pushes them."""

    main: State
    """Under the registry path of the default branch."""
    staging: State | None = None
    """Under the staging path; ``None`` for a run of the default branch."""

    @property
    def order(self) -> tuple[State, ...]:
        """The locations to look for images; an earlier one wins."""
        return (self.main,) if self.staging is None else (self.main, self.staging)

    @property
    def target(self) -> State:
        """The location to push images to."""
        return self.staging or self.main


def registry_locations(state: State, *, staging: bool) -> Locations:
    """Return the locations of a run; ``staging`` is true unless it is a run of the default branch."""
    return Locations(state, staged(state) if staging else None)


def at(state: State, prefix: str) -> State:
    """Return the same state under another registry path; keys do not depend on it."""
    loaded = replace(state.loaded, matrix=replace(state.loaded.matrix, registry=prefix))
    return replace(state, loaded=loaded)


def staged(state: State) -> State:
    """Return the state under the staging path."""
    return at(state, staging_of(state.loaded.matrix.registry, state.loaded.matrix.workflow))


def cache_reference(state: State, name: str, platform: Platform) -> str:
    """Return the full reference of the cache of a variant's builds for a platform, a tag beside the image."""
    item = state.loaded.variants[name]
    return f"{state.loaded.matrix.repository(item)}:{CACHE}{item.label}-{architecture(platform)}"


def existing_images(
    order: Iterable[State],
    legs: Iterable[tuple[str, Platform]],
    registry: Registry,
    log: Callable[[str], None],
) -> dict[tuple[str, Platform], str]:
    """Return repository and digest of each leg that exists in one of the locations; earlier ones win.

    Raises :class:`EnvironmentFailure` if the registry gives no answer.
    """
    known: dict[tuple[str, Platform], str] = {}
    all_legs = list(legs)
    for state in order:
        missing = [leg for leg in all_legs if leg not in known]
        known |= _digests(state, missing, registry, log) if missing else {}
    return known


def refused(
    order: Iterable[State], legs: Iterable[tuple[str, Platform]], registry: Registry
) -> dict[tuple[str, Platform], str]:
    """Return the legs to which the registry denies access in one of the locations, with its reason."""
    names = [(leg, references(state)[leg]) for state in order for leg in legs]
    answers = registry.digests(name for _, name in names)
    return {
        leg: f"{name}: {words(answer)}" for leg, name in names if isinstance(answer := answers[name], Denied)
    }


def _digests(
    state: State, legs: Iterable[tuple[str, Platform]], registry: Registry, log: Callable[[str], None]
) -> dict[tuple[str, Platform], str]:
    """Return repository and digest of the legs that the registry has."""
    names = {leg: reference(state, state.loaded.variants[leg[0]], leg[1]) for leg in legs}
    answers = registry.digests(names.values())
    presence(answers, log)
    return {
        leg: parse_reference(name).at(answer.digest)
        for leg, name in names.items()
        if isinstance(answer := answers[name], Digest)
    }


def presence_anywhere(
    locations: Locations, registry: Registry, log: Callable[[str], None]
) -> dict[str, Presence]:
    """Return the status over all locations, by the reference in the first of them.

    An image in a later place is present. If a later place does not have it, or denies access, the status of the first
    place counts: a missing build of a pull request says nothing about the default branch.
    """
    names = references(locations.main)
    known = registry_presence(names.values(), registry, log)
    for state in locations.order[1:]:
        later = references(state)
        answers = registry_presence(
            (later[leg] for leg, name in names.items() if known[name] != "present"), registry, log
        )
        known |= {names[leg]: "present" for leg, name in later.items() if answers.get(name) == "present"}
    return known
