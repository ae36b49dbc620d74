"""What answers at an address: real servers on this machine."""

from __future__ import annotations

import contextlib
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.endpoint import WANTS_CERTIFICATE, TlsFiles, endpoint_fault
from tests.certificates import issue, needs_openssl, server_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
"""An empty SETTINGS frame: RFC 9113, 6.5."""
HTTP = b"HTTP/1.1 400 Bad Request\r\n\r\n"


@contextmanager
def answering(answer: bytes, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Accept one connection, read what comes, send an answer; yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            link, _ = server.accept()
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(link, server_side=True) if context else link as secured,
            ):
                secured.recv(100)
                secured.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


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
