"""The place that end-to-end tests and measurements build at, as an overlay of this repository's matrix.

Where the network is open, images are built from the public addresses. Where it is not, the overlay names the test
registry's base images and a file server on the engine's bridge that has the stand-ins of :mod:`tests.e2e.standins`.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import requests
import yaml

from tests.e2e import standins
from tests.e2e.support import CA_BUNDLE, HOME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.engine import Engine

EXTENSION_VERSION = "0.0.0"
"""Of the empty stand-ins: a version that the lock has no checksum for."""
HEAVY = ("dvipng --version", "ffmpeg -version")
"""Tests of Debian packages that take minutes to install and say nothing about our code."""


def repositories(registry: str) -> str:
    """Return where images of this repository are tagged: two clones of it that test at once do not meet there."""
    return f"{registry}/e2e-{hashlib.sha256(str(HOME).encode()).hexdigest()[:8]}"


@contextmanager
def overlay_at(folder: Path, registry: str, engine: Engine) -> Iterator[Path]:
    """Write this place's overlay into a folder; what it names can be fetched for the time of the ``with``."""
    files = folder / "files"
    files.mkdir()
    matrix: dict[str, Any] = yaml.safe_load((HOME / "matrix.yaml").read_text())
    with serving(files, bridge(engine)) as address:
        overlay = folder / "overlay.yaml"
        overlay.write_text(yaml.safe_dump(overlay_for(matrix, registry, files, address)))
        yield overlay


def bridge(engine: Engine) -> str:
    """Return the engine's address on its default bridge, which builds and containers reach."""
    answer = engine.call(
        ("network", "inspect", "--format={{(index .IPAM.Config 0).Gateway}}", "bridge"), None, 30.0
    )
    assert answer.code == 0, answer.err
    return answer.out.strip()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@contextmanager
def serving(folder: Path, address: str, handler: type[Quiet] = Quiet) -> Iterator[str]:
    """Serve a folder's files for the time of a `with`; yield the server's address."""
    with ThreadingHTTPServer((address, 0), functools.partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{server.server_address[0]!s}:{server.server_address[1]}"
        server.shutdown()


def overlay_for(matrix: dict[str, Any], registry: str, files: Path, address: str) -> dict[str, Any]:
    """Return the overlay of this place, with stand-ins for what cannot be reached."""
    overlay: dict[str, Any] = {
        "registry": repositories(registry),
        "network": {"builtin_frontend": True, "mirrors": {}, **certificates()},
        "images": {"jupyter-scipy": {"apt": None, "tests": {"commands": dict.fromkeys(HEAVY)}}},
        **sources(registry),
    }
    if not reachable("https://dl.k8s.io/release/stable.txt"):
        standin_kubectl(overlay, matrix["downloads"]["kubectl"], files, address)
    if not reachable("https://github.com/coder/code-server/releases"):
        standin_code_server(overlay, matrix["downloads"]["code-server"], files, address)
    if not reachable("https://open-vsx.org"):
        standin_extensions(overlay, matrix["images"]["codeserver-python"]["extensions"], files, address)
    return overlay


def reachable(url: str) -> bool:
    try:
        return requests.head(url, timeout=5, allow_redirects=True).ok
    except requests.RequestException:
        return False


def sources(registry: str) -> dict[str, Any]:
    """Base images of the test registry, where it has some; the lock's digests are the public ones' alone."""
    try:
        answer = requests.get(f"http://{registry}/v2/library/debian/tags/list", timeout=5)
        tags = answer.json().get("tags") or [] if answer.ok else []
    except requests.RequestException:
        tags = []
    wanted = {"debian-trixie": "trixie-slim", "debian-bookworm": "bookworm-slim"}
    found = {name: f"{registry}/library/debian:{tag}" for name, tag in wanted.items() if tag in tags}
    return {"sources": found} if found else {}


def certificates() -> dict[str, str]:
    """The machine's own CA bundle: a proxy with a certificate of its own may be in the way."""
    return {"ca_bundle": str(CA_BUNDLE)} if CA_BUNDLE.exists() else {}


def offer(overlay: dict[str, Any], origin: str, mirror: str) -> None:
    overlay["network"]["mirrors"].setdefault("downloads", {})[origin] = mirror


def download_address(item: dict[str, Any]) -> str:
    return str(item["url"]).replace("{version}", item["version"]).replace("{arch}", "amd64")


def place(files: Path, url: str, file: Path) -> None:
    """Put a file where the server answers for a URL."""
    target = files / url.removeprefix("https://")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(file)


def standin_kubectl(overlay: dict[str, Any], item: dict[str, Any], files: Path, address: str) -> None:
    program = standins.kubectl()
    place(files, download_address(item), program)
    offer(overlay, "https://dl.k8s.io", f"{address}/dl.k8s.io")
    overlay.setdefault("downloads", {})["kubectl"] = {"sha256": {"amd64": standins.sha256(program)}}


def standin_code_server(overlay: dict[str, Any], item: dict[str, Any], files: Path, address: str) -> None:
    archive = standins.code_server(item["version"])
    place(files, download_address(item), archive)
    offer(overlay, "https://github.com/coder", f"{address}/github.com/coder")
    overlay.setdefault("downloads", {})["code-server"] = {"sha256": {"amd64": standins.sha256(archive)}}


def standin_extensions(overlay: dict[str, Any], items: list[str], files: Path, address: str) -> None:
    """Empty extensions by the same names; their version is one that the lock knows nothing of."""
    names = [item.partition("@")[0] for item in items]
    for name in names:
        publisher, _, short = name.partition(".")
        folder = files / f"open-vsx.org/api/{publisher}/{short}/{EXTENSION_VERSION}/file"
        standins.vsix(folder / f"{name}-{EXTENSION_VERSION}.vsix", name, EXTENSION_VERSION)
    overlay["network"]["mirrors"]["extensions"] = f"{address}/open-vsx.org"
    overlay["images"]["codeserver-python"] = {"extensions": [f"{name}@{EXTENSION_VERSION}" for name in names]}
