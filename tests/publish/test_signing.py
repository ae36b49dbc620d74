"""Signatures: who signs, whose count, and a registry or log that refuses for the moment."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.release import Signing
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.publish.signing import (
    PREDICATE,
    attest,
    attest_command,
    attestation_verifier,
    predicates,
    release_identity,
    require_signer,
    sign,
    sign_command,
    verifier,
    verify_attestation_command,
    verify_command,
)
from tests.publish.support import answers, calls, stub

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "ghcr.io/example/notebooks/base@sha256:" + "1" * 64
GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "Example/Notebooks"}
IDENTITY = "https://github.com/Example/Notebooks/.github/workflows/images.yaml@refs/heads/main"
KEYED = Signing(key="awskms:///alias/x", public_key="/keys/cosign.pub")
CLAIMS = {"image-matrix.step": "tested", "image-matrix.variant": "base:python3.13"}
ANNOTATIONS = [f"--annotations={name}={value}" for name, value in CLAIMS.items()]
METADATA = [f"--user-metadata={name}={value}" for name, value in CLAIMS.items()]
NOTATION = Signing("notation", key="arn:x", plugin="com.example")


def test_who_signs() -> None:
    assert sign_command(Signing("none"), IMAGE, CLAIMS) is None
    assert "--key" not in (sign_command(Signing(), IMAGE, CLAIMS) or [])
    keyed = sign_command(Signing(key="awskms:///alias/x", public_log=False), IMAGE, CLAIMS) or []
    assert keyed[-5:] == ["--use-signing-config=false", "--tlog-upload=false", *ANNOTATIONS, IMAGE]
    assert keyed[keyed.index("--key") + 1] == "awskms:///alias/x"
    plugged = sign_command(NOTATION, IMAGE, CLAIMS) or []
    assert plugged[:2] == ["notation", "sign"]
    assert plugged[-3:] == [*METADATA, IMAGE]


def test_whose_signature_counts() -> None:
    keyless = ["--certificate-oidc-issuer", "https://token.actions.githubusercontent.com"]
    assert verify_command(Signing(), IMAGE, IDENTITY, CLAIMS) == [
        "cosign", "verify", *keyless, "--certificate-identity", IDENTITY, *ANNOTATIONS, IMAGE,
    ]  # fmt: skip
    keyed = ["cosign", "verify", "--key", "/keys/cosign.pub", *ANNOTATIONS, IMAGE]
    assert verify_command(KEYED, IMAGE, "", CLAIMS) == keyed
    silent = Signing(key="env://KEY", public_key="/keys/cosign.pub", public_log=False)
    assert "--insecure-ignore-tlog=true" in (verify_command(silent, IMAGE, "", CLAIMS) or [])
    assert verify_command(NOTATION, IMAGE, "", CLAIMS) == [
        "notation",
        "verify",
        "--max-signatures=10000",
        *METADATA,
        IMAGE,
    ]
    assert verify_command(Signing("none"), IMAGE, "", CLAIMS) is None


def test_the_identity_is_the_workflow_on_the_default_branch() -> None:
    assert release_identity(GITHUB, "main") == IDENTITY
    assert release_identity({}, "main") is None


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str, name: str = "cosign") -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_a_signature_that_verifies_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(
        tmp_path, monkeypatch, f'[ "$*" = "verify --key /keys/cosign.pub {" ".join(ANNOTATIONS)} {IMAGE}" ]'
    )
    assert verifier(KEYED, None)(IMAGE, CLAIMS) is None


def test_what_does_not_verify_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "echo 'Error: no signatures found' >&2; echo 'see --help' >&2; exit 10")
    refusal = verifier(Signing(), IDENTITY)(IMAGE, CLAIMS)
    assert refusal == "it has no valid signature:\n    Error: no signatures found\n    see --help"


def test_without_a_signer_nothing_counts() -> None:
    assert "signing is off" in (verifier(Signing("none"), IDENTITY)(IMAGE, CLAIMS) or "")


def test_outside_github_no_keyless_signature_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty identity must not reach cosign, which might take it for none."""
    program(tmp_path, monkeypatch, "exit 0")
    assert "only a run of GitHub Actions knows" in (verifier(Signing(), None)(IMAGE, CLAIMS) or "")


