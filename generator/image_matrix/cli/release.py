"""``release``: writes indexes with their signatures, ``deploy/`` with digests, its artifact, and moving tags, in order.

Variants that are not ready are held back, with what stands on them: it writes nothing of theirs. Each other index is
signed and gets its tag before the next one, so a release that breaks off keeps what it has signed. The push of
``deploy/`` can be rejected as a whole, so it comes before the artifact and the moving tags. If a step fails, the next
release completes it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from image_matrix.cli.network_files import registry_of
from image_matrix.cli.printing import say
from image_matrix.cli.project import open_locked
from image_matrix.cli.release_indexes import Ready, Written, complete_indexes, each, ready_indexes
from image_matrix.telemetry import span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.branch_update import Update
    from image_matrix.cli.session import Session
    from image_matrix.config.release import Signing
    from image_matrix.github.branch_commit import Git
    from image_matrix.planning.plan import State
    from image_matrix.publish.copies import Copy
    from image_matrix.publish.moving_tags import Moment


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
    from image_matrix.cli.branch_push import release_number
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.release_branch import check_last_release, release_git
    from image_matrix.cli.release_report import report_release
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
    ready = ready_indexes(session, state)
    _announce(session, signing, ready)
    if push:
        with span("sign indexes", images=len(ready.indexes)):
            written = complete_indexes(session, state, ready)
        if subjects:
            _write_subjects(session, state, written, subjects)
        update = _update_branch(session, state, git, written, ready.held, moment.date)
        numbered = replace(moment, release=str(release_number(git, update)))
        tags = _move_tags(session, state, written, numbered)
        report_release(update)
        _copy(session, state, written, tags)
    return 0


def _update_branch(
    session: Session, state: State, git: Git, written: Written, held: Mapping[str, str], today: str
) -> Update:
    """Push ``deploy/`` with the digests, then its artifact; return what has changed."""
    from datetime import date

    from image_matrix.cli.artifact import write_artifact
    from image_matrix.cli.branch_push import publish
    from image_matrix.cli.branch_update import prepare

    verified = state.loaded.matrix.release.push.verified
    with span("push the release branch"):
        update = prepare(session, state, git, written.digests, registry_of(session, state.loaded), held)
        update = publish(session, git, update, date.fromisoformat(today), verified=verified)
    write_artifact(session, state.loaded, git, update)
    return update


def _write_subjects(session: Session, state: State, written: Written, prefix: str) -> None:
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

    lines = subjects(written.indexes, written.digests, build_origin(os.environ).run, run_of)
    for number, content in enumerate(attestations(lines)):
        path = Path(f"{prefix}-{number}.txt")
        path.write_text(content, encoding="utf-8")
        append(OUTPUT, f"subjects_{number}={path}\n")
    say(session, f"{len(lines)} indexes of this run to attest")


def _copy(session: Session, state: State, written: Written, tags: Mapping[str, str]) -> None:
    """Copy the release with its moving tags to other registries, if there are any."""
    from image_matrix.build.imagetools import create
    from image_matrix.cli.signatures import verifier_of, workflow_claim
    from image_matrix.publish.copies import CopyTools, copies_of, make_copies
    from image_matrix.publish.signing import sign

    copies = copies_of(state.loaded.matrix.release.copies, written.indexes, written.digests, tags)
    if not copies:
        return
    signing, refusal = state.loaded.matrix.release.sign, verifier_of(session, state.loaded)
    workflow = workflow_claim(state.loaded)
    claims = {index.variant.id: {**index.claims, **workflow} for index in written.indexes}

    def sign_copy(copy: Copy) -> None:
        if signing.tool != "none" and refusal(copy.image, claims[copy.variant]):
            sign(signing, copy.image, claims[copy.variant])

    tools = CopyTools(
        digests=registry_of(session, state.loaded).digests,
        point=lambda reference, source: create(reference, [source]),
        sign=sign_copy,
        each=each,
    )
    moved = make_copies(copies, tools)
    say(session, f"{len(copies)} copies in other registries, {moved} tags written")


def _moment(commit: str) -> Moment:
    """Return the moment of a release; its number is known when it is on the release branch."""
    from datetime import UTC, datetime

    from image_matrix.publish.moving_tags import Moment

    return Moment(datetime.now(UTC).date().isoformat(), commit, release="{release}")


def _announce(session: Session, signing: Signing, ready: Ready) -> None:
    """Print what the release does."""
    missing = [index for index in ready.indexes if index.reference not in ready.current]
    for index in missing:
        say(session, f"{index.variant.id}: new index {index.reference}")
    to_sign = sum(index.reference not in ready.trusted for index in ready.indexes)
    unsigned = "signing is off" if signing.tool == "none" else f"{to_sign} to sign"
    say(session, f"{len(missing)} indexes to create, {unsigned}, {len(ready.current)} exist")


def _move_tags(session: Session, state: State, written: Written, moment: Moment) -> dict[str, str]:
    """Point each moving tag to the index of its variant; return the variants by the full references of their tags."""
    from image_matrix.build.imagetools import create
    from image_matrix.publish.moving_tags import moving_tags
    from image_matrix.registry.answers import Digest

    digests, registry = written.digests, registry_of(session, state.loaded)
    repositories = {index.variant.id: index.repository for index in written.indexes}
    tags = {tag: name for tag, name in moving_tags(state, moment).items() if name in digests}
    with span("move tags", tags=len(tags)):
        answers = registry.digests(tags)
        stale = [tag for tag, name in tags.items() if answers[tag] != Digest(digests[name])]
        each(lambda tag: create(tag, [f"{repositories[tags[tag]]}@{digests[tags[tag]]}"]), stale)
    say(session, f"{len(stale)} of {len(tags)} moving tags updated")
    return tags
