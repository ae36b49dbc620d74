"""Signatures: who signs, whose count, and a registry or log that refuses for the moment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.release import Signing
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.publish.signing import (
    release_identity,
    require_signer,
    sign,
    sign_command,
    verifier,
    verify_command,
)
from tests.publish.support import answers, calls, stub

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "ghcr.io/example/notebooks/base@sha256:" + "1" * 64
GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "Example/Notebooks"}
IDENTITY = "https://github.com/Example/Notebooks/.github/workflows/images.yaml@refs/heads/main"
KEYED = Signing(key="awskms:///alias/x", public_key="/keys/cosign.pub")
NOTATION = Signing("notation", key="arn:x", plugin="com.example")


def test_who_signs() -> None:
    assert sign_command(Signing("none"), IMAGE) is None
    assert "--key" not in (sign_command(Signing(), IMAGE) or [])
    keyed = sign_command(Signing(key="awskms:///alias/x", public_log=False), IMAGE) or []
    assert keyed[-3:] == ["--use-signing-config=false", "--tlog-upload=false", IMAGE]
    assert keyed[keyed.index("--key") + 1] == "awskms:///alias/x"
    plugged = sign_command(NOTATION, IMAGE) or []
    assert plugged[:2] == ["notation", "sign"]
    assert plugged[-1] == IMAGE


def test_whose_signature_counts() -> None:
    keyless = ["--certificate-oidc-issuer", "https://token.actions.githubusercontent.com"]
    assert verify_command(Signing(), IMAGE, IDENTITY) == [
        "cosign", "verify", *keyless, "--certificate-identity", IDENTITY, IMAGE,
    ]  # fmt: skip
    assert verify_command(KEYED, IMAGE, "") == ["cosign", "verify", "--key", "/keys/cosign.pub", IMAGE]
    silent = Signing(key="env://KEY", public_key="/keys/cosign.pub", public_log=False)
    assert "--insecure-ignore-tlog=true" in (verify_command(silent, IMAGE, "") or [])
    assert verify_command(NOTATION, IMAGE, "") == ["notation", "verify", IMAGE]
    assert verify_command(Signing("none"), IMAGE, "") is None


def test_the_identity_is_the_workflow_on_the_default_branch() -> None:
    assert release_identity(GITHUB, "main") == IDENTITY
    assert release_identity({}, "main") is None


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str, name: str = "cosign") -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_a_signature_that_verifies_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, f'[ "$*" = "verify --key /keys/cosign.pub {IMAGE}" ]')
    assert verifier(KEYED, None)(IMAGE) is None


def test_what_does_not_verify_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "echo 'Error: no signatures found' >&2; echo 'see --help' >&2; exit 10")
    refusal = verifier(Signing(), IDENTITY)(IMAGE)
    assert refusal == "it has no valid signature:\n    Error: no signatures found\n    see --help"


def test_without_a_signer_nothing_counts() -> None:
    assert "signing is off" in (verifier(Signing("none"), IDENTITY)(IMAGE) or "")


def test_outside_github_no_keyless_signature_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty identity must not reach cosign, which might take it for none."""
    program(tmp_path, monkeypatch, "exit 0")
    assert "only a run of GitHub Actions knows" in (verifier(Signing(), None)(IMAGE) or "")


@pytest.mark.parametrize("signing", [KEYED, NOTATION, Signing()])
def test_the_program_must_be_there(signing: Signing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = f"`{signing.tool}` is not on PATH"
    with pytest.raises(EnvironmentFailure, match=missing) as caught:
        require_signer(signing)
    assert caught.value.exit_code == 3
    with pytest.raises(EnvironmentFailure, match=missing):
        verifier(signing, IDENTITY)(IMAGE)
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
    sign(Signing(tool="cosign"), "localhost/x@sha256:1")
    assert (calls(cosign), pauses) == (3, [1.0, 2.0])


def test_a_signature_that_is_refused_is_not_tried_again(cosign: Path, pauses: list[float]) -> None:
    answers(cosign, f"{COSIGN}DENIED: permission_denied: write_package\n", 99)
    with pytest.raises(Failure, match=r"could not be signed: .*write_package"):
        sign(Signing(tool="cosign"), "localhost/x@sha256:1")
    assert (calls(cosign), pauses) == (1, [])


@pytest.mark.parametrize(
    "signing", [Signing(format="legacy"), Signing(key="env://K", public_key="k", format="legacy")]
)
def test_signatures_for_programs_that_know_no_bundles(signing: Signing) -> None:
    command = sign_command(signing, IMAGE) or []
    assert command[-3:] == ["--use-signing-config=false", "--new-bundle-format=false", IMAGE]
    assert (verify_command(signing, IMAGE, IDENTITY) or [])[-2:] == ["--new-bundle-format=false", IMAGE]
    silent = (
        sign_command(Signing(key="env://K", public_key="k", public_log=False, format="legacy"), IMAGE) or []
    )
    assert silent[-4:-1] == ["--use-signing-config=false", "--tlog-upload=false", "--new-bundle-format=false"]


def test_bundles_are_the_default() -> None:
    assert "--new-bundle-format=false" not in (sign_command(Signing(), IMAGE) or [])
