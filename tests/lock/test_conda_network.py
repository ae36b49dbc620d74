"""Channels of conda behind a login and a certificate authority of their own: the lock has what the matrix names."""

from __future__ import annotations

import base64
import os
import threading
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.lock.conda_in_process import solver_in_process
from image_matrix.lock.conda_program import program_on_path
from image_matrix.lock.conda_request import CondaNetwork, CondaRequest
from tests.certificates import issue, needs_openssl, server_context

from .conda_channel import Built, write_channel
from .site import Quiet

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "hunter2-hunter2"
LOGIN = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()


class Guarded(Quiet):
    """Asks for a login."""

    def send_head(self) -> Any:
        if self.headers.get("Authorization") == LOGIN:
            return super().send_head()
        self.send_error(401)
        return None


@contextmanager
def channel(folder: Path, handler: type[Quiet], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve a channel, and yield its address."""
    write_channel(folder / "c", Built("zlib", "1.3"))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}/c"
        finally:
            server.shutdown()


def solve(address: str, network: CondaNetwork) -> list[str] | str:
    solver = solver_in_process(network)
    assert solver is not None
    return solver(CondaRequest(("zlib",), (address,), "linux-64", "2.36"))


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NETRC", "SSL_CERT_FILE", "RATTLER_AUTH_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def netrc(folder: Path, password: str) -> str:
    file = folder / "logins"
    file.write_text(f"machine 127.0.0.1 login me password {password}\n", encoding="utf-8")
    return str(file)


def test_the_login_of_the_file_opens_a_channel(tmp_path: Path) -> None:
    before = dict(os.environ)
    with channel(tmp_path / "served", Guarded) as address:
        answer = solve(address, CondaNetwork(netrc=netrc(tmp_path, PASSWORD)))
    assert [url.partition("#")[0] for url in answer] == [f"{address}/noarch/zlib-1.3-0.tar.bz2"]
    assert dict(os.environ) == before


@pytest.mark.parametrize("password", ["wrong", None])
def test_a_channel_that_stays_closed_is_named_without_the_password(
    tmp_path: Path, password: str | None
) -> None:
    with channel(tmp_path / "served", Guarded) as address:
        answer = solve(address, CondaNetwork(netrc=netrc(tmp_path, password) if password else None))
    assert isinstance(answer, str)
    assert "401" in answer
    assert "wrong" not in answer


def test_the_mirror_gets_the_login(tmp_path: Path) -> None:
    with channel(tmp_path / "served", Guarded) as address:
        network = CondaNetwork(
            {"https://conda.example.org": address.removesuffix("/c")}, netrc=netrc(tmp_path, PASSWORD)
        )
        answer = solve("https://conda.example.org/c", network)
    assert [url.partition("#")[0] for url in answer] == [
        "https://conda.example.org/c/noarch/zlib-1.3-0.tar.bz2"
    ]


@pytest.fixture
def certified(tmp_path: Path) -> ssl.SSLContext:
    """The certificate of a server, signed by the authority in ca.pem."""
    issue(tmp_path)
    return server_context(tmp_path)


@pytest.mark.slow
@needs_openssl
def test_the_certificates_of_the_matrix_are_trusted(tmp_path: Path, certified: ssl.SSLContext) -> None:
    before = dict(os.environ)
    with channel(tmp_path / "served", Quiet, certified) as address:
        answer = solve(address, CondaNetwork(ca_bundle=str(tmp_path / "ca.pem")))
        refused = solve(address, CondaNetwork())
    assert [url.partition("#")[0] for url in answer] == [f"{address}/noarch/zlib-1.3-0.tar.bz2"]
    assert isinstance(refused, str)
    assert "certificate" in refused
    assert dict(os.environ) == before


def test_a_program_on_path_gets_the_certificates_and_logins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "micromamba"
    url = "https://conda.anaconda.org/c/noarch/x-1-0.conda"
    program.write_text(
        '#!/bin/sh\ntest "$SSL_CERT_FILE" = /ca.pem && test "$REQUESTS_CA_BUNDLE" = /ca.pem || exit 1\n'
        'test "$NETRC" = /logins || exit 1\n'
        f"""echo '{{"actions": {{"LINK": [{{"url": "{url}"}}]}}}}'\n"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    solver = program_on_path(CondaNetwork(ca_bundle="/ca.pem", netrc="/logins"))
    assert solver is not None
    assert solver(CondaRequest(("x",), ("https://conda.anaconda.org/c",), "linux-64", "2.36")) == [url]
