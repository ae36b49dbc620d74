"""Released images are asked through the builder; a program in place of Docker answers as they would."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click
import pytest

from image_matrix.cli import released_entries, run
from image_matrix.cli.apt_updates import ask_released
from image_matrix.cli.project import load_project
from image_matrix.cli.session import Session
from image_matrix.lock.apt_answers import AptAnswers, read_answers
from image_matrix.lock.apt_report import apt_lines
from image_matrix.lock.apt_updates import AptFindings
from image_matrix.project.inputs import read_inputs
from tests.git_commands import git

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources: {trixie: "docker.io/library/debian:trixie-slim", bookworm: "docker.io/library/debian:bookworm-slim"}
images:
  base: {from: trixie, kind: base}
  lab: {from: base, apt: [less]}
  old: {from: bookworm, kind: base}
"""
DOCKER = """\
#!{python}
import json, pathlib, sys
if sys.argv[1:3] == ["buildx", "inspect"]:
    print("Name: x\\nDriver: docker\\n\\nNodes:\\nName: x\\nEndpoint: x\\nStatus: running\\nPlatforms: linux/amd64")
if sys.argv[1:3] != ["buildx", "bake"]:
    sys.exit(0)
answers = json.loads(pathlib.Path({answers!r}).read_text())
definition = json.loads(pathlib.Path("docker-bake.json").read_text())["target"]
for target in sys.argv[sys.argv.index("--progress=plain") + 1:]:
    if answers[target] is None:
        print(f"ERROR: target {{target}}: failed to solve: not found", file=sys.stderr)
        sys.exit(1)
    folder = pathlib.Path(definition[target]["output"][0].partition("dest=")[2])
    folder.mkdir(parents=True, exist_ok=True)
    is_search = bool((pathlib.Path(target) / "search").read_text())
    for name, text in answers[target].items():
        if name.isdigit() == is_search:
            (folder / name).write_text(text)
"""
UPGRADE = "Inst less [643-1] (643-2 Debian:13.1/stable [amd64])\n"
ANSWER = {
    "upgradable": UPGRADE,
    "installed": "less\tless\t643-1\n",
    "0": "less (643-2) x\n  * CVE-2026-4321\n",
}
MOMENT = "20261130T000000Z"
UNSET = ["--unset", "remote.origin.fetch"]


class Place:
    """A clone with a release branch, and what the program in place of Docker answers by target."""

    def __init__(self, folder: Path) -> None:
        self.root, self.answers = folder / "clone", folder / "answers.json"
        self.root.mkdir()
        (self.root / "matrix.yaml").write_text(MATRIX)
        docker = folder / "docker"
        docker.write_text(DOCKER.format(python=sys.executable, answers=str(self.answers)))
        docker.chmod(0o755)
        self.git("init", "--quiet", "--initial-branch=release")

    def git(self, *arguments: str) -> None:
        git(self.root, *arguments)

    def release(self, *names: str) -> None:
        repository = "ghcr.io/example/notebooks"
        digests = {name: f"sha256:{number:064}" for number, name in enumerate(names)}
        entries = {
            f"{name}:default": {
                "reference": f"{repository}/{name}:default-0123456789ab@{digest}",
                "digest": digest,
                "platforms": ["linux/amd64"],
                "key": "0",
            }
            for name, digest in digests.items()
        }
        (self.root / "deploy").mkdir()
        (self.root / "deploy/images.json").write_text(json.dumps({"version": 1, "images": entries}))
        self.git("add", "deploy")
        self.git("commit", "--quiet", "--message=Release")

    def write_hidden(self, others: str = "") -> None:
        (self.root / "matrix.yaml").write_text(HIDDEN + others)
        for name, base in (("own", "ghcr.io/example/notebooks/base"), ("given", "debian:bookworm-slim")):
            (self.root / name).mkdir()
            (self.root / name / "Dockerfile").write_text(f"FROM {base}\nRUN apt-get update\n")

    def clone(self, *options: str) -> None:
        """Work in a clone from now on; the folder so far, with a branch `main` in any case, is its origin."""
        if subprocess.run(["git", "-C", str(self.root), "rev-parse", "main"], check=False).returncode:
            self.git("branch", "main")
        origin, self.root = self.root, self.root.with_name("second")
        subprocess.run(["git", "clone", "--quiet", *options, str(origin), str(self.root)], check=True)
        (self.root / "matrix.yaml").write_text(MATRIX)

    def answer(self, **answers: dict[str, str] | None) -> None:
        targets: dict[str, Any] = {f"{name}_default": answer for name, answer in answers.items()}
        self.answers.write_text(json.dumps(targets))

    def ask(self, **answers: dict[str, str] | None) -> AptFindings:
        self.answer(**answers)
        session = Session(self.root, "matrix.yaml", ())
        project = load_project(read_inputs(self.root))
        with click.Context(click.Command("lock")):
            return ask_released(session, project, ("trixie", "bookworm"), MOMENT)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name in ("BUILDX_BUILDER", "BUILDKIT_HOST"):
        monkeypatch.delenv(name, raising=False)
    return made


