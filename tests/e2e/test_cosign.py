"""Signatures and attestations with the real cosign, in a real registry: the pinned version and Debian's.

What a release believes is decided by cosign's exit code for our command lines, so no stand-in can tell whether these
are right. Sigstore's public services are not asked: keys, and the certificates of a test's own authority, take their
place.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.release import Signing
from image_matrix.publish import claims
from image_matrix.publish.signing import attest, attestation_verifier, release_identity, sign, verifier
from tests.e2e import sigstore
from tests.e2e.tiny_images import Repository, copy_signatures

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.config.release import SignFormat
    from tests.e2e.sigstore import Authority

pytestmark = pytest.mark.e2e
BASE = claims.tested("base", "linux/amd64", "k" * 64, "p" * 64)
SCIENCE = claims.tested("science", "linux/amd64", "k" * 64, "p" * 64)
SCANNED = claims.scanned("base", "linux/amd64", "k" * 64, "policy")
CASES = [(sigstore.DEBIAN, "legacy"), (sigstore.PINNED, "bundle"), (sigstore.PINNED, "legacy")]


@dataclass(frozen=True, slots=True)
class Place:
    """A repository with its own images for each test, a key, and the program on PATH."""

    repository: Repository
    authority: Authority
    signing: Signing

    def image(self) -> str:
        """Write an image; return repository and digest."""
        return self.repository.at(self.repository.image("amd64")["digest"])

    def refusal(self, image: str, says: claims.Claims = BASE) -> str | None:
        return verifier(self.signing, None)(image, says)


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest) -> tuple[str, SignFormat]:
    """The program, and how it stores signatures."""
    program, stored = request.param
    return program, stored


@pytest.fixture(scope="module")
def authority(case: tuple[str, SignFormat], tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return sigstore.authority(tmp_path_factory.mktemp("authority"), sigstore.installed(case[0]))


def put_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("COSIGN_PASSWORD", sigstore.PASSWORD)


@pytest.fixture
def place(
    case: tuple[str, SignFormat], authority: Authority, registry: str, monkeypatch: pytest.MonkeyPatch
) -> Place:
    put_on_path(authority.cosign.parent, monkeypatch)
    monkeypatch.setenv("SIGNING_KEY", authority.key.read_text())
    public_key = str(authority.public_key)
    signing = Signing(key="env://SIGNING_KEY", public_key=public_key, public_log=False, format=case[1])
    return Place(Repository(f"{registry}/cosign-{uuid.uuid4().hex[:8]}"), authority, signing)


def test_a_signature_counts_for_its_claims_and_its_digest(place: Place) -> None:
    image, other = place.image(), place.image()
    assert place.refusal(image)
    sign(place.signing, image, BASE, "manifest")
    assert place.refusal(image) is None
    assert place.refusal(image, SCIENCE)
    assert place.refusal(other)


def test_an_image_with_two_names_has_two_signatures(place: Place) -> None:
    """Two variants can be the same bytes, and then they are one digest."""
    image = place.image()
    sign(place.signing, image, BASE, "manifest")
    sign(place.signing, image, SCIENCE, "manifest")
    assert place.refusal(image) is None
    assert place.refusal(image, SCIENCE) is None


def test_an_index_is_signed_with_the_images_in_it(place: Place) -> None:
    images = [place.repository.image(arch) for arch in ("amd64", "arm64")]
    index = place.repository.at(place.repository.index(images))
    sign(place.signing, index, BASE)
    assert place.refusal(index) is None
    for image in images:
        assert place.refusal(place.repository.at(image["digest"])) is None


def test_the_manifest_of_an_index_is_signed_alone(place: Place) -> None:
    images = [place.repository.image(arch) for arch in ("amd64", "arm64")]
    index = place.repository.at(place.repository.index(images))
    sign(place.signing, index, BASE, "manifest")
    assert place.refusal(index) is None
    assert place.refusal(place.repository.at(images[0]["digest"]))


def test_the_signature_of_another_key_does_not_count(place: Place, tmp_path: Path) -> None:
    theirs = sigstore.authority(tmp_path / "theirs", place.authority.cosign)
    image = place.image()
    sign(replace(place.signing, key=str(theirs.key)), image, BASE, "manifest")
    assert verifier(replace(place.signing, public_key=str(theirs.public_key)), None)(image, BASE) is None
    assert place.refusal(image)


def test_a_copied_signature_does_not_count(place: Place) -> None:
    signed, foreign = place.image(), place.image()
    sign(place.signing, signed, BASE, "manifest")
    attest(place.signing, signed, SCANNED)
    copied = copy_signatures(place.repository, digest_of(signed), place.repository, digest_of(foreign))
    assert copied == 2
    assert place.refusal(foreign)
    assert attestation_verifier(place.signing, None)(foreign, SCANNED)


def digest_of(image: str) -> str:
    return image.partition("@")[2]


def test_an_attestation_counts_for_what_it_says(place: Place) -> None:
    image = place.image()
    refusal = attestation_verifier(place.signing, None)
    assert refusal(image, SCANNED)
    attest(place.signing, image, SCANNED)
    assert refusal(image, SCANNED) is None
    assert refusal(image, {**SCANNED, "image-matrix.policy": "another"})
    assert refusal(place.image(), SCANNED)
    attest(place.signing, image, {**SCANNED, "image-matrix.policy": "another"})
    assert refusal(image, SCANNED) is None, "of several attestations, one has to fit"


def test_an_attestation_is_no_signature_and_a_signature_no_attestation(place: Place) -> None:
    attested, signed = place.image(), place.image()
    attest(place.signing, attested, BASE)
    assert place.refusal(attested)
    sign(place.signing, signed, SCANNED, "manifest")
    assert attestation_verifier(place.signing, None)(signed, SCANNED)


def test_the_attestation_of_another_key_does_not_count(place: Place, tmp_path: Path) -> None:
    theirs = sigstore.authority(tmp_path / "theirs", place.authority.cosign)
    image = place.image()
    attest(replace(place.signing, key=str(theirs.key)), image, SCANNED)
    assert attestation_verifier(place.signing, None)(image, SCANNED)


@pytest.fixture
def run(
    case: tuple[str, SignFormat],
    authority: Authority,
    registry: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    """A place without a key: a certificate says who signs."""
    put_on_path(sigstore.keyless_program(authority, tmp_path / "bin"), monkeypatch)
    return Place(Repository(f"{registry}/cosign-{uuid.uuid4().hex[:8]}"), authority, Signing(format=case[1]))


def sign_as(place: Place, image: str, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign an image as the one whom a certificate names."""
    monkeypatch.setenv("CERTIFICATE", str(certificate))
    sign(place.signing, image, BASE, "manifest")


