"""A real JupyterHub spawns the built images, and a real browser works in them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.e2e import standins
from tests.e2e.place import bridge
from tests.e2e.support import HOME
from tests.environments import python_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.verify.engine import Engine
    from tests.e2e.conftest import Site

pytestmark = pytest.mark.e2e

PROXY = "configurable-http-proxy@5.3.0"
VARIANTS = {"lab": "jupyter-scipy:python3.13", "code": "codeserver:python3.13"}
PICTURES = HOME / "build/screenshots"
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Hub:
    """A running hub."""

    address: str
    python: Path
    chromium: str
    log: Path

    def visit(self, user: str, ide: str) -> dict[str, Any]:
        """Log a user in and work in the IDE; return what was seen."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        request = {
            "hub": self.address, "user": user, "ide": ide, "chromium": self.chromium,
            "screenshot": str(PICTURES / f"hub-{ide}.png"),
        }  # fmt: skip
        command = [str(self.python), str(HERE / "browser.py"), json.dumps(request)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, f"{done.stderr[-3000:]}\n{self.log.read_text()[-6000:]}"
        seen: dict[str, Any] = json.loads(done.stdout)
        return seen


@pytest.fixture(scope="session")
def proxy() -> Path:
    """JupyterHub's proxy; made once on a machine."""
    folder = standins.cache() / PROXY
    program = folder / "node_modules/.bin/configurable-http-proxy"
    if not program.exists():
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        standins.run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", PROXY, folder=folder)
    return program


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def hub(
    engine: Engine, site: Site, proxy: Path, chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    log = folder / "hub.log"
    python = python_of("hub")
    gateway = bridge(engine)
    given = {
        "port": free_port(), "hub_port": free_port(gateway), "proxy_port": free_port(), "bridge": gateway,
        "proxy": [str(proxy)],
        "images": {user: site.image(variant) for user, variant in VARIANTS.items()},
        "name": f"image-matrix-hub-{os.getpid()}",
    }  # fmt: skip
    command = [str(python), "-m", "jupyterhub", "--config", str(HERE / "hub_config.py")]
    with log.open("w") as stream:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "TEST_HUB": json.dumps(given)},
            stdout=stream,
            stderr=stream,
        )
    try:
        address = f"http://127.0.0.1:{given['port']}"
        wait_for(f"{address}/hub/health", process, log)
        yield Hub(address, python, chromium, log)
    finally:
        process.terminate()
        process.wait(60)
        PICTURES.mkdir(parents=True, exist_ok=True)
        (PICTURES / "hub.log").write_text(log.read_text())


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def lab(hub: Hub) -> dict[str, Any]:
    """What a user of JupyterLab sees; the server runs on."""
    return hub.visit("lab", "jupyter")


@pytest.fixture(scope="module")
def code(hub: Hub) -> dict[str, Any]:
    """What a user of code-server sees; the server runs on."""
    return hub.visit("code", "codeserver")


def test_a_notebook_cell_runs(lab: dict[str, Any]) -> None:
    assert lab["output"] == "2"
    assert "/user/lab/lab" in lab["url"]
    assert not lab["failed"]


def test_the_workbench_of_code_server_is_shown(code: dict[str, Any]) -> None:
    assert "/user/code/code-server/" in code["url"]
    assert ".bashrc" in code["files"]
    assert not code["chat"]
    assert not code["failed"]


@pytest.mark.usefixtures("lab", "code")
def test_nobody_else_gets_in(hub: Hub) -> None:
    """Without the hub's cookie the spawned servers send everybody to its login."""
    for path in ("user/lab/lab", "user/code/code-server/"):
        answer = requests.get(f"{hub.address}/{path}", timeout=30)
        assert "/hub/login" in answer.url
    api = requests.get(f"{hub.address}/user/lab/api/contents", timeout=30)
    assert api.status_code == 403


@pytest.mark.usefixtures("lab", "code")
def test_the_hub_complains_about_nothing(hub: Hub) -> None:
    """A server of another major version would make it warn, and redirect for ever."""
    text = hub.log.read_text()
    assert "Traceback" not in text
    assert "version" not in "\n".join(line for line in text.splitlines() if line.startswith("[W"))
