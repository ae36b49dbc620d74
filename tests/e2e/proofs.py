"""Signs images in a registry as the workflow's jobs do, without building, testing or scanning them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.signatures import workflow_claim
from image_matrix.planning.plan import references
from image_matrix.publish.indexes import by_digest, policy_of
from image_matrix.publish.signing import attest, sign
from image_matrix.publish.trust import scanned_claims, tested_claims
from image_matrix.registry.answers import Digest
from image_matrix.registry.opening import open_registry

if TYPE_CHECKING:
    from image_matrix.config.model import LegId
    from image_matrix.planning.plan import State


def images(state: State) -> dict[LegId, str]:
    """Return repository and digest of every image that the registry has."""
    names = references(state)
    answers = open_registry(state.loaded.matrix).digests(names.values())
    return {
        leg: by_digest(name, answer.digest)
        for leg, name in names.items()
        if isinstance(answer := answers[name], Digest)
    }


def accept_all(state: State) -> None:
    """Sign every image as tested."""
    workflow = workflow_claim(state.loaded)
    for leg, image in images(state).items():
        sign(state.loaded.matrix.release.sign, image, {**tested_claims(state, leg), **workflow}, "manifest")


def attest_all(state: State) -> None:
    """Attest that every image was scanned by today's policy."""
    release, workflow = state.loaded.matrix.release, workflow_claim(state.loaded)
    for leg, image in images(state).items():
        attest(release.sign, image, {**scanned_claims(state, leg, policy_of(release)), **workflow})
