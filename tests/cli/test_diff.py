"""What `diff` prints, of the family of tests/inventory without a lock, and of releases."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.inventory.model import PackageName
from image_matrix.inventory.record import read_record
from tests.cli.conftest import Repository
from tests.cli.release_place import BAD, GOOD, INDEXES, LAB, NEXT, SCIENCE, place, project, state
from tests.cli.transcripts import compare, transcript
from tests.git_commands import git

if TYPE_CHECKING:
    from tests.cli.release_place import Place

__all__ = ["place", "project", "state"]
EXPECTED = Path(__file__).parent / "diff"
FAMILY = Path(__file__).parent.parent / "inventory/family.yaml"
CASES = {
    "default": ("diff",),
    "verbose": ("-v", "diff", "HEAD"),
    "between": ("diff", "HEAD~1", "HEAD"),
    "back": ("diff", "HEAD", "HEAD~1"),
    "same": ("diff", "HEAD", "HEAD"),
    "image": ("diff", "--image", "small"),
    "markdown": ("diff", "--format", "markdown"),
    "json": ("diff", "HEAD~1", "--image", "hub", "--format", "json"),
    "unknown-revision": ("diff", "2026.1129.1"),
    "unknown-image": ("diff", "--image", "labs"),
    "empty-commit": ("diff", "nothing"),
    "option": ("diff", "--", "-x"),
}
EDITS = (
    ("scipy==1.17.1, Scikit", "scipy==1.17.2, pandas==3.1.1, Scikit"),
    ("pip: [scipy==1.17.1, six", "pip: [scipy==1.17.2, six"),
    ("[git, npm, curl=8.1]", "[git, npm, curl=8.2]"),
    ('    npm: ["@jupyter/chat@1.2.0"]\n', ""),
    ("scipy:2026", "scipy:2027"),
    ("  hub:\n", "  new:\n    from: lab\n  hub:\n"),
)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "one")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The family in two commits, edited once more."""
    folder = tmp_path_factory.mktemp("diff")
    text = FAMILY.read_text(encoding="utf-8")
    git(folder, "init", "--quiet")
    for before in (text.replace("jupyterhub==5.5.0", "jupyterhub==5.4.0"), text):
        (folder / "matrix.yaml").write_text(before, encoding="utf-8")
        commit(folder)
    tree = git(folder, "mktree").strip()
    git(folder, "tag", "nothing", git(folder, "commit-tree", "-m", "none", tree).strip())
    for old, new in EDITS:
        assert old in text
        text = text.replace(old, new)
    (folder / "matrix.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("case", CASES)
def test_what_it_prints(original: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    shown = transcript(CASES[case], Repository(original, capsys)(*CASES[case]))
    for revision in ("HEAD~1", "HEAD"):
        shown = shown.replace(git(original, "rev-parse", revision).strip(), f"<commit of {revision}>")
    compare(EXPECTED / f"{case}.txt", shown)


def test_a_commit_whose_matrix_is_not_valid_is_no_error_to_be_mended_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = FAMILY.read_text(encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    (tmp_path / "matrix.yaml").write_text(f"platforms: []\n{text}")
    commit(tmp_path)
    (tmp_path / "matrix.yaml").write_text(text)
    ran = Repository(tmp_path, capsys)("diff")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(
        "error: the matrix at `HEAD` is not valid: line 1 of matrix.yaml@HEAD: unknown key `platforms`"
    )
    assert ran.err.endswith("help: name another commit, or a release\n")


def test_without_a_repository_of_git(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(FAMILY, tmp_path / "matrix.yaml")
    ran = Repository(tmp_path, capsys)("diff")
    assert ran.code == 2
    assert "this is not a git repository" in ran.err


def test_a_release_whose_list_is_broken_is_not_called_another_thing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(FAMILY, tmp_path / "matrix.yaml")
    git(tmp_path, "init", "--quiet", "--initial-branch=release")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message=Begin")
    for text in ("<<<<<<< HEAD", '{"version": 1, "images": {}}', '{"version": 2, "images": {"a": 1}}'):
        (tmp_path / "deploy").mkdir(exist_ok=True)
        (tmp_path / "deploy/packages.json").write_text(text)
        git(tmp_path, "add", "deploy")
        git(tmp_path, "commit", "--quiet", "--message=By hand")
        ran = Repository(tmp_path, capsys)("diff", "release")
        assert ran.code == 1
        assert "deploy/packages.json of `release` is not as a release of this version writes it" in ran.err
    (tmp_path / "deploy/packages.json").write_text('{"version": 2, "images": {}}')
    git(tmp_path, "commit", "--quiet", "--all", "--message=Nothing is released")
    assert Repository(tmp_path, capsys)("diff", "release").code == 0


def packages(place: Place, old: str, *new: str) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """What `diff` says of packages: image and package to both versions."""
    ran = Repository(place.git.root, place.capture)("diff", old, *new, "--format", "json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    return {
        (image, item["package"]): (item["before"], item["after"])
        for item in found["packages"]
        for image in item["images"]
    }


def released(place: Place, **versions: str) -> None:
    """Give packages other versions, and commit that."""
    from image_matrix.cli.plan import state_of
    from image_matrix.cli.project import load_project
    from image_matrix.project.inputs import read_inputs

    matrix = place.git.root / "matrix.yaml"
    text = matrix.read_text(encoding="utf-8")
    for name, version in versions.items():
        assert f"{name}==" in text
        text = re.sub(rf"\b{name}==[0-9.]+", f"{name}=={version}", text)
    matrix.write_text(text, encoding="utf-8")
    place.git("add", "--all")
    place.commit("Packages")
    place.state = state_of(load_project(read_inputs(place.git.root)))


@pytest.mark.slow
def test_releases_are_compared_by_their_names(place: Place) -> None:
    place.release()
    released(place, jupyterlab="4.6.5")
    place.release(lab=BAD, science=NEXT)
    place.git("fetch", "--quiet", "--tags", "origin")
    expected = ("4.6.6", "4.6.5")
    between = packages(place, "2026.1129.1", "2026.1129.2")
    assert between["lab", "jupyterlab"] == expected
    assert packages(place, "2026.1129.2", "release") == {}
    assert packages(place, "release") == {}
    assert packages(place, "HEAD~1", "2026.1129.2")["lab", "jupyterlab"] == expected
    place.git("branch", "release", "2026.1129.1")  # as a clone has it that fetched later, but merged nothing
    assert packages(place, "2026.1129.2", "release") == {}


@pytest.mark.slow
def test_what_is_not_published_is_no_difference_to_a_release(place: Place) -> None:
    place.release()
    matrix = place.git.root / "matrix.yaml"
    text = matrix.read_text(encoding="utf-8")
    assert "\nimages:\n" in text
    hidden = "\nimages:\n  hidden: {from: lab, publish: false}\n"
    matrix.write_text(text.replace("\nimages:\n", hidden), encoding="utf-8")
    ran = Repository(place.git.root, place.capture)
    assert (
        ran("diff", "release").out
        == "nothing changes in the images between release and the files as they are\n"
    )
    assert "new: hidden:default" in ran("diff").out
    assert ran("diff", "release", "--image", "hidden").code == 0


@pytest.mark.slow
def test_an_image_that_is_held_back_has_what_it_was_released_with(place: Place) -> None:
    from tests.publish.states import answering

    place.release()
    released(place, jupyterlab="4.6.5")
    record = read_record(place.shown("deploy/packages.json"))
    assert record[SCIENCE].digest == GOOD
    place.registry = answering({f"science/manifests/{GOOD}": INDEXES[GOOD]})
    place.release(lab=BAD, held={SCIENCE: "not built"})
    after = read_record(place.shown("deploy/packages.json"))
    jupyterlab = PackageName("pip", "jupyterlab")
    assert after[LAB].inventory.contents[jupyterlab].version == "4.6.5"
    assert after[SCIENCE] == record[SCIENCE]
    assert after[SCIENCE].inventory.contents[jupyterlab].version == "4.6.6"


@pytest.mark.slow
def test_what_was_rolled_back_to_is_said_again(place: Place) -> None:
    place.release()
    first = place.shown("deploy/packages.json")
    released(place, jupyterlab="4.6.5")
    place.release(lab=BAD, science=NEXT)
    assert place.shown("deploy/packages.json") != first
    place.take_back()
    assert place.shown("deploy/packages.json") == first
    before = place.tip()
    place.release(lab=BAD, science=NEXT)
    assert place.tip() == before


@pytest.mark.slow
def test_a_release_says_what_it_changes(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    place.release()
    assert "What changes" not in summary.read_text(encoding="utf-8")
    released(place, jupyterlab="4.6.5")
    place.release(lab=BAD, science=NEXT)
    message = place.git("log", "-1", "--format=%B", place.tip())
    assert "\nlab and 1 image on it\n  ~ jupyterlab  4.6.6 → 4.6.5  pip\n" in message
    assert message.splitlines()[-1].startswith("Source-Commit: ")
    assert "| jupyterlab | 4.6.6 | 4.6.5 | pip |" in summary.read_text(encoding="utf-8")
    place.commit("Same packages")
    place.release(lab=BAD, science=BAD)
    message = place.git("log", "-1", "--format=%B", place.tip())
    assert f"built again, with no change that is known: {SCIENCE}" in message
