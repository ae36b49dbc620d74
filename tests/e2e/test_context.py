"""Real builds of Dockerfiles as they are: stages and a target, a user and an entry point, names from arguments."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import docker, new_repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.support import Repository

pytestmark = pytest.mark.e2e

MATRIX = """\
version: 1
registry: registry.invalid/families
sources: {debian: "docker.io/library/debian:trixie-slim"}
defaults: {images: {context: "{image}"}}
images:
  staged: {from: debian, target: final, args: {WORD: staged}}
  tagged: {from: staged}
  foreign: {from: debian}
  worker: {from: foreign}
  composed:
    from: staged
    args: {REGISTRY: registry.invalid/families, WORD: composed}
    contexts: {example.org/tools: foreign}
  listed: {from: composed, context: null, env: {LISTED: "yes"}}
"""
FILES = {
    "staged/Dockerfile": """\
FROM debian:trixie-slim AS build
ARG WORD
RUN echo "$WORD" > /word
FROM build AS test
RUN exit 1
FROM docker.io/library/debian:trixie-slim AS final
COPY --from=build /word /word
COPY . /given
FROM final
RUN exit 1
""",
    "staged/.dockerignore": "ignored\nDockerfile\n",
    "staged/ignored": "1\n",
    "staged/file": "1\n",
    "tagged/Dockerfile": "FROM registry.invalid/families/staged:2026-11-01\nRUN cat /word > /tagged\n",
    "foreign/Dockerfile": """\
FROM debian:trixie-slim
RUN useradd --uid 1234 --gid 100 --create-home jovyan
RUN <<EOF
cat > /usr/local/bin/entry <<'END'
#!/bin/sh
echo "entry $(id -u):$(id -g) $*"
END
chmod 755 /usr/local/bin/entry
EOF
USER jovyan
ENTRYPOINT ["entry"]
CMD ["nothing"]
""",
    "worker/Dockerfile": 'FROM registry.invalid/families/foreign:latest\nCMD ["worker"]\n',
    "composed/Dockerfile": """\
ARG REGISTRY=docker.io/somebody
ARG NAME=staged
ARG BASE=${REGISTRY}/${NAME}
FROM $BASE
ARG WORD=none
COPY --from=example.org/tools /usr/local/bin/entry /usr/local/bin/
RUN echo "$WORD" > /composed
""",
}


def planned(repository: Repository, *arguments: str) -> set[str]:
    """Return the variants that a plan would build."""
    plan = json.loads(repository.run("plan", "--format", "json", *arguments).stdout)
    return {entry["variant"].partition(":")[0] for entry in plan["build"]}


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = new_repository(tmp_path_factory.mktemp("context"))
    (repository.root / "matrix.yaml").write_text(MATRIX)
    for path, text in FILES.items():
        file = repository.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    repository.run("build", "--push")
    git(repository.root, "init", "--quiet")
    (repository.root / ".gitignore").write_text("site.yaml\n")
    commit(repository.root)
    return repository


def git(root: Path, *arguments: str) -> None:
    subprocess.run(("git", "-C", str(root), *arguments), check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(
        root, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--message", "State"
    )


def output(repository: Repository, image: str, *command: str, entrypoint: str = "") -> str:
    """Return what a command prints in an image from the registry."""
    entries = json.loads(repository.run("plan", "--registry", "--format", "json").stdout)["keep"]
    tag = next(entry["tag"] for entry in entries if entry["variant"] == f"{image}:default")
    options = (f"--entrypoint={entrypoint}",) if entrypoint else ()
    return docker("run", "--rm", *options, f"{repository.registry}/{image}:{tag}", *command)


def test_everything_is_built_on_its_parent_and_in_the_registry(family: Repository) -> None:
    assert planned(family, "--registry") == set()
    assert output(family, "tagged", "cat", "/tagged") == "staged"
    assert output(family, "composed", "cat", "/word", "/composed") == "staged\ncomposed"


def test_a_target_is_built_without_the_stages_that_it_does_not_need(family: Repository) -> None:
    assert output(family, "staged", "ls", "/given") == "file"


def test_the_user_and_the_entry_point_of_a_dockerfile_stay(family: Repository) -> None:
    assert output(family, "foreign") == "entry 1234:100 nothing"
    assert output(family, "worker") == "entry 1234:100 worker"


def test_another_image_is_copied_from_by_its_name_in_the_dockerfile(family: Repository) -> None:
    assert output(family, "composed", "x", entrypoint="entry") == "entry 0:0 x"


def test_a_child_of_lists_stands_on_a_dockerfile(family: Repository) -> None:
    assert output(family, "listed", "sh", "-c", "echo $LISTED; cat /composed") == "yes\ncomposed"


@pytest.mark.parametrize(
    ("path", "rebuilt"),
    [
        ("staged/file", {"staged", "tagged", "composed", "listed"}),
        ("staged/ignored", set()),
        ("foreign/Dockerfile", {"foreign", "worker", "composed", "listed"}),
        ("worker/Dockerfile", {"worker"}),
        ("composed/new", {"composed", "listed"}),
    ],
)
def test_a_changed_file_rebuilds_its_image_and_what_stands_on_it(
    family: Repository, path: str, rebuilt: set[str]
) -> None:
    file = family.root / path
    before = file.read_text() if file.exists() else None
    file.write_text((before or "") + "# changed\n")
    assert planned(family, "--since", "HEAD") == rebuilt
    assert planned(family, "--registry") == rebuilt
    if before is None:
        file.unlink()
    else:
        file.write_text(before)


def test_a_changed_file_is_in_the_image_that_is_built_next(family: Repository) -> None:
    (family.root / "staged/file").write_text("2\n")
    built = family.run("build", "--push").stderr
    assert "foreign:default linux/amd64: in the registry, not built" in built
    assert output(family, "listed", "cat", "/given/file") == "2"


def test_a_failed_step_is_shown_in_the_users_dockerfile(family: Repository) -> None:
    file = family.root / "worker/Dockerfile"
    before = file.read_text()
    file.write_text(before + "USER root\nRUN false\n")
    failed = family.run("build", "worker", check=False)
    file.write_text(before)
    assert failed.returncode == 1
    assert "worker/Dockerfile:4 ended with exit code 1" in failed.stderr