def test_updates_come_with_their_cves(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.release("base", "lab", "old")
    findings = place.ask(base={"upgradable": ""}, lab=ANSWER, old={"upgradable": ""})
    assert apt_lines(findings) == ["apt less: 643-1 → 643-2 on trixie, in lab:default; CVE-2026-4321"]
    assert findings.sources_with_updates() == {"trixie"}
    assert findings.current == frozenset()
    assert "asking apt in 3 released images" in capsys.readouterr().err


def test_one_that_cannot_be_asked_is_reported(place: Place) -> None:
    place.release("lab", "old")
    findings = place.ask(lab=ANSWER, old=None)
    assert findings.failures == ("old:default: not found",)
    assert findings.sources_with_updates() == {"trixie"}


def test_without_a_builder_nothing_is_asked(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.release("lab")
    monkeypatch.setenv("BUILDKIT_HOST", "tcp://127.0.0.1:1")
    (failure,) = place.ask(lab=ANSWER).failures
    assert failure.startswith("not asked: BUILDKIT_HOST: tcp://127.0.0.1:1: connection refused")


def test_without_a_release_nothing_is_asked(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.ask() == AptFindings()
    assert "no image on trixie is released, so apt is not asked there: its entry" in capsys.readouterr().err


HIDDEN = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources: {trixie: "docker.io/library/debian:trixie-slim", bookworm: "docker.io/library/debian:bookworm-slim"}
defaults: {images: {apt: {snapshot: [trixie]}}}
images:
  base: {from: trixie, kind: base, publish: false}
  own: {from: base, context: own, contract: none}
  given: {from: bookworm, context: given, contract: none, publish: false}
  tree: {from: given, apt: [tree]}
"""


def test_an_update_that_nobody_can_find_is_said(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.write_hidden()
    place.release("own", "tree")
    assert place.ask() == AptFindings(released=frozenset({"trixie", "bookworm"}))
    said = " ".join(capsys.readouterr().err.split())
    for base, name in (("base", "own"), ("given", "tree")):
        assert (
            f"{base}:default is not released, so apt is not asked about it, nor in {name}:default on it; "
            f"write `publish: true` at `images.{base}`" in said
        )


def test_packages_that_another_image_has_are_not_missed(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.write_hidden("  lab: {from: base, apt: [less]}\n")
    place.release("own", "lab")
    assert place.ask(lab=ANSWER).sources_with_updates() == {"trixie"}
    assert "base:default is not released" not in capsys.readouterr().err


def test_without_a_release_snapshots_move(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    (place.root / "matrix.yaml").write_text(MATRIX + "defaults: {images: {apt: {snapshot: [trixie]}}}\n")
    assert place.ask() == AptFindings()
    said = capsys.readouterr().err
    assert "no image on trixie is released, so apt is not asked there: its snapshot moves" in said
    assert "no image on bookworm is released, so apt is not asked there: its entry of `apt` stays" in said


def test_a_clone_without_the_release_branch_is_not_taken_for_unreleased(place: Place) -> None:
    place.release("lab")
    place.clone("--single-branch", "--branch=main")
    findings = place.ask()
    assert findings.released == {"trixie", "bookworm"}
    (failure,) = findings.failures
    assert failure.startswith("not asked: this clone has no branch `release`")
    remedy = failure.split("`")[3].split()
    assert remedy[:2] == ["git", "fetch"]
    place.git(*remedy[1:])
    assert place.ask(lab=ANSWER).sources_with_updates() == {"trixie"}


def test_a_remote_without_the_branch_has_released_nothing(place: Place) -> None:
    place.git("branch", "--quiet", "-m", "main")
    place.git("commit", "--quiet", "--allow-empty", "--message=Begin")
    place.clone("--single-branch")
    assert place.ask() == AptFindings()


def test_a_remote_that_does_not_answer_may_have_released(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for a run with `fetch-depth: 0`, whose clone has what there is."""
    place.git("branch", "--quiet", "-m", "main")
    place.git("commit", "--quiet", "--allow-empty", "--message=Begin")
    place.clone()
    place.git("remote", "set-url", "origin", "/nowhere")
    _is_not_known(place.ask())
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert place.ask() == AptFindings()
    for change in (["remote.origin.fetch", "+refs/heads/main:refs/remotes/origin/main"], UNSET):
        place.git("config", *change)
        _is_not_known(place.ask())


def test_a_remote_that_stays_silent_may_have_released(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(released_entries, "SECONDS", 0.5)
    place.git("branch", "--quiet", "-m", "main")
    place.git("commit", "--quiet", "--allow-empty", "--message=Begin")
    place.clone()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place.git("remote", "set-url", "origin", f"git://127.0.0.1:{silent.getsockname()[1]}/x")
        findings = place.ask()
    _is_not_known(findings)
    assert "nothing came within 0.5 seconds" in findings.failures[0]


def _is_not_known(findings: AptFindings) -> None:
    assert findings.released == {"trixie", "bookworm"}
    (failure,) = findings.failures
    assert failure.startswith("not asked: what is released is not known, since `origin` does not answer: ")


def test_a_job_writes_the_answers_to_a_file(place: Place, tmp_path: Path) -> None:
    """Another one takes them: what is in the file is what was found."""
    place.release("base", "lab", "old")
    place.answer(base={"upgradable": ""}, lab=ANSWER, old=None)
    file = tmp_path / "handed on.json"
    assert run(["-C", str(place.root), "ci", "ask-apt", "--names", "trixie bookworm", str(file)]) == 0
    assert read_answers(file.read_bytes()) == AptAnswers(
        frozenset(["trixie", "bookworm"]),
        place.ask(base={"upgradable": ""}, lab=ANSWER, old=None),
    )


def test_a_job_that_has_nobody_to_ask_writes_that(place: Place, tmp_path: Path) -> None:
    place.release("lab")
    file = tmp_path / "answers.json"
    assert run(["-C", str(place.root), "ci", "ask-apt", "--names", "jupyterlab", str(file)]) == 0
    assert read_answers(file.read_bytes()) == AptAnswers(frozenset(), AptFindings())
