"""Extensions of a pack in a real code-server: from the lock, offline, beside those that a user keeps on the volume."""

from __future__ import annotations

import json
import re
import subprocess
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.excerpt import excerpt
from tests.e2e.place import Quiet, bridge, serving
from tests.e2e.support import HOME, docker, get
from tests.environments import python_of
from tests.lock import site as gallery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.engine import Engine
    from tests.e2e.conftest import Site
    from tests.e2e.excerpt import Excerpt

pytestmark = pytest.mark.e2e

X64, ARM64 = "linux-x64", "linux-arm64"
PROBE = """\
const vscode = require("vscode"), fs = require("fs"), os = require("os")
exports.activate = () => {
  const extensions = {}
  for (const {id, extensionPath, packageJSON} of vscode.extensions.all)
    if (id.startsWith("team.")) extensions[id] = [packageJSON.version, packageJSON.for, fs.realpathSync(extensionPath)]
  const python = vscode.workspace.getConfiguration("python").inspect("defaultInterpreterPath").globalValue
  fs.writeFileSync(`${os.homedir()}/seen.new`, JSON.stringify({extensions, python}))
  fs.renameSync(`${os.homedir()}/seen.new`, `${os.homedir()}/seen.json`)
}
"""
"""Says what the extensions of a workbench see; the setting is declared as Microsoft's extension for Python does."""
DECLARED = {"python.defaultInterpreterPath": {"type": "string", "scope": "machine-overridable"}}
FILES = (
    "pack/1.0.0/file/team.pack-1.0.0",
    "probe/1.0.0/file/team.probe-1.0.0",
    "tool/1.0.0/file/team.tool-1.0.0",
    "tool/2.0.0/file/team.tool-2.0.0",
)
"""What a build fetches, beside the file of the platform."""
EDITOR = "/opt/code-server/bin/code-server"


class Recording(Quiet):
    """A gallery that says what it was asked."""

    asked: list[str]

    def do_GET(self) -> None:  # noqa: N802 - the base class' name
        self.asked.append(self.path)
        super().do_GET()

    def do_POST(self) -> None:  # noqa: N802
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.asked.append(f"{self.path} {text}")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(b'{"results": [{"extensions": [], "resultMetadata": []}]}')

    def do_OPTIONS(self) -> None:  # noqa: N802
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "*")
        self.end_headers()


@dataclass(frozen=True, slots=True)
class Family:
    """An image with a pack of extensions, and the gallery that has them."""

    part: Excerpt
    gallery: gallery.Site
    address: str
    asked: list[str]

    def publish(self) -> None:
        """Publish a pack with a dependency and a member, which has a file for each platform; a tool; a user's own."""
        new: dict[str, Any] = {"description": uuid.uuid4().hex}  # no build of another day has it in its cache
        needs: dict[str, Any] = {"extensionPack": ["team.native"], "extensionDependencies": ["team.probe"]}
        self.gallery.extension("team.pack", "1.0.0", **needs, **new)
        self.gallery.extension("team.native", "1.0.0", targets=(X64, ARM64), **new)
        self.gallery.extension(
            "team.probe", "1.0.0", files={"main.js": PROBE}, main="./main.js", **new,
            activationEvents=["onStartupFinished"], contributes={"configuration": {"properties": DECLARED}},
        )  # fmt: skip
        for item in ("team.tool@1.0.0", "team.tool@2.0.0", "team.own@1.0.0"):
            self.gallery.extension(*item.split("@"), **new)

    def build(self) -> None:
        """Lock for both platforms and build for one."""
        self.part.repository.run("lock")
        self.part.repository.run("render")
        self.asked.clear()
        self.part.build("codeserver", "child")


OWN = {
    "images": {
        "editor": {
            "description": "Editor",
            "from": "codeserver",
            "extensions": ["team.pack@1.0.0", "team.tool@1.0.0"],
        },
        "child": {"description": "Child", "from": "editor", "extensions": ["team.tool@2.0.0"]},
    }
}


@pytest.fixture
def family(site: Site, engine: Engine, tmp_path: Path) -> Iterator[Family]:
    folder, asked = tmp_path / "gallery", list[str]()
    folder.mkdir()
    with serving(folder, bridge(engine), type("Handler", (Recording,), {"asked": asked})) as address:
        mirror = {"extensions": f"{address}/vsx"}
        part = excerpt(tmp_path / "editor", site, OWN, ("base", "codeserver"), mirror)
        yield Family(part, gallery.Site(folder, 0), address, asked)
        part.remove()


