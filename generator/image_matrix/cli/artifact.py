"""Pushes ``deploy/`` of the release branch to a registry, for Flux' OCIRepository, and points tags to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from image_matrix.cli.network_files import registry_of
from image_matrix.cli.printing import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.branch_update import Update
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.github.branch_commit import Git
    from image_matrix.registry.client import Registry

AGAIN = "the release branch is pushed: check the login and its permissions, then run the job again"


def write_artifact(session: Session, loaded: Loaded, git: Git, update: Update) -> None:
    """Push the artifact of the release branch's newest commit, signed, and then point its tags to it.

    An artifact of this commit with a valid signature is left as it is. Raises :class:`EnvironmentFailure` if the
    registry refuses it, and the errors of :func:`sign`; the next release then writes what is missing.
    """
    from image_matrix.github.branch_commit import remote_tags
    from image_matrix.publish.artifact import revision, tags_of
    from image_matrix.registry.upload import point_tag

    repository, commit = loaded.matrix.artifact, update.commit or update.branch.now
    if repository is None or commit is None:
        return
    registry, branch = registry_of(session, loaded), update.branch.name
    tags = tags_of(commit, branch, remote_tags(git))
    current = _digests(registry, repository, tags, revision(branch, commit))
    good = _good(session, loaded, repository, current)
    digest = good or _pushed(registry, loaded, git, branch, commit)
    stale = [tag for tag in tags if current.get(tag) != digest]
    for tag in stale:
        point_tag(registry, repository, digest, tag)
    say(session, f"{repository}@{digest}: {len(stale)} of {len(tags)} tags updated")


def _digests(registry: Registry, repository: str, tags: list[str], revision: str) -> dict[str, str]:
    """Return the digests of those tags whose artifact is of this revision.

    A registry may deny access to a repository that does not exist yet: the push says whether it is that.
    """
    from image_matrix.config.annotations import REVISION
    from image_matrix.registry.answers import Denied, manifest_or_none

    answers = registry.manifests(f"{repository}:{tag}" for tag in tags)
    digests = {}
    for tag in tags:
        answer = answers[f"{repository}:{tag}"]
        manifest = None if isinstance(answer, Denied) else manifest_or_none(f"{repository}:{tag}", answer)
        if manifest and manifest.annotations.get(REVISION) == revision:
            digests[tag] = manifest.digest
    return digests


def _good(session: Session, loaded: Loaded, repository: str, digests: Mapping[str, str]) -> str | None:
    """Return the first artifact with a valid signature; without signing, the first one."""
    from image_matrix.cli.signatures import verifier_of
    from image_matrix.publish.claims import ARTIFACT

    refusal = verifier_of(session, loaded)
    signs = loaded.matrix.release.sign.tool != "none"
    return next(
        (one for one in digests.values() if not (signs and refusal(f"{repository}@{one}", ARTIFACT))), None
    )


def _pushed(registry: Registry, loaded: Loaded, git: Git, branch: str, commit: str) -> str:
    """Push the artifact of a commit under its digest, and sign it; return the digest."""
    from image_matrix.build.origin import build_origin
    from image_matrix.cli.signatures import workflow_claim
    from image_matrix.github.commit_files import files_at
    from image_matrix.publish.artifact import artifact_of, origin_of
    from image_matrix.publish.claims import ARTIFACT
    from image_matrix.publish.release_files import FOLDER
    from image_matrix.publish.signing import sign
    from image_matrix.registry.upload import put_manifest, upload_blob

    repository = str(loaded.matrix.artifact)
    created = git("log", "-1", "--format=%cI", commit)
    origin = origin_of(build_origin(os.environ).source or _remote(git), branch, commit, created)
    artifact = artifact_of(files_at(git, commit, FOLDER), origin)
    for blob in artifact.blobs:
        upload_blob(registry, repository, blob)
    put_manifest(registry, f"{repository}@{artifact.digest}", artifact.manifest)
    claims = {**ARTIFACT, **workflow_claim(loaded)}
    sign(loaded.matrix.release.sign, f"{repository}@{artifact.digest}", claims, remedy=AGAIN)
    return artifact.digest


def _remote(git: Git) -> str:
    """Return the address of the remote without a login; empty if it is no web address."""
    from image_matrix.project.origin import public_address

    return public_address(git("remote", "get-url", git.remote)) or ""


def find_promoted(session: Session, loaded: Loaded, release: str, commit: str) -> str | None:
    """Return the digest of a release's artifact; ``commit`` is the release's. ``None`` if releases have no artifacts.

    Raises :class:`Failure` if there is none, if its tag points to the artifact of another commit, or if its signature
    can be verified and is not valid.
    """
    from image_matrix.config.annotations import REVISION
    from image_matrix.errors import Failure
    from image_matrix.publish.artifact import revision
    from image_matrix.registry.answers import manifest_or_none

    repository = loaded.matrix.artifact
    if repository is None:
        return None
    reference = f"{repository}:{release}"
    manifest = manifest_or_none(reference, registry_of(session, loaded).manifest(reference))
    if manifest is None:
        raise Failure(
            f"the release {release} has no artifact {reference}",
            "if it is the newest one, run its job again, which writes the artifact; otherwise promote a newer one",
        )
    if manifest.annotations.get(REVISION) != revision(loaded.matrix.release.branch, commit):
        raise Failure(
            f"{reference} is not the artifact of the commit {commit[:12]}",
            "check who can push to the registry; if it is the newest release, run its job again, else promote another",
        )
    _refuse_unsigned(session, loaded, reference, f"{repository}@{manifest.digest}")
    return manifest.digest


def _refuse_unsigned(session: Session, loaded: Loaded, reference: str, image: str) -> None:
    """Raise :class:`Failure` if this machine can verify signatures, and the artifact has none that is valid."""
    from image_matrix.cli.signatures import trust_of
    from image_matrix.errors import Failure
    from image_matrix.publish.claims import ARTIFACT

    trust = trust_of(session, loaded, staging=False)
    reason = trust.signature(image, ARTIFACT) if trust else None
    if reason:
        raise Failure(
            f"{reference}: {reason}",
            "check who can push to the registry; if it is the newest release, run its job again, else promote another",
        )


def move_channel(session: Session, loaded: Loaded, digest: str, channel: str) -> None:
    """Point the tag of a channel to an artifact; raises :class:`EnvironmentFailure`."""
    from image_matrix.publish.artifact import tag_of
    from image_matrix.registry.answers import Digest
    from image_matrix.registry.upload import point_tag

    registry, repository, tag = registry_of(session, loaded), str(loaded.matrix.artifact), tag_of(channel)
    if registry.digest(f"{repository}:{tag}") != Digest(digest):
        point_tag(registry, repository, digest, tag)
        say(session, f"{repository}:{tag} is {digest} now")
