"""Signatures with the real Notation, of the pinned version, in a real registry."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.release import Signing
from image_matrix.publish import claims
from image_matrix.publish.signing import attest, attestation_verifier, can_verify, sign, verifier
from tests.certificates import needs_openssl
from tests.e2e import notary, programs
from tests.e2e.tiny_images import Repository

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, needs_openssl]
BASE = claims.tested("base", "linux/amd64", "k" * 64, "p" * 64)
SCIENCE = claims.tested("science", "linux/amd64", "k" * 64, "p" * 64)
SCANNED = claims.scanned("base", "linux/amd64", "k" * 64, "policy")


@dataclass(frozen=True, slots=True)
class Place:
    """A repository with its own images, and a key whose signatures the machine trusts."""

    repository: Repository
    signing: Signing
    settings: Path

    def image(self) -> str:
        """Write an image; return repository and digest."""
        return self.repository.at(self.repository.image("amd64")["digest"])

    def refusal(self, image: str, says: claims.Claims = BASE) -> str | None:
        return verifier(self.signing, None)(image, says)


@pytest.fixture
def untrusting(registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place whose machine has no trust policy, as GitHub's runners."""
    notation = programs.built("notation", "notation")
    monkeypatch.setenv("PATH", f"{notation.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    notary.install_plugin(tmp_path)
    key = notary.new_key(tmp_path, "team")
    signing = Signing(tool="notation", plugin=notary.PLUGIN, key=str(key))
    return Place(Repository(f"{registry}/notation-{uuid.uuid4().hex[:8]}"), signing, tmp_path)


@pytest.fixture
def place(untrusting: Place) -> Place:
    notary.trust(
        programs.built("notation", "notation"), untrusting.settings, untrusting.settings / "team.key"
    )
    return untrusting


def test_a_signature_counts_for_its_claims_and_its_digest(place: Place) -> None:
    image, other = place.image(), place.image()
    assert "no signature is associated" in str(place.refusal(image))
    sign(place.signing, image, BASE, "manifest")
    assert place.refusal(image) is None
    assert place.refusal(image, SCIENCE)
    assert place.refusal(other)
    sign(place.signing, image, SCIENCE, "manifest")
    assert place.refusal(image) is None
    assert place.refusal(image, SCIENCE) is None


def test_an_attested_scan_counts_for_what_it_says(place: Place) -> None:
    image, refusal = place.image(), attestation_verifier(place.signing, None)
    sign(place.signing, image, BASE, "manifest")
    assert refusal(image, SCANNED)
    attest(place.signing, image, {**SCANNED, claims.REPORT: "sha256:1"})
    assert refusal(image, SCANNED) is None
    assert refusal(image, {**SCANNED, claims.POLICY: "another"})


def test_the_signature_of_another_key_does_not_count(place: Place) -> None:
    theirs = notary.new_key(place.settings, "theirs")
    image = place.image()
    sign(replace(place.signing, key=str(theirs)), image, BASE, "manifest")
    assert place.refusal(image)


def test_a_machine_without_a_policy_demands_nothing(untrusting: Place) -> None:
    image = untrusting.image()
    assert not can_verify(untrusting.signing, None)
    sign(untrusting.signing, image, BASE, "manifest")
    notary.trust(
        programs.built("notation", "notation"), untrusting.settings, untrusting.settings / "team.key"
    )
    assert can_verify(untrusting.signing, None)
    assert untrusting.refusal(image) is None
