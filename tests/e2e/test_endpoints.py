"""What a lock and a build reach is what ``endpoints`` names: both go through a proxy that lets nothing else through."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests

from image_matrix.endpoints.model import endpoint_of
from image_matrix.lock import text as texts
from image_matrix.lock.defaults import ask_defaults
from image_matrix.pinned.actions import tool_version
from tests.e2e.place import bridge
from tests.e2e.recording_proxy import recording_proxy
from tests.e2e.support import CA_BUNDLE
from tests.e2e.tiny_images import CONFIG, LAYER, MANIFEST, Repository, one_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.engine import Engine
    from tests.e2e.recording_proxy import RecordingProxy

pytestmark = pytest.mark.e2e

MATRIX = """\
version: 1
registry: {registry}/endpoints
sources: {{debian-trixie: "{source}"}}
network: {{builtin_frontend: true{ca}}}
release: {{sbom: false, sign: none, scan: none}}
workflow: none
images:
  base: {{description: A base, from: debian-trixie, kind: base, platforms: [linux/amd64], pip: [uv=={uv}]}}
"""
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


def new_source(registry: str) -> str:
    """Copy Debian's image with one more layer, so that no step that is built on it was built before."""
    old, new = Repository(f"{registry}/library/debian"), Repository(f"{registry}/endpoints/debian")
    answer = requests.get(f"{old.url}/manifests/trixie-slim", headers={"Accept": DOCKER}, timeout=60)
    if answer.headers.get("Content-Type") != DOCKER:
        pytest.skip("the registry has no image of Debian")
    config = blob(old, answer.json()["config"]["digest"]).json()
    layers = [
        {"mediaType": f"{LAYER}+gzip", **new.blob(blob(old, layer["digest"]).content)}
        for layer in answer.json()["layers"]
    ]
    layers.append({"mediaType": LAYER, **new.blob(one_file(os.urandom(20)))})
    config["rootfs"]["diff_ids"].append(layers[-1]["digest"])
    config["history"].append({"created_by": "a test"})
    described = {"mediaType": CONFIG, **new.blob(json.dumps(config).encode())}
    tag = f"trixie-{uuid.uuid4().hex[:12]}"
    new.manifest({"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": layers}, tag)
    return f"{new.name}:{tag}"


def blob(repository: Repository, digest: str) -> requests.Response:
    answer = requests.get(f"{repository.url}/blobs/{digest}", timeout=60)
    answer.raise_for_status()
    return answer


@pytest.fixture(scope="module")
def folder(registry: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if not direct(f"{default_index()}/six/"):
        pytest.skip("the default index of pip cannot be reached without a mirror")
    root = tmp_path_factory.mktemp("endpoints")
    ca = f", ca_bundle: {CA_BUNDLE}" if CA_BUNDLE.exists() else ""
    source = new_source(registry)
    (root / "matrix.yaml").write_text(
        MATRIX.format(registry=registry, source=source, ca=ca, uv=tool_version("uv"))
    )
    yield root
    engine.call(("image", "rm", "--force", f"{registry}/endpoints/base:default"), None, 60.0)


def default_index() -> str:
    return ask_defaults(["pip"], "3.13")["pip"]


def behind_index(root: Path) -> tuple[str, str]:
    """Return the index of this test, and where the lock has found its files."""
    index = endpoint_of(default_index()).address
    (content,) = texts.read((root / texts.FILE).read_text()).hosts[index]
    return index, content


def port_443(address: str) -> str:
    return f"{address.removeprefix('https://')}:443"


def direct(url: str) -> bool:
    try:
        return requests.get(url, timeout=20).ok
    except requests.RequestException:
        return False


def image_matrix(
    root: Path, *arguments: str, proxy: RecordingProxy | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the program; with a proxy, its own requests and those of build steps go through it."""
    command = [sys.executable, "-m", "image_matrix", "-C", str(root), *arguments]
    surroundings = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    if proxy:
        surroundings |= {"HTTP_PROXY": proxy.address, "HTTPS_PROXY": proxy.address}
    return subprocess.run(command, capture_output=True, text=True, env=surroundings)


def named(root: Path, *arguments: str) -> set[str]:
    done = image_matrix(root, "endpoints", "--format", "json", *arguments)
    assert done.returncode == 0, done.stderr
    data: dict[str, Any] = json.loads(done.stdout)
    assert data["unknown"] == []
    return {f"{item['host']}:{item['port']}" for item in data["endpoints"]}


def test_the_lock_reaches_what_is_named_afterwards(folder: Path, registry: str) -> None:
    (folder / texts.FILE).unlink(missing_ok=True)
    with recording_proxy() as proxy:
        done = image_matrix(folder, "lock", proxy=proxy)
    assert done.returncode == 0, done.stderr
    index, content = behind_index(folder)
    assert {port_443(index), port_443(content)} <= set(proxy.asked)
    assert {*proxy.asked, registry} <= named(
        folder, "--for", "lock"
    )  # this machine is asked without the proxy
    lock = texts.read((folder / texts.FILE).read_text())
    assert f"hosts behind {index}: {content} (new)" in done.stdout
    (source,) = lock.sources.values()
    assert source.apt
    assert "apt of " in done.stdout


def test_a_build_reaches_what_is_named_and_needs_it(folder: Path, engine: Engine) -> None:
    allowed = named(folder, "--for", "build")
    content = port_443(behind_index(folder)[1])
    build = ("build", "--no-registry", "base")
    with recording_proxy(bridge(engine), (allowed - {content}).__contains__) as narrow:
        failed = image_matrix(folder, *build, proxy=narrow)
    assert failed.returncode != 0
    assert set(narrow.refused) == {content}
    with recording_proxy(bridge(engine), allowed.__contains__) as proxy:
        done = image_matrix(folder, *build, proxy=proxy)
    assert done.returncode == 0, done.stderr[-4000:]
    assert proxy.refused == []
    reached = {*narrow.asked, *proxy.asked}
    lock = texts.read((folder / texts.FILE).read_text())
    (source,) = lock.sources.values()
    archives = {address.split("/")[2] + ":80" for address in source.apt or () if address.startswith("http:")}
    assert {content, *archives} <= reached <= allowed