@pytest.mark.parametrize("signing", [KEYED, NOTATION, Signing()])
def test_the_program_must_be_there(signing: Signing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = f"`{signing.tool}` is not on PATH"
    with pytest.raises(EnvironmentFailure, match=missing) as caught:
        require_signer(signing)
    assert caught.value.exit_code == 3
    with pytest.raises(EnvironmentFailure, match=missing):
        verifier(signing, IDENTITY)(IMAGE, CLAIMS)
    require_signer(Signing("none"))


@pytest.fixture
def cosign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a cosign that answers as told."""
    stub(tmp_path, monkeypatch, "cosign")
    return tmp_path


COSIGN = "Error: signing [localhost/x@sha256:1]: signing digest: POST https://ghcr.io/v2/example/x/blobs/uploads/: "


@pytest.mark.parametrize(
    "words",
    [
        f"{COSIGN}TOOMANYREQUESTS: retry-after: 10.305464ms, allowed: 2000/minute",
        f"{COSIGN}DENIED: You have exceeded a secondary rate limit.",
        'Post "https://rekor.sigstore.dev/api/v1/log/entries": giving up after 2 attempt(s): status 502: <html>',
        "error during command execution: [POST /api/v1/log/entries][429] createLogEntryDefault",
    ],
)
def test_signing_waits_for_a_registry_and_a_log(cosign: Path, pauses: list[float], words: str) -> None:
    answers(cosign, f"{words}\n", 2)
    sign(Signing(tool="cosign"), "localhost/x@sha256:1", CLAIMS)
    assert (calls(cosign), pauses) == (3, [1.0, 2.0])


def test_a_signature_that_is_refused_is_not_tried_again(cosign: Path, pauses: list[float]) -> None:
    answers(cosign, f"{COSIGN}DENIED: permission_denied: write_package\n", 99)
    with pytest.raises(Failure, match=r"could not be signed: .*write_package"):
        sign(Signing(tool="cosign"), "localhost/x@sha256:1", CLAIMS)
    assert (calls(cosign), pauses) == (1, [])


@pytest.mark.parametrize(
    "signing", [Signing(format="legacy"), Signing(key="env://K", public_key="k", format="legacy")]
)
def test_signatures_for_programs_that_know_no_bundles(signing: Signing) -> None:
    command = sign_command(signing, IMAGE, CLAIMS) or []
    legacy = ["--new-bundle-format=false", *ANNOTATIONS, IMAGE]
    assert command[-5:] == ["--use-signing-config=false", *legacy]
    assert (verify_command(signing, IMAGE, IDENTITY, CLAIMS) or [])[-4:] == legacy
    silent = (
        sign_command(Signing(key="env://K", public_key="k", public_log=False, format="legacy"), IMAGE, CLAIMS)
        or []
    )
    assert silent[-6:-3] == ["--use-signing-config=false", "--tlog-upload=false", "--new-bundle-format=false"]


OLDER = """
case "$*" in "sign --help") echo "--tlog-upload" ;; *--use-signing-config*|*--new-bundle-format*) exit 1 ;; esac
"""
NEWER = """
case "$*" in
  "sign --help") echo "--use-signing-config" ;;
  *--use-signing-config=false*--new-bundle-format=false*) ;;
  *) exit 1 ;;
