"""What answers at an address: real servers on this machine."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.endpoint import WANTS_CERTIFICATE, TlsFiles, endpoint_fault
from tests.answering import SETTINGS, answering
from tests.certificates import issue, needs_openssl, server_context

if TYPE_CHECKING:
    from pathlib import Path

HTTP = b"HTTP/1.1 400 Bad Request\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (SETTINGS, None),
        (HTTP, "it does not speak BuildKit's protocol"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "it asks for TLS"),
        (b"", "it closes the connection; it may ask for TLS"),
    ],
)
def test_what_a_server_answers(answer: bytes, fault: str | None) -> None:
    with answering(answer) as address:
        assert endpoint_fault(address) == fault


def test_nobody_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert endpoint_fault(f"tcp://127.0.0.1:{port}") == "connection refused"
    assert endpoint_fault("tcp://buildkit.invalid:1234") == "the name buildkit.invalid cannot be resolved"
    assert endpoint_fault(f"unix://{tmp_path}/absent.sock") == "no such file or directory"


def test_only_buildx_reaches_it() -> None:
    assert endpoint_fault("kube-pod://buildkitd") is None


def files(folder: Path) -> TlsFiles:
    return TlsFiles(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")


@needs_openssl
def test_tls(tmp_path: Path) -> None:
    issue(tmp_path)
    with answering(SETTINGS, server_context(tmp_path, clients=True)) as address:
        assert endpoint_fault(address, files(tmp_path)) is None
    with answering(HTTP, server_context(tmp_path)) as address:
        assert endpoint_fault(address, files(tmp_path)) == "it does not speak BuildKit's protocol"


@needs_openssl
def test_a_certificate_of_another_authority(tmp_path: Path) -> None:
    issue(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    issue(other)
    with answering(SETTINGS, server_context(other)) as address:
        fault = endpoint_fault(address, TlsFiles(tmp_path / "ca.pem"))
    assert fault is not None
    assert fault.startswith("its certificate is not valid: ")


@needs_openssl
def test_a_server_that_wants_our_certificate(tmp_path: Path) -> None:
    issue(tmp_path)
    with answering(SETTINGS, server_context(tmp_path, clients=True)) as address:
        fault = endpoint_fault(address, TlsFiles(tmp_path / "ca.pem"))
    assert fault == WANTS_CERTIFICATE


@needs_openssl
def test_a_server_without_tls(tmp_path: Path) -> None:
    issue(tmp_path)
    with answering(SETTINGS) as address:
        fault = endpoint_fault(address, files(tmp_path))
    assert fault is not None
    assert fault.startswith("TLS fails: ")
