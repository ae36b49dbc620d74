"""``release``: writes indexes with their signatures, ``deploy/`` with digests, its artifact, and moving tags, in order.

It writes nothing before all images exist. Each index is signed and gets its tag before the next one, so a release that
breaks off keeps what it has signed. The push of ``deploy/`` can be rejected as a whole, so it comes before the
artifact and the moving tags. If a step fails, the next release completes it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import click

from image_matrix.cli.printing import say
from image_matrix.cli.project import open_locked
from image_matrix.cli.site_files import registry_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from image_matrix.cli.session import Session
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

    Writes an index, a signature and tags for every image, changed or not, and `deploy/` on the release branch.
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
    from image_matrix.cli.signatures import verifier_of
    from image_matrix.publish.copies import copies_of
    from image_matrix.publish.indexes import existing, required, signed
    from image_matrix.publish.moving_tags import moving_tags
    from image_matrix.publish.signing import require_signer

    state = state_of(open_locked(session))
    signing = state.loaded.matrix.release.sign
    refusal = verifier_of(session, state.loaded)
    require_signer(signing)
    git = release_git(session)
    if push:
        check_last_release(git, state, allow_older=allow_older)
    moment = _moment(git("rev-parse", "HEAD"))
    moving_tags(state, moment)  # raises if two images would have one tag, before anything is written
    registry = registry_of(session, state.loaded)
    indexes = required(state, _parts(registry, state))
    current = existing(registry, indexes)
    signs = signing.tool != "none"
    trusted = signed(indexes, current, refusal, lambda text: say(session, text)) if signs else set()
    _refuse_unproven(session, state, [index for index in indexes if index.reference not in trusted])
    _announce(session, signing, indexes, current, trusted)
    if push:
        digests = _complete(session, state, indexes, current, trusted)
        if subjects:
            _write_subjects(session, state, indexes, digests, subjects)
        update = prepare(session, state, git, digests, registry)
        update = publish(
            session,
            git,
            update,
            date.fromisoformat(moment.date),
            verified=state.loaded.matrix.release.push.verified,
        )
        write_artifact(session, state.loaded, git, update)
        moment = replace(moment, release=str(release_number(git, update)))
        tags = moving_tags(state, moment)
        _move_tags(session, state, indexes, digests, tags)
        report(update)
        copies = copies_of(state.loaded.matrix.release.copies, indexes, digests, tags)
        _copy(session, state, indexes, copies)
    return 0


def _refuse_unproven(session: Session, state: State, indexes: Iterable[Index]) -> None:
    """Raise :class:`Failure` if an image of an unsigned index was not tested and scanned by this workflow."""
    from image_matrix.cli.signatures import trust_of
    from image_matrix.errors import Failure
    from image_matrix.publish.indexes import images_of, policy_of
    from image_matrix.publish.trust import unproven
    from image_matrix.text import listed

    trust, settings = trust_of(session, state.loaded, staging=False), state.loaded.matrix.release
    if trust is None:
        return
    policy = None if settings.scan.tool == "none" else policy_of(settings)
    reasons = unproven(state, images_of(indexes), policy, trust)
    if reasons:
        names = [f"{name} ({platform}): {reason}" for (name, platform), reason in reasons.items()]
        raise Failure(
            f"nothing was released: {listed(names, 5)}",
            "run the workflow for all images: leave its input `images` empty. It builds what is not signed as tested, "
            "and scans what is not released",
        )


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
    indexes: list[Index],
    current: Mapping[str, str],
    trusted: Collection[str],
) -> dict[str, str]:
    """Create missing indexes, sign those without a valid signature, tag them; return all digests by variant."""
    from image_matrix.build.imagetools import create
    from image_matrix.cli.signatures import workflow_claim
    from image_matrix.publish.finish import FinishTools, finish
    from image_matrix.publish.signing import sign

    created = _create_indexes(session, state, [index for index in indexes if index.reference not in current])
    digests = {**current, **created}
    signing, workflow = state.loaded.matrix.release.sign, workflow_claim(state.loaded)
    claims = {index.reference: {**index.claims, **workflow} for index in indexes}
    tools = FinishTools(
        sign=lambda reference, image: sign(signing, image, claims[reference]),
        tag=lambda reference, image: create(reference, [image]),
        each=_each,
    )
    finish(digests, trusted, current, tools)
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
    indexes: list[Index],
    current: Mapping[str, str],
    trusted: Collection[str],
) -> None:
    """Print what the release does."""
    for index in indexes:
        if index.reference not in current:
            say(session, f"{index.variant.id}: new index {index.reference}")
    unsigned = "signing is off" if signing.tool == "none" else f"{len(indexes) - len(trusted)} to sign"
    say(session, f"{len(indexes) - len(current)} indexes to create, {unsigned}, {len(current)} exist")


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
