"""A repository of Dockerfiles as docs/adopt.md moves it in; the workflow that is rendered for it, run by act."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.act import MATRIX, Outcome, Repository, available, empty_repository

if TYPE_CHECKING:
    from image_matrix.verify.engine import Engine

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not available(), reason="act is not installed")]

REGISTRY = "ghcr.io/example/notebooks"
PARENTS = {
    "foundation": "debian:trixie-slim",
    "base": f"{REGISTRY}/foundation",
    "minimal": f"{REGISTRY}/base:latest",
    "r": f"{REGISTRY}/minimal",
    "julia": f"{REGISTRY}/minimal",
    "scipy": f"{REGISTRY}/minimal",
    "data": f"{REGISTRY}/scipy",
    "spark": f"{REGISTRY}/scipy:2026-08-03",
    "torch": f"{REGISTRY}/scipy",
    "tools": "docker.io/library/debian:trixie-slim",
}
"""Folder to what its Dockerfile names in the last FROM."""
RELEASE = (
    f"release: {{scan: {{tool: command, command: {MATRIX['release']['scan']['command']}}}, sbom: false}}"
)


def call(repository: Repository, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Call the installed program as a user does, with what this place is where it asks registries."""
    command = [str(repository.tools / "bin" / "image-matrix"), *arguments]
    done = subprocess.run(command, cwd=repository.root, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def repository(registry: str, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Repository:  # noqa: ARG001
    made = empty_repository(tmp_path_factory.mktemp("adopt"), registry)
    for name, parent in PARENTS.items():
        folder = made.root / "images" / name
        folder.mkdir(parents=True)
        more = f"COPY --from={REGISTRY}/tools /tools.txt /their-tools.txt\n" if name == "torch" else ""
        text = f"ARG BASE={parent}\nFROM $BASE\nCOPY {name}.txt /\n{more}"
        (folder / "Dockerfile").write_text(text)
        (folder / f"{name}.txt").write_text(f"{name}\n")
    return made


def test_the_steps_of_the_page_lead_to_a_repository_that_check_accepts(repository: Repository) -> None:
    imported = call(repository, "import", "dockerfiles", "--registry", REGISTRY, "images")
    assert "10 images and 1 source added" in imported.stderr
    first = call(repository, "check", check=False)
    assert first.returncode == 1
    assert "generated files are out of date" in first.stderr
    assert len(first.stdout.splitlines()) < 100, "the files to come are not printed as a whole"
    matrix = repository.root / "matrix.yaml"
    generator = next(repository.tools.glob("*.whl"))
    lines = matrix.read_text().splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("workflow: none"))
    lines[at] = f"workflow: {{generator: {generator}, jobs: image}}"
    matrix.write_text("\n".join([*lines, RELEASE, ""]))
    call(repository, "--overlay", str(repository.overlay()), "lock")
    call(repository, "render")
    call(repository, "check", "--locked")
    assert (repository.root / ".github/workflows/images.yaml").is_file()
    repository.commit("Move in")


@pytest.fixture(scope="module")
def pushed(repository: Repository) -> Outcome:
    """The push of the repository as the steps of the page left it."""
    assert (repository.root / ".github/workflows/images.yaml").is_file()
    return repository.run("push", repository.push_event())


def test_the_workflow_is_green_and_releases_every_image(repository: Repository, pushed: Outcome) -> None:
    assert pushed.code == 0, pushed.output[-4000:]
    assert {pushed.results.get(f"{image} (amd64)") for image in PARENTS} == {"succeeded"}
    assert pushed.results["Release"] == "succeeded"
    assert set(repository.released()) == {f"{image}:default" for image in PARENTS}


def test_a_changed_folder_builds_its_image_and_what_stands_on_it(
    repository: Repository, pushed: Outcome
) -> None:
    assert pushed.code == 0
    before = repository.released()
    (repository.root / "images/tools/tools.txt").write_text("changed\n")
    call(repository, "render")
    repository.commit("Change tools")
    again = repository.run("push", repository.push_event())
    assert again.code == 0, again.output[-4000:]
    assert {name for name in again.results if name.endswith("(amd64)")} == {"tools (amd64)", "torch (amd64)"}
    after = repository.released()
    assert {name for name in after if after[name] != before[name]} == {"tools:default", "torch:default"}


def promise(repository: Repository, text: str) -> None:
    """Give the image tools tests, and nothing else."""
    matrix = repository.root / "matrix.yaml"
    lines = matrix.read_text().splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("  tools: "))
    lines[at] = f"  tools: {{from: debian, context: images/tools, tests: {text}}}"
    matrix.write_text("\n".join([*lines, ""]))
    call(repository, "render")
    repository.commit("Other tests")


def test_other_tests_run_on_the_image_that_exists(repository: Repository, pushed: Outcome) -> None:
    assert pushed.code == 0
    before = repository.released()
    promise(repository, "{files: [/tools.txt]}")
    good = repository.run("push", repository.push_event())
    assert good.code == 0, good.output[-4000:]
    assert {name for name in good.results if name.endswith("(amd64)")} == {"tools (amd64)"}
    assert "in the registry, not built" in good.job("tools (amd64)")
    assert repository.released() == before
    promise(repository, "{files: [/nothing]}")
    bad = repository.run("push", repository.push_event())
    assert bad.results["tools (amd64)"] == "failed"
    assert bad.results["Images"] == "failed"
    assert repository.released() == before
