"""The matrices in examples/: what is committed is what they render to, and linters agree with it."""

from __future__ import annotations

import subprocess
import sysconfig
import threading
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from image_matrix.cli import run
from image_matrix.config.conda import CHANNELS, conda_packages
from image_matrix.config.package_names import package_name
from image_matrix.lock.conda import lock_conda, solver
from image_matrix.lock.conda_request import CondaNetwork
from image_matrix.lock.model import Lock
from image_matrix.lock.read import pins_of, unlocked
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from tests.lock.conda_channel import Built, write_channel
from tests.lock.site import Quiet

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())
SCRIPTS = Path(sysconfig.get_path("scripts"))
CONDA = ROOT / "examples/conda"


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_what_is_committed_is_what_it_renders_to(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(folder), "check", "--no-diff"]) == 0, capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_linters_have_nothing_to_say(folder: Path) -> None:
    dockerfiles = [str(path) for path in folder.rglob("Dockerfile")]
    workflows = [str(path) for path in (folder / ".github/workflows").glob("*.yaml")]
    assert dockerfiles
    assert workflows
    for command in (
        ("hadolint", "--config", ".hadolint.yaml", *dockerfiles),
        ("actionlint", "-shellcheck=", "-pyflakes=", *workflows),
    ):
        done = subprocess.run(
            [str(SCRIPTS / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def stand_in(entry: str) -> Built:
    """A package by the name of an entry, in a version that it allows."""
    version = entry.partition("=")[2]
    return Built(package_name("conda", entry), f"{version}.1" if version else "1")


@pytest.mark.slow
def test_the_family_of_conda_can_be_locked_for_both_platforms(tmp_path: Path) -> None:
    loaded = load_inputs(read_inputs(CONDA))
    entries = {entry for item in loaded.variants.values() for entry in conda_packages(item)}
    write_channel(tmp_path / "conda-forge", *map(stand_in, sorted(entries)))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        site = CondaNetwork({CHANNELS: f"http://127.0.0.1:{server.server_port}"})
        environments = lock_conda(loaded, Lock(), lambda _: False, solver(site))
        server.shutdown()
    assert environments.failures == {}
    pins = pins_of(Lock(conda=environments.locked), loaded)
    assert all(set(texts) == {"amd64", "arm64"} for texts in pins.explicit.values())
    floating = {item.what for item in unlocked(loaded, pins)}
    assert not {what for what in floating if what.startswith("conda packages")}
