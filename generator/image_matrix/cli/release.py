"""``release``: indexes, signatures, ``deploy/`` with digests and moving tags, in this order.

Nothing moves before everything is there. The push of ``deploy/`` is what others may refuse, and it is one step that
happens or does not; so it comes before the tags. What is left undone by a failure, the next release does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

import click

from image_matrix.cli.session import Session, ca_bundle, open_project, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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
    from image_matrix.github.branch_commit import actions_git
    from image_matrix.publish.release import existing, required

    state = state_of(open_project(session))
    git = actions_git(session.root)
    if push:
        look_at_the_last(git, state, allow_older=allow_older)
    indexes = required(state, _parts(_registry(session, state), state))
    there = existing(_registry(session, state), indexes)
    _report(session, indexes, there)
    if not push:
        return 0
    made = _made(session, state, [index for index in indexes if index.reference not in there])
    digests = {index.variant.id: {**there, **made}[index.reference] for index in indexes}
    update = prepare(session, state, git, digests)
    publish(session, git, update)
    _move_tags(session, state, indexes, digests)
    report(update)
    return 0


def _registry(session: Session, state: State) -> Registry:
    """Return a client that has not asked for anything yet."""
    from image_matrix.registry.client import open_registry

    return open_registry(state.loaded.matrix, ca_bundle(session, state.loaded))


def _parts(registry: Registry, state: State) -> dict[tuple[str, str], Manifest | None]:
    """Return each variant's image on each platform, or ``None``; raises where the registry does not answer."""
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.planning.plan import references
    from image_matrix.registry.answers import Absent, Manifest, words

    names = references(state)
    answers = registry.manifests(names.values())
    found: dict[tuple[str, str], Manifest | None] = {}
    for leg, name in names.items():
        answer = answers[name]
        if not isinstance(answer, (Manifest, Absent)):
            raise EnvironmentFailure(
                f"{name}: {words(answer)}", "check `registry:`, the network and the login"
            )
        found[leg] = answer if isinstance(answer, Manifest) else None
    return found


def _each(work: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(work, items))


def _report(session: Session, indexes: list[Index], there: Mapping[str, str]) -> None:
    for index in indexes:
        if index.reference not in there:
            say(session, f"{index.variant.id}: new index {index.reference}")
    kept = len(there)
    say(session, f"{len(indexes) - kept} indexes to make and sign, {kept} are there")


def _made(session: Session, state: State, indexes: list[Index]) -> dict[str, str]:
    """Make the indexes under their candidate tags, sign them, then give them their own tags; return their digests."""
    from image_matrix.build.imagetools import create
    from image_matrix.planning.registry_locations import CANDIDATE
    from image_matrix.publish.signing import sign

    _each(_create, indexes)
    registry = _registry(session, state)
    names = [index.reference for index in indexes]
    found = {name: _digest(registry, f"{name}{CANDIDATE}") for name in names}
    signing = state.loaded.matrix.release.sign
    by_digest = {name: f"{name.rpartition(':')[0]}@{digest}" for name, digest in found.items()}
    _each(lambda name: sign(signing, by_digest[name]), by_digest)
    _each(lambda name: create(name, [by_digest[name]]), by_digest)
    return found


def _create(index: Index) -> None:
    from datetime import UTC, datetime

    from image_matrix.build.imagetools import create
    from image_matrix.planning.registry_locations import CANDIDATE
    from image_matrix.publish.release import origin

    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = origin(os.environ, now, index)
    create(f"{index.reference}{CANDIDATE}", index.sources, said)


def _digest(registry: Registry, reference: str) -> str:
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.registry.answers import Digest, words

    answer = registry.digest(reference)
    if not isinstance(answer, Digest):
        raise EnvironmentFailure(
            f"{reference}: {words(answer)}", "it was written a moment ago; run the job again"
        )
    return answer.digest


def _move_tags(session: Session, state: State, indexes: list[Index], digests: Mapping[str, str]) -> None:
    from image_matrix.build.imagetools import create
    from image_matrix.publish.release import moving_tags
    from image_matrix.registry.answers import Digest

    registry = _registry(session, state)
    repositories = {index.variant.id: index.repository for index in indexes}
    tags = moving_tags(state)
    answers = registry.digests(tags)
    stale = [tag for tag, name in tags.items() if answers[tag] != Digest(digests[name])]
    _each(lambda tag: create(tag, [f"{repositories[tags[tag]]}@{digests[tags[tag]]}"]), stale)
    say(session, f"{len(stale)} of {len(tags)} moving tags moved")
