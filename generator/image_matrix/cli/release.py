"""``release``: writes indexes with their signatures, ``deploy/`` with digests, its artifact, and moving tags, in order.

Variants that are not ready are held back, with what stands on them: it writes nothing of theirs. Each other index is
signed and gets its tag before the next one, so a release that breaks off keeps what it has signed. The push of
``deploy/`` can be rejected as a whole, so it comes before the artifact and the moving tags. If a step fails, the next
release completes it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import click

from image_matrix.cli.printing import say
from image_matrix.cli.project import open_locked
from image_matrix.cli.site_files import registry_of
from image_matrix.telemetry import span

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.model import LegId
    from image_matrix.config.release import Signing
    from image_matrix.planning.plan import State
    from image_matrix.publish.copies import Copy
    from image_matrix.publish.indexes import Index
    from image_matrix.publish.moving_tags import Moment
    from image_matrix.registry.answers import Manifest
    from image_matrix.registry.client import Registry

WRITERS = 4
"""Manifests that are written at the same time: registries answer bursts with 429."""
_T = TypeVar("_T")
_R = TypeVar("_R")


@click.command()
@click.option(
    "--push/--dry-run",
    default=False,
    help="Release; otherwise print what a release would do.  [default: dry-run]",
)
@click.option(
    "--allow-older",
    is_flag=True,
    envvar="IMAGE_MATRIX_ALLOW_OLDER",
    help="Release even if a newer commit has been released.",
)
@click.option(
    "--subjects",
    metavar="FILE",
    help="Workflow: write the indexes of this run to FILE-N.txt, for GitHub's attestation.",
)
@click.pass_obj
def release(session: Session, push: bool, allow_older: bool, subjects: str | None) -> int:
    """Release the images that are built and tested.

    Writes an index, a signature and tags for every image, changed or not, and `deploy/` on the release branch. An image
    that is not ready is held back, with what stands on it: both stay as they were released last.
    """
    from datetime import date

    from image_matrix.cli.artifact import write_artifact
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.release_branch import (
        check_last_release,
        prepare,
        publish,
        release_git,
        release_number,
        report,
    )
    from image_matrix.publish.copies import copies_of
    from image_matrix.publish.moving_tags import moving_tags
    from image_matrix.publish.signing import require_signer

    state = state_of(open_locked(session))
    signing = state.loaded.matrix.release.sign
    require_signer(signing)
    git = release_git(session)
    if push:
        check_last_release(git, state, allow_older=allow_older)
    moment = _moment(git("rev-parse", "HEAD"))
    moving_tags(state, moment)  # raises if two images would have one tag, before anything is written
    ready = _ready(session, state)
    indexes = ready.indexes
    _announce(session, signing, ready)
    if push:
        with span("sign indexes", images=len(indexes)):
            digests = _complete(session, state, ready)
        if subjects:
            _write_subjects(session, state, indexes, digests, subjects)
        with span("push the release branch"):
            update = prepare(session, state, git, digests, registry_of(session, state.loaded), ready.held)
            update = publish(
                session,
                git,
                update,
                date.fromisoformat(moment.date),
                verified=state.loaded.matrix.release.push.verified,
            )
        write_artifact(session, state.loaded, git, update)
        moment = replace(moment, release=str(release_number(git, update)))
        tags = {tag: name for tag, name in moving_tags(state, moment).items() if name in digests}
        with span("move tags", tags=len(tags)):
            _move_tags(session, state, indexes, digests, tags)
        report(update)
        copies = copies_of(state.loaded.matrix.release.copies, indexes, digests, tags)
        _copy(session, state, indexes, copies)
    return 0


@dataclass(frozen=True, slots=True)
class _Ready:
    """What a release releases, and what not."""

    indexes: list[Index]
    current: Mapping[str, str]
    """The digests, by reference, of the indexes that exist."""
    trusted: Collection[str]
    """The references of the indexes with a valid signature."""
    held: Mapping[str, str]
    """The variants that are held back, with the reason."""


def _ready(session: Session, state: State) -> _Ready:
    """Return what can be released; raises :class:`Failure` if that is nothing."""
    from image_matrix.cli.signatures import verifier_of
    from image_matrix.publish.held_back import held_back, not_ready, refuse_to_release_nothing
    from image_matrix.publish.indexes import complete, existing, signed

    variants, signs = state.loaded.variants, state.loaded.matrix.release.sign.tool != "none"
    refusal, registry = verifier_of(session, state.loaded), registry_of(session, state.loaded)
    parts = _parts(registry, state)
    indexes = complete(state, parts)
    current = existing(registry, indexes)
    trusted = signed(indexes, current, refusal, lambda text: say(session, text)) if signs else set()
    unsigned = [index for index in indexes if index.reference not in trusted]
    held = held_back(variants, {**_unproven(session, state, unsigned), **not_ready(variants, parts)})
    for name, reason in held.items():
        say(session, f"{name} is held back: {reason}")
    ready = [index for index in indexes if index.variant.id not in held]
    refuse_to_release_nothing(held, ready)
    present = {index.reference: current[index.reference] for index in ready if index.reference in current}
    return _Ready(ready, present, trusted, held)


def _unproven(session: Session, state: State, indexes: Iterable[Index]) -> dict[LegId, str]:
    """Return the images of unsigned indexes that this workflow has not tested and scanned, with the reason."""
    from image_matrix.cli.signatures import trust_of
    from image_matrix.publish.indexes import images_of, policy_of
    from image_matrix.publish.trust import unproven

    trust, settings = trust_of(session, state.loaded, staging=False), state.loaded.matrix.release
    if trust is None:
        return {}
    policy = None if settings.scan.tool == "none" else policy_of(settings)
    return unproven(state, images_of(indexes), policy, trust)


def _write_subjects(
    session: Session, state: State, indexes: list[Index], digests: Mapping[str, str], prefix: str
) -> None:
    """Write what the run has created for ``actions/attest``, and name the files as outputs of the step."""
    from pathlib import Path

    from image_matrix.build.origin import build_origin
    from image_matrix.github.files import OUTPUT, append
    from image_matrix.publish.indexes import RUN
    from image_matrix.publish.subjects import attestations, subjects
    from image_matrix.registry.answers import manifest_or_none

    registry = registry_of(session, state.loaded)

    def run_of(image: str) -> str:
        manifest = manifest_or_none(image, registry.manifest(image))
        return manifest.annotations.get(RUN, "") if manifest else ""

    lines = subjects(indexes, digests, build_origin(os.environ).run, run_of)
    for number, content in enumerate(attestations(lines)):
        path = Path(f"{prefix}-{number}.txt")
        path.write_text(content, encoding="utf-8")
        append(OUTPUT, f"subjects_{number}={path}\n")
    say(session, f"{len(lines)} indexes of this run to attest")


def _copy(session: Session, state: State, indexes: list[Index], copies: list[Copy]) -> None:
    """Copy the release to other registries, if there are any."""
    from image_matrix.build.imagetools import create
    from image_matrix.cli.signatures import verifier_of, workflow_claim
    from image_matrix.publish.copies import CopyTools, make_copies
    from image_matrix.publish.signing import sign

    if not copies:
        return
    signing, refusal = state.loaded.matrix.release.sign, verifier_of(session, state.loaded)
    workflow = workflow_claim(state.loaded)
    claims = {index.variant.id: {**index.claims, **workflow} for index in indexes}

    def sign_copy(copy: Copy) -> None:
        if signing.tool != "none" and refusal(copy.image, claims[copy.variant]):
            sign(signing, copy.image, claims[copy.variant])

    tools = CopyTools(
        digests=registry_of(session, state.loaded).digests,
        point=lambda reference, source: create(reference, [source]),
        sign=sign_copy,
        each=_each,
    )
    written = make_copies(copies, tools)
    say(session, f"{len(copies)} copies in other registries, {written} tags written")


def _moment(commit: str) -> Moment:
    """Return the moment of a release; its number is known when it is on the release branch."""
    from datetime import UTC, datetime

    from image_matrix.publish.moving_tags import Moment

    return Moment(datetime.now(UTC).date().isoformat(), commit, release="{release}")


def _complete(
    session: Session,
    state: State,
    ready: _Ready,
) -> dict[str, str]:
    """Create missing indexes, sign those without a valid signature, tag them; return all digests by variant."""
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
        each=_each,
    )
    finish(digests, ready.trusted, ready.current, tools)
    return {index.variant.id: digests[index.reference] for index in indexes}


def _parts(registry: Registry, state: State) -> dict[tuple[str, str], Manifest | None]:
    """Return each variant's image on each platform, or ``None``; raises if the registry does not answer."""
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
    ready: _Ready,
) -> None:
    """Print what the release does."""
    missing = [index for index in ready.indexes if index.reference not in ready.current]
    for index in missing:
        say(session, f"{index.variant.id}: new index {index.reference}")
    to_sign = sum(index.reference not in ready.trusted for index in ready.indexes)
    unsigned = "signing is off" if signing.tool == "none" else f"{to_sign} to sign"
    say(session, f"{len(missing)} indexes to create, {unsigned}, {len(ready.current)} exist")


def _create_indexes(session: Session, state: State, indexes: list[Index]) -> dict[str, str]:
    """Create indexes under their candidate tags; return their digests by their final references."""
    _each(_create, indexes)
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


def _move_tags(
    session: Session,
    state: State,
    indexes: list[Index],
    digests: Mapping[str, str],
    tags: Mapping[str, str],
) -> None:
    """Point each moving tag to the index of its variant; ``tags`` gives variants by full reference."""
    from image_matrix.build.imagetools import create
    from image_matrix.registry.answers import Digest

    registry = registry_of(session, state.loaded)
    repositories = {index.variant.id: index.repository for index in indexes}
    answers = registry.digests(tags)
    stale = [tag for tag, name in tags.items() if answers[tag] != Digest(digests[name])]
    _each(lambda tag: create(tag, [f"{repositories[tags[tag]]}@{digests[tags[tag]]}"]), stale)
    say(session, f"{len(stale)} of {len(tags)} moving tags updated")