def attest_as(place: Place, image: str, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attest a scan of an image as the one whom a certificate names."""
    monkeypatch.setenv("CERTIFICATE", str(certificate))
    attest(place.signing, image, SCANNED)


def refusals(place: Place, image: str) -> list[str]:
    """Return why a run of the default branch does not believe the signature and the attestation."""
    identity = release_identity(sigstore.RUN, "main")
    answers = (
        verifier(place.signing, identity)(image, BASE),
        attestation_verifier(place.signing, identity)(image, SCANNED),
    )
    return [answer for answer in answers if answer]


OTHERS = [
    ("images.yaml", "other.yaml"),
    ("heads/main", "heads/main2"),
    ("heads/main", "pull/7/merge"),
    ("example/notebooks", "example/notebooks2"),
    ("example/", "stranger/"),
    ("https://github.com/", "https://github.example.org/"),
    ("heads/main", "heads/theirs"),
]


def test_only_this_workflow_on_the_default_branch_counts(run: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not another workflow, branch, pull request, repository, owner or server; not the same name of another issuer."""
    image, ours = run.image(), run.authority.certify(sigstore.IDENTITY)
    others = [sigstore.IDENTITY.replace(part, another) for part, another in OTHERS]
    certificates = [
        *(run.authority.certify(identity) for identity in others),
        run.authority.certify(sigstore.IDENTITY, "https://issuer.example.org"),
    ]
    for certificate in certificates:
        sign_as(run, image, certificate, monkeypatch)
    for certificate in certificates[-2:]:
        attest_as(run, image, certificate, monkeypatch)
    assert len(refusals(run, image)) == 2
    sign_as(run, image, ours, monkeypatch)
    attest_as(run, image, ours, monkeypatch)
    assert refusals(run, image) == []


def test_a_certificate_of_another_authority_does_not_count(
    run: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = sigstore.authority(tmp_path / "theirs", run.authority.cosign)
    image = run.image()
    with monkeypatch.context() as they:
        put_on_path(sigstore.keyless_program(theirs, tmp_path / "their-bin"), they)
        sign_as(run, image, theirs.certify(sigstore.IDENTITY), they)
        attest_as(run, image, theirs.certify(sigstore.IDENTITY), they)
        assert refusals(run, image) == []
    assert len(refusals(run, image)) == 2