esac
"""


@pytest.mark.parametrize("script", [OLDER, NEWER])
def test_an_older_cosign_gets_no_options_that_it_does_not_know(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, monkeypatch, script)
    sign(Signing(key="env://K", public_key="k", public_log=False, format="legacy"), IMAGE, CLAIMS)


def test_bundles_are_the_default() -> None:
    assert "--new-bundle-format=false" not in (sign_command(Signing(), IMAGE, CLAIMS) or [])


ATTESTED = {"image-matrix.step": "scanned", "image-matrix.policy": "0123456789ab"}
TYPE = "--type=urn:image-matrix:scan:v1"


def envelope(predicate: dict[str, str], kind: str = PREDICATE) -> str:
    """Return what cosign prints of one attestation."""
    statement = json.dumps({"predicateType": kind, "predicate": predicate})
    return json.dumps({"payload": base64.b64encode(statement.encode()).decode(), "signatures": []})


def test_a_platform_is_signed_alone_and_an_index_with_its_images() -> None:
    assert "--recursive" in (sign_command(Signing(), IMAGE, CLAIMS) or [])
    assert "--recursive" not in (sign_command(Signing(), IMAGE, CLAIMS, "manifest") or [])


def test_how_a_scan_is_attested_and_verified(tmp_path: Path) -> None:
    file = tmp_path / "predicate.json"
    command = attest_command(KEYED, IMAGE, file, ATTESTED)
    assert command == [
        "cosign", "attest", "--yes", "--key", "awskms:///alias/x", TYPE, f"--predicate={file}", IMAGE,
    ]  # fmt: skip
    assert verify_attestation_command(KEYED, IMAGE, "", ATTESTED) == [
        "cosign", "verify-attestation", "--key", "/keys/cosign.pub", TYPE, IMAGE,
    ]  # fmt: skip
    metadata = [f"--user-metadata={name}={value}" for name, value in ATTESTED.items()]
    assert (attest_command(NOTATION, IMAGE, file, ATTESTED) or [])[-3:] == [*metadata, IMAGE]
    assert verify_attestation_command(NOTATION, IMAGE, "", ATTESTED) == [
        "notation", "verify", "--max-signatures=10000", *metadata, IMAGE,
    ]  # fmt: skip
    assert attest_command(Signing("none"), IMAGE, file, ATTESTED) is None
    assert verify_attestation_command(Signing("none"), IMAGE, "", ATTESTED) is None


def test_the_predicate_is_a_file_with_the_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = f'for word; do case "$word" in --predicate=*) cp "${{word#*=}}" "{tmp_path}/kept" ;; esac; done'
    program(tmp_path, monkeypatch, copy)
    attest(KEYED, IMAGE, ATTESTED)
    assert json.loads((tmp_path / "kept").read_text()) == ATTESTED


def test_an_attestation_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "echo 'Error: no key' >&2; exit 1")
    with pytest.raises(Failure, match=f"{IMAGE} could not be attested: no key"):
        attest(KEYED, IMAGE, ATTESTED)


@pytest.mark.parametrize(
    ("printed", "counts"),
    [
        ([envelope(ATTESTED)], True),
        ([envelope({}), "Verification for x --", envelope({**ATTESTED, "more": "yes"})], True),
        ([envelope({**ATTESTED, "image-matrix.policy": "another"})], False),
        ([envelope(ATTESTED, "https://slsa.dev/provenance/v1")], False),
        ([], False),
    ],
)
def test_one_of_several_attestations_has_to_fit(
    printed: list[str], counts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "printed").write_text("\n".join(printed))
    program(tmp_path, monkeypatch, f'[ "$1" = verify-attestation ] && cat "{tmp_path}/printed"')
    reason = attestation_verifier(KEYED, None)(IMAGE, ATTESTED)
    assert reason == (None if counts else "its attestations are for another variant, key or policy")


def test_an_attestation_of_somebody_else_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, monkeypatch, f"echo '{envelope(ATTESTED)}'; echo 'Error: no match' >&2; exit 12")
    assert attestation_verifier(KEYED, None)(IMAGE, ATTESTED) == "it has no valid signature: no match"
    assert "only a run of GitHub" in (attestation_verifier(Signing(), None)(IMAGE, ATTESTED) or "")


@pytest.mark.parametrize(
    "printed", ["{", "{}", '{"payload": 1}', '{"payload": "e30="}', '{"payload": "bnVsbA=="}']
)
def test_what_is_no_attestation_is_said(printed: str) -> None:
    with pytest.raises(EnvironmentFailure, match="something else than attestations"):
        predicates(f"\nVerification for x\n{printed}\n")
