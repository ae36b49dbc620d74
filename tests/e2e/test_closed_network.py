"""Builds in a closed network: a proxy with a password, plain HTTP, a private authority, a registry with a login."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from functools import cache
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from tests.certificates import issue, needs_openssl, server_context
from tests.e2e import standins
from tests.e2e.place import Quiet, bridge, serving
from tests.e2e.recording_proxy import recording_proxy
from tests.e2e.support import REGISTRY, docker, new_repository
from tests.lock.site import write_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.verify.engine import Engine
    from tests.e2e.support import Repository

pytestmark = pytest.mark.e2e
UV = "0.13.8"
PASSWORD = "hunter2-is-secret"
MATRIX = f"""\
version: 1
registry: registry.invalid/closed
workflow: none
sources: {{debian: docker.io/library/debian:trixie-slim}}
images:
  base: {{from: debian, kind: base, pip: [uv=={UV}, tiny==1.0]}}
"""


@cache
def archive_address() -> str:
    """Ask apt of the source where it fetches; without the path."""
    image = f"{REGISTRY}/library/debian:trixie-slim"
    printed = docker("run", "--rm", image, "apt-get", "--print-uris", "update")
    parts = urlsplit(printed.split("'")[1])
    return f"{parts.scheme}://{parts.netloc}"


class Archive(Quiet):
    """Debian's archive, as a mirror of a company has it."""

    protocol_version = "HTTP/1.1"  # apt takes the end of a connection with TLS for a fault
    timeout = 5

    def do_GET(self) -> None:  # noqa: N802 - the base class' name
        plain = {"Accept-Encoding": "identity"}
        answer = requests.get(f"{archive_address()}{self.path}", headers=plain, timeout=60)
        self.send_response(answer.status_code)
        for name in ("Content-Type", "Last-Modified"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)


@contextmanager
def archive(certificates: Path) -> Iterator[str]:
    """Offer it with TLS; yield ``HOST:PORT``."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Archive) as server:
        server.socket = server_context(certificates).wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def index(folder: Path) -> None:
    """Write a package index: the listing of a folder is one."""
    kept = standins.cache() / "wheels"
    if not [*kept.glob(f"uv-{UV}-*")]:
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
        subprocess.run([*pip, f"uv=={UV}", "--dest", str(kept)], check=True)
    for name in ("uv", "tiny"):
        (folder / "simple" / name).mkdir(parents=True)
    for wheel in kept.glob(f"uv-{UV}-*"):
        (folder / "simple/uv" / wheel.name).symlink_to(wheel)
    write_wheel(folder / "simple/tiny/tiny-1.0-py3-none-any.whl", "tiny", "1.0", (), "py3-none-any")


@contextmanager
def arguments_seen() -> Iterator[set[bytes]]:
    """Note the arguments of every program that runs on this machine meanwhile."""
    seen: set[bytes] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.add(file.read_bytes())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def repository(root: Path, matrix: str) -> Repository:
    made = new_repository(root)
    (made.root / "matrix.yaml").write_text(matrix)
    return made


@needs_openssl
def test_the_base_image_is_built_behind_a_proxy_and_a_private_authority(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("certificates", "index", "tmp"):
        (tmp_path / name).mkdir()
    issue(tmp_path / "certificates", "DNS:apt.example.org")
    index(tmp_path / "index")
    made = repository(tmp_path / "repository", MATRIX)
    (made.root / "ca.pem").write_bytes((tmp_path / "certificates/ca.pem").read_bytes())
    site = yaml.safe_load((made.root / "site.yaml").read_text())
    site["network"]["mirrors"] |= {
        "pip": "http://index.example.org/simple",
        "apt": {archive_address(): "https://apt.example.org"},
    }
    site["network"] |= {"ca_bundle": "ca.pem", "proxy": {"http": "env://CLOSED", "https": "env://CLOSED"}}
    (made.root / "site.yaml").write_text(yaml.safe_dump(site))
    with (
        archive(tmp_path / "certificates") as debian,
        serving(tmp_path / "index", "127.0.0.1") as packages,
        recording_proxy(
            bridge(engine),
            allows=lambda place: place in ("apt.example.org:443", "index.example.org:80"),
            login=f"ada:{PASSWORD}",
            routes={"apt.example.org:443": debian, "index.example.org:80": packages.removeprefix("http://")},
        ) as proxy,
        arguments_seen() as seen,
    ):
        monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
        monkeypatch.setenv("CLOSED", proxy.address.replace("://", f"://ada:{PASSWORD}@"))
        locked = made.run("lock")
        built = made.run("build", "--force")
        printed = made.run("build", "--print")
    assert "1 built in" in built.stdout
    assert proxy.hosts == {"apt.example.org", "index.example.org"}
    assert PASSWORD.encode() not in b"".join(seen)
    image = f"{made.registry}/base:default"
    about = docker("image", "inspect", image) + docker("history", "--no-trunc", image)
    kept = [file.read_bytes() for file in made.root.rglob("*") if file.is_file()]
    left = [file.read_bytes() for file in (tmp_path / "tmp").rglob("*") if file.is_file()]
    assert PASSWORD not in "".join([about, *(done.stdout + done.stderr for done in (locked, built, printed))])
    assert not any(PASSWORD.encode() in content for content in (*kept, *left))
    assert (
        docker(
            "run", "--rm", "--entrypoint", "/opt/venv/bin/python", image, "-c", "import tiny; print('here')"
        )
        == "here"
    )


REGISTRY_CONFIG = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: "127.0.0.1:{port}"{tls}}}
{auth}
"""
HTPASSWD = "ada:$2b$05$HywQTM0.u0Q4U7yRr5peG.0vCivrseztXCeYVpnNwUrIvS/DqTjHC\n"
"""One login; the test has none."""


