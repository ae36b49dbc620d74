"""Signatures that a registry or a log refuses for the moment, against a cosign that answers as told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.config.release import Signing
from image_matrix.errors import Failure
from image_matrix.publish.signing import sign
from tests.publish.support import answers, calls, stub

if TYPE_CHECKING:
    from pathlib import Path


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
