"""Runs a tiny service as a user does: address, variable, a home that stays, Ctrl-C; here and on another machine."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import urllib.request
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import Repository, docker, new_repository
from tests.e2e.test_verify_remote import DOCKERFILE, MATRIX, REMOTE, SERVER, docker_at, pytestmark

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pytestmark"]
GREETING = """\
  my $seen = "$ENV{HOME}/seen";
  print $client "HTTP/1.0 200 OK\\r\\n\\r\\n$ENV{GREETING} ", -s $seen;
  open my $file, ">>", $seen; print $file "x"; close $file;"""
"""Answers with a variable and with the number of requests that its home has seen."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = new_repository(tmp_path_factory.mktemp("run"))
    (repository.root / "matrix.yaml").write_text(MATRIX)
    (repository.root / "small").mkdir()
    (repository.root / "small" / "Dockerfile").write_text(f"{DOCKERFILE}ENV HOME=/data\nRUN mkdir /data\n")
    server = re.sub(r"  print \$client .*", lambda _: GREETING, SERVER)
    (repository.root / "small" / "server.pl").write_text(server)
    repository.run("build", "small")
    return repository


@pytest.fixture
def volume() -> Iterator[str]:
    name = f"image-matrix-test-{uuid.uuid4().hex[:8]}"
    yield name
    docker("volume", "rm", "--force", name)


def page(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - ours
        return str(answer.read().decode())


def containers() -> str:
    return docker("ps", "--all", "--quiet", "--filter", "label=image-matrix.run=small:default")


@contextmanager
def followed(service: Repository, *options: str) -> Iterator[str]:
    """Run the service; yield the address that is printed, and end it as Ctrl-C does."""
    command = service.command("run", *options, "small")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "stopped and removed" in said


def test_a_service_runs_until_ctrl_c_and_its_home_stays(service: Repository, volume: str) -> None:
    options = ("--volume", volume, "--env", "GREETING=hello")
    with followed(service, *options) as address:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        first = page(address)
        assert re.fullmatch(r"hello \d+", first)
        published = docker("port", containers(), "8080")
        assert published == address.removeprefix("http://").rstrip("/")
    assert containers() == ""
    with followed(service, *options) as address:
        assert int(page(address).split()[1]) > int(first.split()[1])


def test_a_port_in_use_is_said_and_nothing_is_left(service: Repository) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = service.run("run", "--volume", "none", "--port", str(port), "small", check=False)
    assert done.returncode == 3
    assert f"port {port} is in use" in done.stderr
    assert containers() == ""


def test_a_command_gives_its_exit_code(service: Repository) -> None:
    done = service.run(
        "run", "--volume", "none", "small", "--", "perl", "-e", "print 6 * 7; exit 5", check=False
    )
    assert (done.returncode, done.stdout) == (5, "42")
    assert containers() == ""


def test_an_engine_elsewhere_keeps_the_port_to_itself(
    service: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    with docker_at(REMOTE) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        done = service.run("run", "--detach", "--volume", "none", "small")
        try:
            port = done.stdout.strip().rpartition(":")[2].rstrip("/")
            assert f"ssh -N -L {port}:127.0.0.1:{port} {REMOTE}" in done.stderr
            assert docker("port", containers(), "8080") == f"127.0.0.1:{port}"
        finally:
            docker("stop", "-t", "1", containers())
