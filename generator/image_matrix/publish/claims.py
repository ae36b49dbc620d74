"""Names what a signature or an attestation says of an image: which step it has passed, and as what.

A signature covers these claims together with the digest. So a signature of another variant, or of an earlier step,
proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.platforms import Platform

Claims = dict[str, str]
"""Name to value."""

STEP = "image-matrix.step"
KEY = "image-matrix.key"
"""The content key. An index has an annotation of this name, too: a signature counts for this key only."""
POLICY = "image-matrix.policy"
"""Who scans and signs; an index has an annotation of this name, too."""
VARIANT = "image-matrix.variant"
PLATFORM = "image-matrix.platform"
PROMISES = "image-matrix.promises"
"""The SHA-256 of what `verify` has checked: a key depends on none of it."""
REPORT = "image-matrix.report"
"""The SHA-256 of the scanner's report."""

WORKFLOW = "image-matrix.workflow"
"""The workflow that signs, with its repository and branch: a key can be that of several."""

ARTIFACT = {STEP: "deploy"}
"""What the signature of a release's artifact says."""


def once_tested(variant: str, platform: Platform, key: str) -> Claims:
    """Return what all signatures of ``accept`` say: a platform's image has passed tests, perhaps not today's.

    ``key`` is the platform's content key.
    """
    return {STEP: "tested", KEY: key, VARIANT: variant, PLATFORM: platform}


def tested(variant: str, platform: Platform, key: str, promises: str) -> Claims:
    """Return what ``accept`` signs: a platform's image has passed the tests whose SHA-256 is ``promises``."""
    return {**once_tested(variant, platform, key), PROMISES: promises}


def scanned(variant: str, platform: Platform, key: str, policy: str) -> Claims:
    """Return what a scan attests: the scanner of ``policy`` has not rejected a platform's image."""
    return {**once_tested(variant, platform, key), STEP: "scanned", POLICY: policy}


def released(variant: str, key: str, policy: str) -> Claims:
    """Return what a release signs: an index holds images that were tested and scanned. ``key`` is of all platforms."""
    return {STEP: "released", KEY: key, VARIANT: variant, POLICY: policy}


def contains(actual: Mapping[str, object], claims: Mapping[str, str]) -> bool:
    """Return whether ``actual`` has all the claims."""
    return all(actual.get(name) == value for name, value in claims.items())
