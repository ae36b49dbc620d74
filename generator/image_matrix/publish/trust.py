"""Decides which images in the registry a run of the default branch believes: those that this workflow has signed.

Everybody who may push to the registry can write tags and annotations. So a tag only names an image; what the image has
passed is said by signatures and attestations over its digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from image_matrix.planning.plan import promises_digest
from image_matrix.publish import claims

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import LegId
    from image_matrix.planning.plan import State
    from image_matrix.publish.signing import Verifier

UNTESTED, UNSCANNED = "not tested", "not scanned"
"""How a reason begins: an image has no signature as tested, or no attestation of a scan."""
VERIFIERS = 8
"""Signatures that are verified at the same time."""
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Trust:
    """What a run verifies with."""

    signature: Verifier
    attestation: Verifier


def refusals_of(
    signatures: Mapping[_Item, tuple[str, Mapping[str, str]]], refusal: Verifier
) -> dict[_Item, str]:
    """Return why signatures are not valid, without those that are; each is ``repository@digest`` with its claims."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(VERIFIERS) as pool:
        reasons = pool.map(lambda signature: refusal(*signature), signatures.values())
        return {item: reason for item, reason in zip(signatures, reasons, strict=True) if reason}


def once_tested_claims(state: State, leg: LegId) -> claims.Claims:
    """Return what the signature of an image says that has passed tests, perhaps not today's."""
    name, platform = leg
    return claims.once_tested(name, platform, state.keys[name].platforms[platform])


def tested_claims(state: State, leg: LegId) -> claims.Claims:
    """Return what the signature of an image says that has passed today's tests."""
    name, platform = leg
    promises = promises_digest(state, state.loaded.variants[name])
    return claims.tested(name, platform, state.keys[name].platforms[platform], promises)


def scanned_claims(state: State, leg: LegId, policy: str) -> claims.Claims:
    """Return what the attestation of a scanned image says today."""
    name, platform = leg
    return claims.scanned(name, platform, state.keys[name].platforms[platform], policy)


def never_tested(state: State, images: Mapping[LegId, str], trust: Trust) -> dict[LegId, str]:
    """Return the legs whose image, as ``repository@digest``, no run has signed as tested, with the reason."""
    signatures = {leg: (image, once_tested_claims(state, leg)) for leg, image in images.items()}
    return refusals_of(signatures, trust.signature)


def untested(state: State, images: Mapping[LegId, str], trust: Trust) -> dict[LegId, str]:
    """Return the legs whose image no run has signed as tested with today's tests, with the reason."""
    signatures = {leg: (image, tested_claims(state, leg)) for leg, image in images.items()}
    return refusals_of(signatures, trust.signature)


def unscanned(state: State, images: Mapping[LegId, str], policy: str, trust: Trust) -> dict[LegId, str]:
    """Return the legs whose image no scan of this policy has attested, with the reason."""
    attestations = {leg: (image, scanned_claims(state, leg, policy)) for leg, image in images.items()}
    return refusals_of(attestations, trust.attestation)


def unproven(state: State, images: Mapping[LegId, str], policy: str | None, trust: Trust) -> dict[LegId, str]:
    """Return the legs whose image may not be released, with the reason; ``policy`` is ``None`` if nobody scans."""
    reasons = {leg: f"{UNTESTED}: {reason}" for leg, reason in untested(state, images, trust).items()}
    if policy is None:
        return reasons
    rest = {leg: image for leg, image in images.items() if leg not in reasons}
    missing = unscanned(state, rest, policy, trust)
    return reasons | {leg: f"{UNSCANNED}: {reason}" for leg, reason in missing.items()}