def registry_program() -> str:
    """Debian's registry, which .ci/engine unpacks; the test is skipped where there is none."""
    path = os.pathsep.join((os.environ["PATH"], str(standins.cache().parent / "registry/usr/bin")))
    program = shutil.which("docker-registry", path=path)
    if program is None:
        pytest.skip("there is no docker-registry")
    return program


def answers(port: int) -> bool:
    with socket.socket() as link:
        return link.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def own_registry(folder: Path, *, certificates: Path | None = None, login: bool = False) -> Iterator[int]:
    """Run a registry on this machine; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder.mkdir()
    tls = (
        f", tls: {{certificate: {certificates}/cert.pem, key: {certificates}/key.pem}}"
        if certificates
        else ""
    )
    auth = f"auth: {{htpasswd: {{realm: closed, path: {folder}/htpasswd}}}}" if login else ""
    (folder / "htpasswd").write_text(HTPASSWD)
    (folder / "config.yml").write_text(REGISTRY_CONFIG.format(folder=folder, port=port, tls=tls, auth=auth))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [registry_program(), "serve", str(folder / "config.yml")], stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 30
        while not answers(port):
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


SMALL = """\
version: 1
registry: {registry}
workflow: none
sources: {{{sources}}}
images: {{{images}}}
"""


def small(root: Path, registry: str, **sources: str) -> Repository:
    """A repository with an image on each source."""
    named = ", ".join(f'{name}: "{reference}"' for name, reference in sources.items())
    images = ", ".join(f"on-{name}: {{from: {name}, context: on-{name}}}" for name in sources)
    made = repository(root, SMALL.format(registry=registry, sources=named, images=images))
    shutil.rmtree(made.root / "templates")
    for name, reference in sources.items():
        (made.root / f"on-{name}").mkdir()
        (made.root / f"on-{name}/Dockerfile").write_text(f"FROM {reference}\nRUN echo built > /built\n")
    made.edit("site.yaml", f"registry: {made.registry}", f"registry: {registry}")
    return made


DIRECT = ".example.org,localhost,127.0.0.1,::1"
SMALL_SITE = f"""\
registry: {{registry}}
network:
  builtin_frontend: true
  mirrors: {{{{registries: {{{{docker.io: {REGISTRY.partition("/")[0]}}}}}}}}}
release: {{{{sbom: false}}}}
"""
DEBIAN = "docker.io/library/debian:trixie-slim"


def loopback_name() -> str:
    """A name of this machine that is not localhost; the engine takes any certificate from loopback addresses."""
    host = socket.gethostname()
    if not socket.gethostbyname(host).startswith("127."):
        pytest.skip("this machine's name has no loopback address")
    return host


@needs_openssl
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("tls", "setting", "said"),
    [
        (
            False,
            "trusted_hosts: ['{host}']",
            "it speaks plain HTTP; if that is meant, write `network: {{trusted_hosts",
        ),
        (
            True,
            "ca_bundle: ../certificates/ca.pem",
            "the certificate is not trusted; set `network.ca_bundle`",
        ),
    ],
)
def test_a_registry_in_plain_http_and_one_with_a_private_authority(
    tmp_path: Path, tls: bool, setting: str, said: str
) -> None:
    name, certificates = loopback_name(), tmp_path / "certificates"
    certificates.mkdir()
    issue(certificates, f"DNS:{name}")
    with own_registry(tmp_path / "registry", certificates=certificates if tls else None) as port:
        host = f"{name}:{port}"
        made = small(tmp_path / "repository", f"{host}/team", debian=DEBIAN)
        (made.root / "site.yaml").write_text(SMALL_SITE.format(registry=f"{host}/team"))
        refused = made.run("build", "--push", check=False)
        made.edit("site.yaml", "network:\n", f"network:\n  {setting.format(host=host)}\n")
        first = made.run("build", "--push")
        again = made.run("build", "--push")
    assert refused.returncode == 3
    assert said.format() in " ".join(refused.stderr.split())
    assert "1 built in" in first.stdout
    assert again.stdout == "0 built\n"


@pytest.mark.usefixtures("engine")
def test_a_missing_login_is_named_before_anything_is_built(tmp_path: Path, registry: str) -> None:
    with own_registry(tmp_path / "registry", login=True) as port:
        closed = f"127.0.0.1:{port}/team/base:1"
        made = small(tmp_path / "repository", f"{registry}/closed-{port}", open=DEBIAN, closed=closed)
        done = made.run("build", "--push", check=False)
    assert done.returncode == 3
    assert f"the source closed: {closed}: the registry denies access" in done.stderr
    assert f"`docker login 127.0.0.1:{port}`" in done.stderr
    assert "open" not in done.stderr.partition("error")[2]


@pytest.mark.usefixtures("engine")
def test_the_callers_proxy_reaches_a_dockerfile_of_ones_own_and_no_image(
    tmp_path: Path, registry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = small(tmp_path / "repository", f"{registry}/closed-proxy", debian=DEBIAN)
    (made.root / "on-debian/Dockerfile").write_text(
        f'FROM {DEBIAN}\nRUN [ "$NO_PROXY" = {DIRECT} ] && [ "$https_proxy" = "$HTTPS_PROXY" ]\n'
        'RUN echo "$https_proxy" > /seen\n'
    )
    monkeypatch.setenv("https_proxy", "http://proxy.example.org:3128")
    monkeypatch.setenv("NO_PROXY", ".example.org")
    made.run("build")
    image = f"{registry}/closed-proxy/on-debian:default"
    assert docker("run", "--rm", image, "cat", "/seen") == "http://proxy.example.org:3128"
    about = docker("image", "inspect", image) + docker("history", "--no-trunc", image)
    assert "proxy.example.org" not in about
