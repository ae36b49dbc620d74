"""Verifies with a Docker of another machine: the engine's own, behind an address, for a client without a daemon."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import new_repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOCKET = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not os.path.exists(SOCKET), reason="the engine has no socket on this machine"),  # noqa: PTH110
]
REMOTE = "127.0.0.2"
"""Ports that the engine publishes to its own machine alone are not reached here, as with another machine."""
MATRIX = """\
version: 1
registry: registry.invalid/remote
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  small:
    from: debian
    context: small
    contract: service
    tests: {commands: {"perl -v": "This is perl"}, http: {page: hello}}
"""
DOCKERFILE = """\
FROM docker.io/library/debian:trixie-slim
COPY server.pl /server.pl
EXPOSE 8080
CMD ["perl", "/server.pl"]
"""
SERVER = """\
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;
$SIG{TERM} = sub { exit 0 };
while (1) {
  my $client = $server->accept or next;
  <$client>;
  print $client "HTTP/1.0 200 OK\\r\\nContent-Type: text/plain\\r\\n\\r\\nhello";
  close $client;
}
"""


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def to_engine(link: socket.socket) -> None:
    with link, socket.socket(socket.AF_UNIX) as engine:
        engine.connect(SOCKET)
        back = threading.Thread(target=copy, args=(engine, link), daemon=True)
        back.start()
        copy(link, engine)
        back.join()


@contextmanager
def docker_at(host: str) -> Iterator[str]:
    """Offer the engine at an address, as a Docker of another machine does."""
    with socket.create_server((host, 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    link, _ = server.accept()
                    threading.Thread(target=to_engine, args=(link,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://{host}:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def test_a_remote_docker_builds_and_verifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = new_repository(tmp_path)
    (repository.root / "matrix.yaml").write_text(MATRIX)
    (repository.root / "small").mkdir()
    (repository.root / "small" / "Dockerfile").write_text(DOCKERFILE)
    (repository.root / "small" / "server.pl").write_text(SERVER)
    with docker_at(REMOTE) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        repository.run("build", "small")
        done = repository.run("verify", "small")
    report = done.stdout + done.stderr
    assert "answers" in report
    assert "http page" in report
    assert "skipped" not in report