@pytest.fixture
def volume() -> Iterator[str]:
    name = f"image-matrix-{uuid.uuid4().hex[:8]}"
    yield name
    docker("volume", "rm", "--force", name)


@contextmanager
def started(image: str, volume: str, *options: str) -> Iterator[str]:
    """Start an image on a volume, without a login; the name of its container, which answers."""
    container = docker(
        "run", "--detach", "--user=1000", "--group-add=100", "--cap-drop=ALL", "--env=IMAGE_MATRIX_LOGIN=none",
        *options, f"--volume={volume}:/home/jovyan", "--publish=127.0.0.1::8888", image,
    )  # fmt: skip
    try:
        get(f"{address_of(container)}/healthz", container)
        yield container
    finally:
        docker("rm", "--force", container)


def address_of(container: str) -> str:
    return f"http://127.0.0.1:{docker('port', container, '8888').rpartition(':')[2]}"


def install(container: str, file: Path) -> None:
    """Install an extension as a user does in a terminal."""
    docker("cp", str(file), f"{container}:/tmp/{file.name}")
    docker("exec", container, "with-contenv", EDITOR, "--install-extension", f"/tmp/{file.name}")  # noqa: S108 - in the container


def seen_by(container: str, chromium: str) -> dict[str, Any]:
    """Open the workbench, and return what its extensions see."""
    command = [str(python_of("hub")), "-m", "tests.e2e.workbench", chromium, f"{address_of(container)}/"]
    with subprocess.Popen(command, cwd=HOME, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as browser:
        try:
            end = time.monotonic() + 90
            while time.monotonic() < end:
                if answer := docker("exec", container, "sh", "-c", "cat ~/seen.json", check=False):
                    return dict(json.loads(answer))
                time.sleep(0.2)
        finally:
            browser.kill()
        assert browser.stderr is not None
        raise AssertionError(browser.stderr.read().decode() + docker("logs", container))


def test_extensions_come_from_the_lock_and_users_keep_their_own(
    family: Family, volume: str, chromium: str
) -> None:
    family.publish()
    family.build()
    native = "/vsx/api/team/native/{0}/1.0.0/file/team.native-1.0.0@{0}.vsix".format
    paths = [f"/vsx/api/team/{item}.vsix" for item in FILES]
    assert sorted(family.asked) == sorted([*paths, native(X64)])
    text = (family.part.repository.root / "images/editor/python3.13/Dockerfile").read_text()
    assert f"\narm64)\n    url=https://open-vsx.org{native(ARM64).removeprefix('/vsx')}\n" in text

    files = family.gallery.folder / "vsx/api/team"
    with started(family.part.image("codeserver"), volume) as container:
        install(container, files / "own/1.0.0/file/team.own-1.0.0.vsix")
        install(container, files / "tool/1.0.0/file/team.tool-1.0.0.vsix")
    family.asked.clear()
    asked = {"serviceUrl": f"{family.address}/gallery", "itemUrl": f"{family.address}/item"}
    with started(
        family.part.image("child"), volume, f"--env=EXTENSIONS_GALLERY={json.dumps(asked)}"
    ) as container:
        seen = seen_by(container, chromium)
        docker("exec", container, "with-contenv", seen["python"], "-c", "")
    home, of_image = "/home/jovyan/.local/share/code-server/extensions", "/opt/code-server/extensions"
    assert seen["extensions"] == {
        "team.pack": ["1.0.0", "universal", f"{of_image}/team.pack-1.0.0"],
        "team.probe": ["1.0.0", "universal", f"{of_image}/team.probe-1.0.0"],
        "team.native": ["1.0.0", X64, f"{of_image}/team.native-1.0.0"],
        "team.tool": ["2.0.0", "universal", f"{of_image}/team.tool-2.0.0"],
        "team.own": ["1.0.0", "universal", f"{home}/team.own-1.0.0"],
    }
    assert seen["python"] == "/opt/venv/bin/python"
    assert not [path for path in family.asked if re.search(r"team\.(pack|probe|native)", path)]
