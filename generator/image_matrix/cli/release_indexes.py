"""Creates, signs and tags the indexes of a release; says which variants are held back."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from image_matrix.cli.network_files import registry_of
from image_matrix.cli.printing import note, say

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.model import LegId
    from image_matrix.planning.plan import State
    from image_matrix.publish.indexes import Index
    from image_matrix.registry.answers import Manifest
    from image_matrix.registry.client import Registry


WRITERS = 4
"""Manifests that are written at the same time: registries answer bursts with 429."""
_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Ready:
    """What a release releases, and what not."""

    indexes: list[Index]
    current: Mapping[str, str]
    """The digests, by reference, of the indexes that exist."""
    trusted: Collection[str]
    """The references of the indexes with a valid signature."""
    held: Mapping[str, str]
    """The variants that are held back, with the reason."""


def ready_indexes(session: Session, state: State) -> Ready:
    """Return what can be released; raises :class:`Failure` if that is nothing."""
    from image_matrix.cli.signatures import verifier_of
    from image_matrix.publish.held_back import (
        WITH_WORKFLOW,
        advice_by_hand,
        held_back,
        not_ready,
        refuse_to_release_nothing,
    )
    from image_matrix.publish.indexes import complete, existing, signed

    variants, signs = state.loaded.variants, state.loaded.matrix.release.sign.tool != "none"
    refusal, registry = verifier_of(session, state.loaded), registry_of(session, state.loaded)
    parts = _parts(registry, state)
    indexes = complete(state, parts)
    current = existing(registry, indexes)
    trusted = signed(indexes, current, refusal, lambda text: say(session, text)) if signs else set()
    unsigned = [index for index in indexes if index.reference not in trusted]
    reasons = {**_unproven(session, state, unsigned), **not_ready(variants, parts)}
    held = held_back(variants, reasons)
    for name, reason in held.items():
        say(session, f"{name} is held back: {reason}")
    ready = [index for index in indexes if index.variant.id not in held]
    advice = WITH_WORKFLOW if state.loaded.matrix.workflow.rendered else advice_by_hand(reasons)
    refuse_to_release_nothing(held, ready, advice)
    present = {index.reference: current[index.reference] for index in ready if index.reference in current}
    return Ready(ready, present, trusted, held)


@dataclass(frozen=True, slots=True)
class Written:
    """The indexes of a release, all of them in the registry, signed and tagged."""

    indexes: list[Index]
    digests: Mapping[str, str]
    """By variant."""


def _unproven(session: Session, state: State, indexes: Iterable[Index]) -> dict[LegId, str]:
    """Return the images of unsigned indexes that this workflow has not tested and scanned, with the reason."""
    from image_matrix.cli.signatures import UNVERIFIED, trust_of
    from image_matrix.publish.indexes import images_of, policy_of
    from image_matrix.publish.trust import unproven

    trust, settings = trust_of(session, state.loaded, staging=False), state.loaded.matrix.release
    if trust is None:
        note(session, UNVERIFIED)
        return {}
    policy = None if settings.scan.tool == "none" else policy_of(settings)
    return unproven(state, images_of(indexes), policy, trust)


def complete_indexes(session: Session, state: State, ready: Ready) -> Written:
    """Create missing indexes, sign those without a valid signature, tag them."""
    from image_matrix.build.imagetools import create
    from image_matrix.cli.signatures import workflow_claim
    from image_matrix.publish.finish import FinishTools, finish
    from image_matrix.publish.signing import sign

    indexes = ready.indexes
    missing = [index for index in indexes if index.reference not in ready.current]
    digests = {**ready.current, **_create_indexes(session, state, missing)}
    signing, workflow = state.loaded.matrix.release.sign, workflow_claim(state.loaded)
    claims = {index.reference: {**index.claims, **workflow} for index in indexes}
    tools = FinishTools(
        sign=lambda reference, image: sign(signing, image, claims[reference]),
        tag=lambda reference, image: create(reference, [image]),
        each=each,
    )
    finish(digests, ready.trusted, ready.current, tools)
    return Written(indexes, {index.variant.id: digests[index.reference] for index in indexes})


def _parts(registry: Registry, state: State) -> dict[tuple[str, str], Manifest | None]:
    """Return each variant's image on each platform, or ``None``; raises if the registry does not answer."""
    from image_matrix.planning.plan import references
    from image_matrix.registry.answers import manifest_or_none

    names = references(state)
    answers = registry.manifests(names.values())
    return {leg: manifest_or_none(name, answers[name]) for leg, name in names.items()}


def each(work: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
    """Return the results of work on items, a few at the same time."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(work, items))


def _create_indexes(session: Session, state: State, indexes: list[Index]) -> dict[str, str]:
    """Create indexes under their candidate tags; return their digests by their final references."""
    each(_create, indexes)
    registry = registry_of(session, state.loaded)
    return {index.reference: _digest(registry, index) for index in indexes}


def _create(index: Index) -> None:
    from datetime import UTC, datetime

    from image_matrix.build.imagetools import create
    from image_matrix.planning.registry_locations import CANDIDATE
    from image_matrix.publish.indexes import origin

    now = datetime.now(UTC).isoformat(timespec="seconds")
    annotations = origin(os.environ, now, index)
    create(f"{index.reference}{CANDIDATE}", index.sources, annotations)


def _digest(registry: Registry, index: Index) -> str:
    """Return the digest of an index that was just created.

    Raises :class:`Failure` if its tag now points to something else, which must not be signed.
    """
    from image_matrix.errors import EnvironmentFailure, Failure
    from image_matrix.planning.registry_locations import CANDIDATE
    from image_matrix.registry.answers import Manifest, words

    reference = f"{index.reference}{CANDIDATE}"
    answer = registry.manifest(reference)
    if not isinstance(answer, Manifest):
        raise EnvironmentFailure(f"{reference}: {words(answer)}", "it was just written; run the job again")
    if not index.has_the_content_of(answer):
        raise Failure(
            f"{reference} is not what this release has just written: somebody else writes to the registry",
            "nothing was released; check who can push to the registry, then run the job again",
        )
    return answer.digest
