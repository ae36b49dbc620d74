"""A repository with its bare remote, which releases without an engine."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli.branch_push import publish
from image_matrix.cli.branch_update import prepare
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import Project, load_project
from image_matrix.cli.release_branch import check_last_release
from image_matrix.cli.release_report import report_release
from image_matrix.cli.session import Session
from image_matrix.github.branch_commit import Git, open_git
from image_matrix.output_tree.atomic import write_atomically
from image_matrix.project.inputs import read_inputs
from image_matrix.project.render import render_deploy
from image_matrix.publish.indexes import CREATED
from tests.git_commands import on_branch
from tests.publish.states import INDEX, answering, held_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from image_matrix.planning.plan import State
    from image_matrix.registry.client import Registry


DAY = date(2026, 11, 29)

MATRIX = Path(__file__).parent.parent / "fixtures" / "release" / "matrix.yaml"

INDEXES = {
    held_digest(index): index
    for index in ({**INDEX, "annotations": {CREATED: f"day {number}"}} for number in (1, 2, 3))
}
"""Images of releases by digest; each says when it was written."""
GOOD, BAD, NEXT = INDEXES

LAB, SCIENCE = "lab:default", "science:default"


@dataclass
class Place:
    """A repository with its bare remote, and what it releases."""

    git: Git
    state: State
    capture: pytest.CaptureFixture[str]
    registry: Registry = field(default_factory=lambda: answering({}))

    @property
    def remote(self) -> Path:
        return self.git.root.parent / "remote.git"

    def release(
        self,
        *,
        allow_older: bool = False,
        verified: bool = False,
        held: Mapping[str, str] = MappingProxyType({}),
        **digests: str,
    ) -> str:
        """Release digests by image, as the command does; return what was said."""
        self.capture.readouterr()
        session = Session(self.git.root, "matrix.yaml", ())
        check_last_release(self.git, self.state, allow_older=allow_older)
        variants = self.state.loaded.variants
        every = {name: digests.get(item.image, GOOD) for name, item in variants.items() if name not in held}
        update = prepare(session, self.state, self.git, every, self.registry, held)
        report_release(publish(session, self.git, update, DAY, verified=verified))
        shown = self.capture.readouterr()
        return f"{shown.out}{shown.err}"

    def commit(self, subject: str) -> str:
        """Commit to what is checked out; return the commit."""
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.git("rev-parse", "HEAD")

    def shown(self, path: str) -> str:
        command = ["git", "-C", str(self.remote), "show", f"release:{path}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def offered(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads(self.shown("deploy/images.json"))["images"]
        return found

    def tip(self) -> str:
        command = ["git", "-C", str(self.remote), "rev-parse", "--verify", "--quiet", "release"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    def on_branch(self, branch: str = "release") -> AbstractContextManager[None]:
        """Have a branch of the remote checked out for the time of a ``with``; then push what was committed."""
        return on_branch(self.git, branch)

    def take_back(self) -> None:
        with self.on_branch():
            self.git("revert", "--no-edit", "HEAD")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("matrix")
    (root / "matrix.yaml").write_text(MATRIX.read_text())
    return load_project(read_inputs(root))


@pytest.fixture(scope="module")
def state(project: Project) -> State:
    return state_of(project)


@pytest.fixture
def place(tmp_path: Path, state: State, capsys: pytest.CaptureFixture[str]) -> Place:
    """A repository whose deploy/ is rendered and committed, as everybody's is."""
    root = tmp_path / "work"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "remote.git")], check=True)
    subprocess.run(
        ["git", "clone", "-q", str(tmp_path / "remote.git"), str(root)], check=True, capture_output=True
    )
    (root / "matrix.yaml").write_text(MATRIX.read_text())
    for path, file in render_deploy(state.loaded, state.rendered, state.pins).items():
        write_atomically(root / path, file)
    git = open_git(root, os.environ)
    git("checkout", "-q", "-B", "main")
    git("add", "--all")
    git("commit", "--quiet", "--message", "Start")
    assert (root / "deploy" / "hub" / "jupyterhub" / "values.yaml").is_file()
    return Place(git, state, capsys)
