"""Chooses the verifier of a repository's signatures."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.cli.network_files import public_key

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.release import Signing
    from image_matrix.publish.claims import Claims
    from image_matrix.publish.signing import Verifier
    from image_matrix.publish.trust import Trust

UNVERIFIED = (
    "no signature is verified here, so what has the tag of tested images counts as tested: `build --push` by hand sets "
    "that tag without a test; `image-matrix verify` tests images"
)


def verifier_of(session: Session, loaded: Loaded) -> Verifier:
    """Return the verifier of signatures.

    Raises :class:`MatrixError` if the file of the public key does not exist.
    """
    from image_matrix.publish.signing import verifier

    return _for_this_workflow(verifier(_signing(session, loaded), identity_of(loaded)), loaded)


def attestation_verifier_of(session: Session, loaded: Loaded) -> Verifier:
    """Return the verifier of attestations; raises as :func:`verifier_of`."""
    from image_matrix.publish.signing import attestation_verifier

    return _for_this_workflow(attestation_verifier(_signing(session, loaded), identity_of(loaded)), loaded)


def _for_this_workflow(refusal: Verifier, loaded: Loaded) -> Verifier:
    """Return a verifier that also demands what :func:`workflow_claim` says."""
    workflow = workflow_claim(loaded)
    return lambda reference, claims: refusal(reference, {**claims, **workflow})


def workflow_claim(loaded: Loaded) -> Claims:
    """Return what every signature says of the workflow that signs; nothing outside GitHub."""
    from image_matrix.publish.claims import WORKFLOW

    identity = identity_of(loaded)
    return {WORKFLOW: identity} if identity else {}


def trust_of(session: Session, loaded: Loaded, *, staging: bool) -> Trust | None:
    """Return what a run of the default branch verifies with; ``None`` where nothing is signed or can be verified.

    Nothing is signed below the staging path. A machine without the identity of the workflow cannot verify keyless
    signatures. Raises as :func:`verifier_of`.
    """
    from image_matrix.publish.signing import can_verify
    from image_matrix.publish.trust import Trust

    signing = _signing(session, loaded)
    if staging or not can_verify(signing, identity_of(loaded)):
        return None
    return Trust(verifier_of(session, loaded), attestation_verifier_of(session, loaded))


def believes_tags(loaded: Loaded) -> bool:
    """Say whether commands here take an image as tested because a tag says so: nobody can know a signature."""
    from image_matrix.publish.signing import is_knowable

    return not is_knowable(loaded.matrix.release.sign, identity_of(loaded))


def identity_of(loaded: Loaded) -> str | None:
    """Return the identity of valid keyless signatures; ``None`` outside GitHub."""
    from image_matrix.publish.signing import release_identity

    return release_identity(os.environ, loaded.matrix.workflow.default_branch)


def _signing(session: Session, loaded: Loaded) -> Signing:
    return replace(loaded.matrix.release.sign, public_key=public_key(session, loaded))
