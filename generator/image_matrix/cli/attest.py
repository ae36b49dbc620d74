"""Attests what `scan` has scanned, and refuses what no run has signed as tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.cli.printing import say
from image_matrix.cli.project import open_locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from image_matrix.cli.session import Session
    from image_matrix.config.model import LegId
    from image_matrix.planning.plan import State
    from image_matrix.publish.trust import Trust


def refuse_untested(session: Session, state: State, images: Mapping[LegId, str], *, staging: bool) -> None:
    """Raise :class:`Failure` on the default branch if an image was not signed as tested: a tag proves nothing."""
    from image_matrix.cli.signatures import trust_of

    trust = trust_of(session, state.loaded, staging=staging)
    if trust:
        _refuse(state, images, trust)


def _refuse(state: State, images: Mapping[LegId, str], trust: Trust) -> None:
    """Raise :class:`Failure` for the first image that was not signed as tested."""
    from image_matrix.errors import Failure
    from image_matrix.publish.trust import never_tested

    for (variant, platform), reason in never_tested(state, images, trust).items():
        raise Failure(
            f"{variant} is not scanned for {platform}: {reason}",
            "check who can push to the registry; then run the workflow for all images: it builds this one again",
        )


def scan_result(variant: str, image: str, report: Path) -> dict[str, str]:
    """Return what :func:`attest_scans` reads: variant, ``repository@digest``, and the SHA-256 of a report."""
    import hashlib

    content = report.read_bytes() if report.is_file() else None
    checksum = {"report": hashlib.sha256(content).hexdigest()} if content is not None else {}
    return {"variant": variant, "image": image, **checksum}


def attest_scans(session: Session, results: Iterable[Mapping[str, str]], platform: str) -> None:
    """Attest what `scan` has written, on the default branch.

    A scanner may have changed the file. So an image counts only if it was signed as tested for variant and platform.
    Raises :class:`Failure` if it was not.
    """
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.signatures import trust_of, workflow_claim
    from image_matrix.publish.claims import REPORT
    from image_matrix.publish.indexes import policy_of
    from image_matrix.publish.signing import attest
    from image_matrix.publish.trust import scanned_claims

    state = state_of(open_locked(session))
    release = state.loaded.matrix.release
    trust = trust_of(session, state.loaded, staging=False)
    if trust is None:
        say(
            session,
            "nothing is attested: signing is off (`release.sign`), or this machine cannot verify signatures",
        )
        return
    for one in results:
        leg = (one["variant"], platform)
        _refuse(state, {leg: one["image"]}, trust)
        claims = {**scanned_claims(state, leg, policy_of(release)), **workflow_claim(state.loaded)}
        report = {REPORT: one["report"]} if "report" in one else {}
        attest(release.sign, one["image"], {**claims, **report}, remedy="run the job again")
        say(session, f"{one['variant']} {platform}: attested as scanned")
