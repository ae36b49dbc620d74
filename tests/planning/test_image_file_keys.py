"""The key of an image covers the files that it copies and the scripts that it runs, and those of no other image."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.plan import make_plan
from image_matrix.project import context_folders
from image_matrix.project.history import read_inputs_at
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.planning.plan import State
    from image_matrix.project.inputs import Inputs

FIXTURE = Path(__file__).parent.parent / "fixtures/good/files-and-scripts"
PLAIN = {"plain:student"}
BASE = {"base:default", "included:default"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURE, tmp_path / "project")
    return tmp_path / "project"


def state(inputs: Inputs) -> State:
    return state_of(load_project(inputs))


def appended(path: str) -> Callable[[Path], None]:
    def append(root: Path) -> None:
        with (root / path).open("a") as file:
            file.write("# more\n")

    return append


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (appended("files/motd"), BASE),
        (appended("files/student"), PLAIN),
        (appended("files/conf/a.conf"), PLAIN),
        (appended("scripts/first.sh"), BASE),
        (appended("scripts/second"), BASE | PLAIN),
        (appended("team/motd"), {"included:default"}),
        (lambda root: (root / "files/motd").chmod(0o755), BASE),
        (lambda root: (root / "files/conf/tool").chmod(0o644), PLAIN),
        (lambda root: (root / "files/conf/more").write_text("x"), PLAIN),
        (lambda root: (root / "files/motd").chmod(0o600), set()),
        (lambda root: (root / "files/other").write_text("x"), set()),
    ],
)
def test_what_changes_a_key(project: Path, edit: Callable[[Path], None], expected: set[str]) -> None:
    before = state(read_inputs(project)).keys
    edit(project)
    after = state(read_inputs(project)).keys
    assert {name for name in before if before[name] != after[name]} == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("keys/example.asc", {"base", "lab", "gpu", "gpu-more", "plain", "plain-more"}),
        ("keys/cuda.gpg", {"gpu", "gpu-more"}),
        ("debs/other/tool.deb", {"lab"}),
    ],
)
def test_keys_of_repositories_and_debian_packages_change_a_key(
    tmp_path: Path, path: str, expected: set[str]
) -> None:
    project = tmp_path / "project"
    shutil.copytree(FIXTURE.parent / "apt-repositories", project)
    before = state(read_inputs(project)).keys
    (project / path).write_bytes((project / path).read_bytes() + b"more")
    after = state(read_inputs(project)).keys
    assert {name.partition(":")[0] for name in before if before[name] != after[name]} == expected


def test_a_plan_names_the_file(project: Path) -> None:
    old = state(read_inputs(project))
    appended("scripts/first.sh")(project)
    (project / "files/conf/tool").chmod(0o644)
    plan = make_plan(state(read_inputs(project)), old, None)
    assert {entry.variant: entry.why for entry in plan.build} == {
        "base:default": "file scripts/first.sh",
        "included:default": "parent base:default",
        "plain:student": "file files/conf/tool",
    }


def test_a_plan_names_what_is_copied_elsewhere(project: Path) -> None:
    old = state(read_inputs(project))
    text = (project / "matrix.yaml").read_text()
    (project / "matrix.yaml").write_text(text.replace('/etc/mode: "files', '/opt/mode: "files'))
    plan = make_plan(state(read_inputs(project)), old, None)
    assert {entry.variant: entry.why for entry in plan.build} == {
        "plain:student": "files",
        "plain:teacher": "files",
    }


def test_loading_hashes_no_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context_folders, "_sha256", lambda *_: pytest.fail("hashed"))
    load_inputs(read_inputs(project))


def test_a_revision_has_the_keys_of_its_checkout(project: Path) -> None:
    (project / "files/conf/link").symlink_to("a.conf")
    for arguments in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message=State")):
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.autocrlf=false")
        subprocess.run(("git", "-C", project, *identity, *arguments), check=True)
    checkout = state(read_inputs(project))
    inputs = read_inputs_at(project, "HEAD", "matrix.yaml", {})
    assert inputs is not None
    assert state(inputs).keys == checkout.keys
