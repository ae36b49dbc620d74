"""``release``: indexes, signatures, ``deploy/`` with digests and moving tags, in this order.

Nothing moves before everything is there. The push of ``deploy/`` is what others may refuse, and it is one step that
happens or does not; so it comes before the tags. What is left undone by a failure, the next release does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

import click

from image_matrix.cli.session import Session, open_locked, registry_of, say

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from image_matrix.config.release import Signing
    from image_matrix.planning.plan import State
    from image_matrix.publish.release import Index
    from image_matrix.registry.answers import Manifest
    from image_matrix.registry.client import Registry

WRITERS = 4
"""Manifests written at once: registries answer bursts with 429."""
_T = TypeVar("_T")
_R = TypeVar("_R")


@click.command()
@click.option(
    "--push/--dry-run", default=False, help="Do it; otherwise say what would be done.  [default: dry-run]"
)
@click.option(
    "--allow-older", is_flag=True, help="Release although a newer commit has been released already."
)
@click.pass_obj
def release(session: Session, push: bool, allow_older: bool) -> int:
    """Release what is built and tested.

    Every image, changed or not: index, signature, tags, and `deploy/` on the release branch.
    """
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.release_branch import look_at_the_last, prepare, publish, report
    from image_matrix.cli.signatures import verifier_of
    from image_matrix.github.branch_commit import actions_git
    from image_matrix.publish.release import existing, required, signed
    from image_matrix.publish.signing import require_signer

    state = state_of(open_locked(session))
    signing = state.loaded.matrix.release.sign
    refusal = verifier_of(session, state.loaded)
    require_signer(signing)
    git = actions_git(session.root)
    if push:
        look_at_the_last(git, state, allow_older=allow_older)
    registry = registry_of(session, state.loaded)
    indexes = required(state, _parts(registry, state))
    current = existing(registry, indexes)
    signs = signing.tool != "none"
    trusted = signed(current, refusal, lambda text: say(session, text)) if signs else set()
    _announce(session, signing, indexes, current, trusted)
    if push:
        digests = _complete(session, state, indexes, current, trusted)
        update = prepare(session, state, git, digests)
        publish(session, git, update)
        _move_tags(session, state, indexes, digests)
        report(update)
    return 0


def _complete(
    session: Session,
    state: State,
    indexes: list[Index],
    current: Mapping[str, str],
    trusted: Collection[str],
) -> dict[str, str]:
    """Make what is missing, sign what no signature vouches for, tag it; return every index' digest by variant."""
    made = _made(session, state, [index for index in indexes if index.reference not in current])
    every = {**current, **made}
    unsigned = {name: digest for name, digest in every.items() if name not in trusted}
    _sign(state.loaded.matrix.release.sign, unsigned)
    _tag(made)
    return {index.variant.id: every[index.reference] for index in indexes}


def _parts(registry: Registry, state: State) -> dict[tuple[str, str], Manifest | None]:
    """Return each variant's image on each platform, or ``None``; raises where the registry does not answer."""
    from image_matrix.planning.plan import references
    from image_matrix.registry.answers import manifest_or_none

    names = references(state)
    answers = registry.manifests(names.values())
    return {leg: manifest_or_none(name, answers[name]) for leg, name in names.items()}


def _each(work: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(work, items))


def _announce(
    session: Session,
    signing: Signing,
    indexes: list[Index],
    current: Mapping[str, str],
    trusted: Collection[str],
) -> None:
    """Say what there is to do."""
    for index in indexes:
        if index.reference not in current:
            say(session, f"{index.variant.id}: new index {index.reference}")
    unsigned = "signing is off" if signing.tool == "none" else f"{len(indexes) - len(trusted)} to sign"
    say(session, f"{len(indexes) - len(current)} indexes to make, {unsigned}, {len(current)} are there")


def _made(session: Session, state: State, indexes: list[Index]) -> dict[str, str]:
    """Make indexes under their candidate tags; return their digests by the reference that they are to get."""
    _each(_create, indexes)
    registry = registry_of(session, state.loaded)
    return {index.reference: _digest(registry, index) for index in indexes}


def _sign(signing: Signing, digests: Mapping[str, str]) -> None:
    from image_matrix.publish.release import by_digest
    from image_matrix.publish.signing import sign

    _each(lambda name: sign(signing, by_digest(name, digests[name])), digests)


def _tag(digests: Mapping[str, str]) -> None:
    """Give the indexes their own tags."""
    from image_matrix.build.imagetools import create
    from image_matrix.publish.release import by_digest

    _each(lambda name: create(name, [by_digest(name, digests[name])]), digests)


def _create(index: Index) -> None:
    from datetime import UTC, datetime

    from image_matrix.build.imagetools import create
    from image_matrix.planning.registry_locations import CANDIDATE
    from image_matrix.publish.release import origin

    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = origin(os.environ, now, index)
    create(f"{index.reference}{CANDIDATE}", index.sources, said)


def _digest(registry: Registry, index: Index) -> str:
    """Return the digest of an index that was made a moment ago.

    Its tag may point to something else by now, and that must not be signed: raises :class:`Failure` then.
    """
    from image_matrix.errors import EnvironmentFailure, Failure
    from image_matrix.planning.registry_locations import CANDIDATE
    from image_matrix.registry.answers import Manifest, words

    reference = f"{index.reference}{CANDIDATE}"
    answer = registry.manifest(reference)
    if not isinstance(answer, Manifest):
        raise EnvironmentFailure(
            f"{reference}: {words(answer)}", "it was written a moment ago; run the job again"
        )
    if not index.has_the_content_of(answer):
        raise Failure(
            f"{reference} is not what this release has just written: somebody else writes to the registry",
            "nothing was released; see who may push there, then run the job again",
        )
    return answer.digest


def _move_tags(session: Session, state: State, indexes: list[Index], digests: Mapping[str, str]) -> None:
    from image_matrix.build.imagetools import create
    from image_matrix.publish.release import moving_tags
    from image_matrix.registry.answers import Digest

    registry = registry_of(session, state.loaded)
    repositories = {index.variant.id: index.repository for index in indexes}
    tags = moving_tags(state)
    answers = registry.digests(tags)
    stale = [tag for tag, name in tags.items() if answers[tag] != Digest(digests[name])]
    _each(lambda tag: create(tag, [f"{repositories[tags[tag]]}@{digests[tags[tag]]}"]), stale)
    say(session, f"{len(stale)} of {len(tags)} moving tags moved")
