"""Families of Dockerfiles that stay as they are, with an image of packages on top: built, verified and released."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.support import CA_BUNDLE, Repository, docker, new_repository
from tests.e2e.test_foreign import NOTEBOOK

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("engine", "registry")]

FAMILIES = Path(__file__).parent.parent / "fixtures" / "families"
PLACEHOLDER = "registry.invalid/families"


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def repository_of(family: str, folder: Path) -> Repository:
    """Make a clone with a family's files, and with this place's registry in them."""
    made = new_repository(folder / "work")
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
    git(made.root, "init", "--quiet", "--initial-branch=main")
    git(made.root, "remote", "add", "origin", str(folder / "remote.git"))
    for key, value in {"user.name": "Tester", "user.email": "tester@example.org"}.items():
        git(made.root, "config", key, value)
    shutil.copytree(FAMILIES / family, made.root, dirs_exist_ok=True)
    for file in made.root.rglob("*"):
        if file.name in ("matrix.yaml", "Dockerfile"):
            file.write_text(file.read_text().replace(PLACEHOLDER, made.registry))
    (made.root / ".gitignore").write_text("site.yaml\n")
    return made


def push_miniforge(made: Repository, folder: Path) -> None:
    """Push what stands in for an image with a conda prefix: Python below /opt/conda, which belongs to the user."""
    mirror = made.registry.partition("/")[0]
    (folder / "Dockerfile").write_text(NOTEBOOK.format(source=f"{mirror}/library/debian:trixie-slim"))
    ca = ("--secret", f"id=ca-bundle,src={CA_BUNDLE}") if CA_BUNDLE.exists() else ()
    (folder / "site.sh").write_text("export PIP_CERT=/run/secrets/ca-bundle.crt\n" if ca else "")
    site = ("--secret", f"id=site,src={folder / 'site.sh'}")
    docker("buildx", "build", "--push", "--tag", f"{made.registry}/miniforge:1", *ca, *site, str(folder))


def released(made: Repository) -> dict[str, Any]:
    """Return the images that the release branch names, by variant."""
    git(made.root, "fetch", "--quiet", "origin", "release")
    images: dict[str, Any] = json.loads(git(made.root, "show", "FETCH_HEAD:deploy/images.json"))["images"]
    return images


def configuration(reference: str) -> dict[str, Any]:
    docker("pull", "--quiet", reference)
    (described,) = json.loads(docker("image", "inspect", reference))
    config: dict[str, Any] = described["Config"]
    return {name: config.get(name) for name in ("User", "WorkingDir", "Entrypoint", "Cmd")}


@pytest.fixture(scope="module", params=["stages", "entry-point", "conda-prefix"])
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A family that was locked, rendered, committed, built and pushed."""
    folder = tmp_path_factory.mktemp(request.param)
    made = repository_of(request.param, folder)
    if request.param == "conda-prefix":
        push_miniforge(made, tmp_path_factory.mktemp("miniforge"))
    for command in (("lock",), ("render",), ("check", "--locked"), ("build", "--push")):
        made.run(*command)
    git(made.root, "add", "--all")
    git(made.root, "commit", "--quiet", "--message", "Start")
    git(made.root, "push", "--quiet", "origin", "main")
    return made


def statuses(made: Repository) -> Mapping[str, dict[str, list[str]]]:
    """Return what ``verify`` says of each image: status to names of checks."""
    done = made.run("verify", "--format", "json", check=False)
    assert done.stdout, done.stderr
    by_image: dict[str, dict[str, list[str]]] = {}
    for report in json.loads(done.stdout):
        of_image = by_image.setdefault(report["id"].partition(":")[0], {})
        for result in report["results"]:
            of_image.setdefault(result["status"], []).append(result["name"])
    return by_image


def test_a_family_passes_its_tests(family: Repository) -> None:
    reports = statuses(family)
    assert "child" in reports
    assert len(reports) == 2
    assert [report.get("failed", []) for report in reports.values()] == [[], []]
    assert all("start" in report["passed"] for report in reports.values())


def test_a_family_is_released_and_the_child_starts_like_its_parent(family: Repository) -> None:
    done = family.run("release", "--push")
    images = released(family)
    assert len(images) == 2, done.stderr
    parent, child = (
        next(item["reference"] for name, item in images.items() if (name == "child:default") is is_child)
        for is_child in (False, True)
    )
    assert child.startswith(f"{family.registry}/child@sha256:") or f"{family.registry}/child:" in child
    assert configuration(child) == configuration(parent)


def test_a_second_release_changes_nothing(family: Repository) -> None:
    family.run("release", "--push")
    before = git(family.root, "ls-remote", "origin", "release")
    assert before
    family.run("release", "--push")
    assert git(family.root, "ls-remote", "origin", "release") == before
