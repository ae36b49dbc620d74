"""Images of the kind ``buildx``: users build and push from terminals, through the engine's BuildKit behind an address.

The containers run as in a cluster whose Pod Security is `restricted`, on the machine's own network.
"""

from __future__ import annotations

import base64
import shutil
import threading
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import requests

from tests.certificates import issue, needs_openssl, server_context
from tests.e2e.bridge import buildkit
from tests.e2e.support import docker, new_repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Site

pytestmark = pytest.mark.e2e

MATRIX = """\
version: 1
registry: registry.invalid/builders
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  terminal: {from: debian, kind: buildx}
"""
RESTRICTED = ("--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=host")
FOREIGN = ("--user=1000650000:0", "--read-only", "--tmpfs=/tmp")
"""As on OpenShift, with a read-only root."""
CONTEXT = """\
mkdir -p /tmp/work && cd /tmp/work
printf 'FROM scratch\\nCOPY Dockerfile /\\n' >Dockerfile
"""
BUILD = "docker buildx build --quiet --push --tag"
PASSWORD = "hunter2-in-memory"
DIRECTORY = "/dev/shm/.docker-1000"  # noqa: S108 - in a container


@pytest.fixture(scope="module")
def image(registry: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Build a small image of the kind; return its reference in the engine's store."""
    assert registry
    repository = new_repository(tmp_path_factory.mktemp("buildx"))
    (repository.root / "matrix.yaml").write_text(MATRIX)
    repository.run("render")
    repository.run("build", "--no-registry", "terminal")
    return f"{repository.registry}/terminal:default"


@contextmanager
def started(image: str, *options: str) -> Iterator[str]:
    """Start a container with a home volume; give its id."""
    home = f"image-matrix-{uuid.uuid4().hex[:8]}"
    container = docker(
        "run", "--detach", *RESTRICTED, f"--volume={home}:/home/jovyan", *options, image, "sleep", "600"
    )
    ready = "until [ -d /home/jovyan/.jupyter ]; do sleep 0.1; done; until pgrep -x sleep; do sleep 0.1; done"
    try:
        docker("exec", container, "timeout", "30", "sh", "-c", ready)
        yield container
    finally:
        docker("rm", "--force", container)
        docker("volume", "rm", home)


def said(container: str, *command: str) -> str:
    """Return what a command prints, on both streams."""
    return docker("exec", container, "sh", "-c", 'exec "$@" 2>&1', "sh", *command, check=False)


def pushed_digest(answer: str) -> bool:
    """Is a digest the last line? Above it, buildx may speak of a connection that it had to make again."""
    return answer.rpartition("\n")[2].startswith("sha256:")


@pytest.fixture
def pushed(registry: str) -> str:
    return f"{registry}/terminal-{uuid.uuid4().hex[:8]}"


def platforms(reference: str) -> set[str]:
    """Return the platforms of an index in the registry."""
    host, _, path = reference.partition("/")
    kinds = "application/vnd.oci.image.index.v1+json"
    url = f"http://{host}/v2/{path.replace(':', '/manifests/')}"
    answer = requests.get(url, headers={"Accept": kinds}, timeout=10)
    answer.raise_for_status()
    listed = [one["platform"] for one in answer.json()["manifests"]]
    return {f"{one['os']}/{one['architecture']}" for one in listed if one["os"] != "unknown"}


@needs_openssl
def test_every_shell_builds_and_pushes_over_tls(image: str, pushed: str, tmp_path: Path) -> None:
    """A login shell, a plain one, and a command of `docker exec` without any; the certificates are a mounted folder."""
    issue(tmp_path)
    secret = tmp_path / "secret"
    secret.mkdir()
    for name, file in {"ca.crt": "ca.pem", "tls.crt": "cert.pem", "tls.key": "key.pem"}.items():
        shutil.copy(tmp_path / file, secret / name)
        (secret / name).chmod(0o444)
    mount = f"--volume={secret}:/etc/image-matrix/buildkit:ro"
    with (
        buildkit(server_context(tmp_path, clients=True)) as address,
        started(image, f"--env=BUILDKIT_HOST={address}", mount) as container,
    ):
        login = said(container, "bash", "-lc", f"{CONTEXT}{BUILD} {pushed}:login .")
        plain = said(
            container,
            "sh",
            "-c",
            f"cd /tmp/work; {BUILD} {pushed}:plain --platform=linux/amd64,linux/arm64 .",
        )
        alone = said(container, *BUILD.split(), f"{pushed}:alone", "/tmp/work")  # noqa: S108 - in the container
        listed = said(container, "docker", "buildx", "ls")
    assert all(pushed_digest(answer) for answer in (login, plain, alone)), (login, plain, alone)
    assert platforms(f"{pushed}:plain") == {"linux/amd64", "linux/arm64"}
    assert platforms(f"{pushed}:login")
    assert platforms(f"{pushed}:alone")
    assert "notebook*" in listed


def test_any_user_on_a_read_only_root_is_told_what_to_set(image: str, pushed: str) -> None:
    """Without the variable; with one that nobody answers at; with the right one, set in the terminal."""
    with buildkit() as address, started(image, *FOREIGN) as container:
        build = f"{BUILD} {pushed}:1 ."
        missing = said(container, "bash", "-lc", f"{CONTEXT}docker buildx ls >/dev/null 2>&1; {build}")
        dead = said(container, "bash", "-lc", f"cd /tmp/work; BUILDKIT_HOST=tcp://127.0.0.1:9 {build}")
        found = said(container, "bash", "-lc", f"cd /tmp/work; export BUILDKIT_HOST={address}; {build}")
        daemon = [said(container, "docker", word, ".") for word in ("build", "push", "run")]
    assert "write `export BUILDKIT_HOST=tcp://HOST:1234`" in missing
    assert dead.endswith("docker: BUILDKIT_HOST=tcp://127.0.0.1:9: connection refused")
    assert pushed_digest(found), found
    assert {line.partition(": write ")[0] for line in daemon} == {"docker: no Docker daemon runs here"}
    assert all("docker buildx build --push" in line for line in daemon)


class Registry(BaseHTTPRequestHandler):
    """A registry that asks for a login, and has nothing else."""

    def do_GET(self) -> None:
        known = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
        accepted = self.headers.get("Authorization") == f"Basic {known}"
        self.send_response(200 if accepted else 401)
        self.send_header("WWW-Authenticate", 'Basic realm="test"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@pytest.fixture
def private() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_login_stays_in_memory(image: str, private: str) -> None:
    written = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
    with started(image) as container:
        answer = said(
            container,
            "bash",
            "-lc",
            f"echo {PASSWORD} | docker login --username user --password-stdin {private}",
        )
        kept = docker("exec", container, "cat", f"{DIRECTORY}/config.json")
        kind = docker("exec", container, "sh", "-c", f"df --output=fstype,target {DIRECTORY} | tail -n 1")
        on_disk = said(
            container,
            "grep",
            "-rslF",
            "--exclude-dir=proc",
            "--exclude-dir=sys",
            "--exclude-dir=shm",
            written,
            "/",
        )
        mode = docker("exec", container, "stat", "--format=%a %U", DIRECTORY)
    assert "Login Succeeded" in answer
    assert written in kept
    assert kind.split() == ["tmpfs", "/dev/shm"]  # noqa: S108 - in the container
    assert on_disk == ""
    assert mode == "700 jovyan"


def test_without_memory_there_is_no_login(image: str, private: str) -> None:
    login = f"echo {PASSWORD} | docker login --username user --password-stdin {private}"
    with started(image, "--ipc=none") as container:
        answer = said(container, "bash", "-lc", login)
        found = docker(
            "exec",
            container,
            "sh",
            "-c",
            "find / -xdev -name config.json -user jovyan 2>/dev/null",
            check=False,
        )
    assert answer.startswith("docker: a login would stay on a disk")
    assert found == ""


def test_the_reference_image_passes(site: Site) -> None:
    site.image("jupyter-buildx:python3.13")
    done = site.run("verify", "jupyter-buildx:python3.13")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "docker-builder" in done.stdout
