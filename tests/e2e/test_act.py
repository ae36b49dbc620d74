"""The generated workflow from end to end: a person pushes, and registry and release branch have what they should."""

from __future__ import annotations

import copy
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.build.imagetools import create
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs
from image_matrix.publish.indexes import complete, origin
from image_matrix.registry.answers import Manifest
from image_matrix.registry.opening import open_registry
from tests.e2e import cosign
from tests.e2e.act import MATRIX, Outcome, Repository, available, make_repository
from tests.e2e.github_api import github_api
from tests.e2e.support import docker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.engine import Engine

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not available(), reason="act is not installed")]
CHAIN = ("base", "jupyter", "jupyter-scipy")


@pytest.fixture(scope="module")
def repository(registry: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Repository:  # noqa: ARG001
    return make_repository(tmp_path_factory.mktemp("act"), registry)


@pytest.fixture(scope="module")
def first(repository: Repository) -> Outcome:
    """The first push to main."""
    return repository.run("push", repository.push_event())


def changed(leaf: str = "toolz==1.0.0") -> dict[str, Any]:
    """Return the matrix with another package in the leaf."""
    matrix = copy.deepcopy(MATRIX)
    matrix["images"]["jupyter-scipy"]["pip"] = [leaf]
    return matrix


def started(outcome: Outcome, name: str) -> int:
    return outcome.output.index(f"[Images/{name}")


def test_a_push_builds_in_order_tests_and_releases(repository: Repository, first: Outcome) -> None:
    assert first.code == 0, first.output[-4000:]
    assert {first.results[f"{image} (amd64)"] for image in CHAIN} == {"succeeded"}
    places = [started(first, f"{image} (amd64)") for image in CHAIN]
    assert places == sorted(places)
    for image in CHAIN:
        assert "passed in" in first.job(f"{image} (amd64)")
        assert (repository.artifacts / f"tests-{image}-amd64-python3.13" / "tests.xml").is_file()
        report = repository.artifacts / f"scan_{image}-python3.13-amd64" / "scan.json"
        assert json.loads(report.read_text())["secrets"] == []


@pytest.mark.usefixtures("first")
def test_the_release_branch_names_digests_that_are_there(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = repository.released()
    assert set(released) == {f"{image}:python3.13" for image in CHAIN}
    monkeypatch.setattr(cosign, "KEYS", repository.tools)
    for name, item in released.items():
        image = name.partition(":")[0]
        by_digest = f"{repository.registry}/{repository.name}/{image}@{item['digest']}"
        assert item["reference"].endswith(f"@{item['digest']}")
        assert cosign.verified(by_digest)
        assert {"latest", "python3.13"} <= repository.tags(image)
        assert repository.digest(image, "python3.13") == repository.digest(image, "latest") == item["digest"]


@pytest.mark.usefixtures("first")
def test_a_second_run_builds_nothing(repository: Repository) -> None:
    before = repository.released()
    again = repository.run("push", repository.push_event())
    assert again.code == 0, again.output[-4000:]
    assert set(again.results) == {"Plan", "Release", "Images"}
    assert "release is up to date" in again.job("Release")
    assert repository.released() == before


@pytest.mark.usefixtures("first")
def test_a_changed_leaf_builds_the_leaf(repository: Repository) -> None:
    before = repository.released()
    repository.write(changed("toolz==0.12.1"), "Change the leaf")
    outcome = repository.run("push", repository.push_event())
    assert outcome.code == 0, outcome.output[-4000:]
    built = {name for name in outcome.results if name.endswith("(amd64)")}
    assert built == {"jupyter-scipy (amd64)"}
    differs = {name for name, item in repository.released().items() if item != before[name]}
    assert differs == {"jupyter-scipy:python3.13"}


@pytest.mark.usefixtures("first")
def test_a_broken_parent_holds_back_itself_and_its_children(repository: Repository) -> None:
    before = repository.released()
    matrix = changed("toolz==0.12.1")
    matrix["images"]["jupyter"]["tests"] = {"commands": {"false": ""}}
    matrix["images"]["jupyter"]["env"] = {"BROKEN": "yes"}
    repository.write(matrix, "Break jupyter's test")
    outcome = repository.run("push", repository.push_event())
    assert outcome.code != 0
    assert "base (amd64)" not in outcome.results
    assert outcome.results["jupyter (amd64)"] == "failed"
    assert not {"jupyter-scipy (amd64)", "Scan jupyter", "Scan jupyter-scipy"} & set(outcome.results)
    assert outcome.results["Release"] == "succeeded"
    assert "jupyter:python3.13 is held back: linux/amd64: not built and tested" in outcome.job("Release")
    assert outcome.results["Images"] == "failed"
    assert repository.released() == before


def test_what_failed_its_tests_is_not_taken_as_tested_in_the_next_run(repository: Repository) -> None:
    again = repository.run("push", repository.push_event())
    assert again.results["jupyter (amd64)"] == "failed"
    assert "jupyter:python3.13 is held back" in again.job("Release")


def test_findings_stop_the_release_until_they_are_gone(repository: Repository) -> None:
    before = repository.released()
    (repository.root / "vulnerable").write_text("")
    repository.write(changed("toolz==0.12.0"), "Something vulnerable")
    outcome = repository.run("push", repository.push_event())
    assert outcome.results["jupyter-scipy (amd64)"] == "succeeded"
    assert outcome.results["Scan jupyter-scipy"] == "failed"
    assert "jupyter-scipy:python3.13 is held back: linux/amd64: not scanned" in outcome.job("Release")
    again = repository.run("push", repository.push_event())
    assert again.results["Scan jupyter-scipy"] == "failed", (
        "an image that was not let through is scanned again"
    )
    assert repository.released() == before
    (repository.root / "vulnerable").unlink()
    repository.commit("Mended")
    mended = repository.run("push", repository.push_event())
    assert mended.code == 0, mended.output[-4000:]
    assert repository.released() != before


@pytest.mark.usefixtures("first")
def test_by_hand_an_image_is_built_again_and_released(repository: Repository) -> None:
    repository.write(changed("toolz==0.12.0"), "As it was last released")
    before = repository.released()
    event = {**repository.push_event(), "inputs": {"images": "jupyter-scipy", "force": "true"}}
    outcome = repository.run("workflow_dispatch", event)
    assert outcome.code == 0, outcome.output[-4000:]
    assert {name for name in outcome.results if name.endswith("(amd64)")} == {"jupyter-scipy (amd64)"}
    after = repository.released()
    assert {name for name in after if after[name] != before[name]} == {"jupyter-scipy:python3.13"}


@pytest.mark.usefixtures("first")
def test_what_was_built_again_and_refused_by_the_scan_is_not_released_by_the_next_run(
    repository: Repository,
) -> None:
    before = repository.released()
    (repository.root / "vulnerable").write_text("")
    repository.commit("Something vulnerable")
    event = {**repository.push_event(), "inputs": {"images": "jupyter-scipy", "force": "true"}}
    forced = repository.run("workflow_dispatch", event)
    assert forced.results["jupyter-scipy (amd64)"] == "succeeded"
    assert forced.results["Scan jupyter-scipy"] == "failed"
    again = repository.run("push", repository.push_event())
    assert set(again.results) == {"Plan", "Scan jupyter-scipy", "Release", "Images"}
    assert again.results["Images"] == "failed"
    assert again.results["Scan jupyter-scipy"] == "failed"
    assert repository.released() == before
    (repository.root / "vulnerable").unlink()
    repository.commit("Mended")
    mended = repository.run("push", repository.push_event())
    assert mended.code == 0, mended.output[-4000:]
    assert "Scan jupyter-scipy" in mended.results
    after = repository.released()
    assert {name for name in after if after[name] != before[name]} == {"jupyter-scipy:python3.13"}


@pytest.mark.usefixtures("first")
def test_a_foreign_image_is_built_again_before_it_is_released(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may push to the registry knows the key before the merge, and what an index has to say of itself."""
    repository.write(changed("toolz==0.11.0"), "The leaf with a key that somebody knows")
    state = state_of(load_project(read_inputs(repository.root, overlays=(str(repository.overlay()),))))
    name = "jupyter-scipy:python3.13"
    names = references(state)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    docker("buildx", "build", "--quiet", "--push", f"--tag={names[name, 'linux/amd64']}", str(tmp_path))
    registry = open_registry(state.loaded.matrix)
    answers = {leg: registry.manifest(reference) for leg, reference in names.items()}
    parts = {leg: answer if isinstance(answer, Manifest) else None for leg, answer in answers.items()}
    (index,) = (item for item in complete(state, parts) if item.variant.id == name)
    create(index.reference, index.sources, origin({}, "2026-01-01T00:00:00+00:00", index))
    outcome = repository.run("push", repository.push_event())
    assert outcome.code == 0, outcome.output[-4000:]
    assert outcome.results["jupyter-scipy (amd64)"] == "succeeded"
    assert "signed as tested" in outcome.job("jupyter-scipy (amd64)")
    assert "attested as scanned" in outcome.job("Scan jupyter-scipy")
    assert outcome.results["Scan jupyter-scipy"] == "succeeded"
    assert "it is built again: it has no valid signature" in outcome.job("Plan")
    monkeypatch.setattr(cosign, "KEYS", repository.tools)
    digest = repository.released()[name]["digest"]
    image = f"{repository.registry}/{repository.name}/jupyter-scipy@{digest}"
    claims = {"image-matrix.step": "released", "image-matrix.variant": name}
    assert cosign.verified(image, annotations=claims)
    foreign = names[name, "linux/amd64"]
    assert registry.digest(foreign) != open_registry(state.loaded.matrix).digest(foreign)


@pytest.fixture
def github() -> Iterator[tuple[str, dict[int, str]]]:
    """A GitHub API on this machine: its address and the comments that it keeps."""
    with github_api() as served:
        yield served


def branch(repository: Repository, name: str, leaf: str) -> None:
    """Start a branch from main with another leaf, which no run has built: not that of a first try either."""
    repository.start(name)
    matrix = changed(leaf)
    matrix["images"]["jupyter-scipy"]["env"] = {"TRY": uuid.uuid4().hex}
    repository.write(matrix, f"The leaf with {leaf}")


def test_a_pull_request_stages_and_comments(
    repository: Repository, github: tuple[str, dict[int, str]]
) -> None:
    address, comments = github
    before = repository.tags("jupyter-scipy")
    staged_before = repository.tags("jupyter-scipy", prefix="/staging")
    branch(repository, "change", "toolz==0.11.2")
    event = repository.pull_request_event("example/notebooks")
    outcome = repository.run("pull_request", event, GITHUB_API_URL=address)
    assert outcome.code == 0, outcome.output[-4000:]
    assert "Release" not in outcome.results
    assert repository.tags("jupyter-scipy") == before
    staged = repository.tags("jupyter-scipy", prefix="/staging")
    assert "cache-python3.13-amd64" in staged
    images = {tag for tag in staged - staged_before if not tag.startswith(("sha256-", "cache-"))}
    assert len(images) == 2, "the candidate and the accepted one"
    assert list(comments) == [1]
    assert "`jupyter-scipy:python3.13` | amd64" in comments[1]
    assert "| `jupyter-scipy:python3.13` | built, tested | 0 |" in comments[1]
    again = repository.run("pull_request", event, GITHUB_API_URL=address)
    assert again.code == 0, again.output[-4000:]
    assert list(comments) == [1]
    assert "jupyter-scipy (amd64)" not in again.results


def test_a_forks_pull_request_pushes_nothing(
    repository: Repository, github: tuple[str, dict[int, str]]
) -> None:
    address, _ = github
    branch(repository, "foreign", "toolz==0.11.1")
    before = [repository.tags(image, prefix) for image in CHAIN for prefix in ("", "/staging")]
    logins = repository.log.count("login")
    event = repository.pull_request_event("stranger/notebooks")
    settings = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": "example/notebooks"}
    outcome = repository.run("pull_request", event, **settings)
    assert outcome.code == 0, outcome.output[-4000:]
    fork = "Fork jupyter-scipy:python3.13"
    assert set(outcome.results) == {"Plan", fork, "Report the outcome", "Images"}
    assert "passed in" in outcome.job(fork)
    assert "pulling" not in outcome.job(fork), "what is tested is what was built here"
    assert [repository.tags(image, prefix) for image in CHAIN for prefix in ("", "/staging")] == before
    assert repository.log.count("login") == logins
    assert (repository.artifacts / "tests-fork-jupyter-scipy-python3.13" / "tests-0.xml").is_file()


def test_a_matrix_that_is_wrong_is_said_where_people_look(
    repository: Repository, github: tuple[str, dict[int, str]]
) -> None:
    address, comments = github
    repository.start("wrong")
    text = (repository.root / "matrix.yaml").read_text()
    (repository.root / "matrix.yaml").write_text(text.replace("from: base", "from: bsae"))
    repository.commit("A mistake")
    event = repository.pull_request_event("example/notebooks")
    outcome = repository.run("pull_request", event, GITHUB_API_URL=address)
    assert outcome.code != 0
    assert set(outcome.results) == {"Plan", "Images"}
    assert "did you mean `base`?" in comments[1]


def test_what_was_not_rendered_is_said(repository: Repository, github: tuple[str, dict[int, str]]) -> None:
    address, comments = github
    repository.start("unrendered")
    repository.write({**changed(), "workflow": {"commit_generated": False}}, "Let nobody render")
    text = (repository.root / "matrix.yaml").read_text()
    (repository.root / "matrix.yaml").write_text(text.replace("toolz==", "tabulate==0.9.0\n    - toolz=="))
    repository.commit("Forgot to render")
    event = repository.pull_request_event("example/notebooks")
    outcome = repository.run("pull_request", event, GITHUB_API_URL=address)
    assert set(outcome.results) == {"Plan", "Images"}
    assert "image-matrix render" in outcome.job("Plan")
    assert "`jupyter-scipy:python3.13`" in comments[1]


def test_what_moved_without_its_lock_is_locked_and_rendered_for_the_author(
    repository: Repository, github: tuple[str, dict[int, str]]
) -> None:
    address, comments = github
    repository.start("render-me")
    repository.write(changed(), "Another leaf than that of main")
    repository.program("--overlay", str(repository.overlay()), "lock")
    repository.program("render")
    repository.commit("Everything is locked")
    text = (repository.root / "matrix.yaml").read_text()
    (repository.root / "matrix.yaml").write_text(text.replace("toolz==", "tabulate==0.9.0\n    - toolz=="))
    repository.commit("Left to the run")
    event = repository.pull_request_event("example/notebooks")
    event["pull_request"]["head"]["ref"] = "render-me"
    settings = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": "example/notebooks"}
    outcome = repository.run("pull_request", event, **settings)
    assert outcome.results == {
        "Plan": "failed",
        "Lock for the author": "succeeded",
        "Render for the author": "succeeded",
        "Images": "failed",
    }, outcome.output[-4000:]
    assert "error[IM606]" in comments[1]
    assert "This run locks and renders, and commits that to the branch:" in comments[1]
    assert "images.yaml started on render-me" in outcome.job("Render for the author")
    repository.git("fetch", "-q", "origin", "render-me")
    assert repository.git("rev-parse", "FETCH_HEAD^") == repository.git("rev-parse", "HEAD")
    assert repository.git("show", "--no-patch", "--format=%s", "FETCH_HEAD") == "Update generated files"
    assert "  tabulate==0.9.0:" in repository.git("show", "FETCH_HEAD:matrix.lock.yaml")
    repository.git("checkout", "-q", "-B", "render-me", "FETCH_HEAD")
    started_by_the_run = {**repository.push_event(), "ref": "refs/heads/render-me", "inputs": {}}
    again = repository.run("workflow_dispatch", started_by_the_run, only="plan", **settings)
    assert again.results == {"Plan": "succeeded"}, again.output[-4000:]
    assert list(comments) == [1]
    assert "They are built and tested now, under" in comments[1]


def test_the_lock_is_refreshed_in_a_pull_request(
    repository: Repository, github: tuple[str, dict[int, str]]
) -> None:
    address, pulls = github
    repository.start("main")
    settings = {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": "example/notebooks"}
    outcome = repository.run("schedule", {}, "lock.yaml", **settings)
    assert outcome.code == 0, outcome.output[-4000:]
    assert pulls[1].startswith("Refresh the lock`image-matrix lock --upgrade` found:\n\n```text\n")
    assert re.search(r"^(pip|file|source) .+$", pulls[1], re.MULTILINE)
    repository.git("fetch", "-q", "origin", "image-matrix/lock")
    changed_files = repository.git("diff", "--name-only", "HEAD", "FETCH_HEAD").splitlines()
    assert "matrix.lock.yaml" in changed_files
    assert "images/jupyter/python3.13/requirements/amd64.txt" in changed_files
    assert repository.git("rev-parse", "FETCH_HEAD^") == repository.git("rev-parse", "HEAD")
    again = repository.run("schedule", {}, "lock.yaml", **settings)
    assert again.code == 0, again.output[-4000:]
    assert list(pulls) == [1]
