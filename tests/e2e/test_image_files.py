"""Real builds with files and scripts of the project: modes, order, users, and what a changed file rebuilds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import docker, new_repository

if TYPE_CHECKING:
    from tests.e2e.support import Repository

pytestmark = pytest.mark.e2e

MATRIX = """\
version: 1
registry: registry.invalid/files
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  plain:
    from: debian
    files: {/etc/greeting: files/greeting, /opt/tools: files/tools}
    scripts: [scripts/first.sh, scripts/second]
    env: {WORD: good, MACHINE: "{machine}", ARCHITECTURE: "{arch}"}
    path: [/opt/tools]
  child: {from: plain, files: {/etc/child: files/greeting}}
"""
FILES = {
    "files/greeting": "hello\n",
    "files/tools/run": "#!/bin/sh\necho ran\n",
    "files/tools/deep/data": "data\n",
    "scripts/first.sh": '#!/bin/sh -eu\n/opt/tools/run > /first\nid -u >> /first\necho "$WORD" >> /first\n',
    "scripts/second": "#!/usr/bin/perl\nopen(my $file, '>', '/second'); print $file 'perl';\n",
    ".dockerignore": "*\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = new_repository(tmp_path_factory.mktemp("files"))
    (repository.root / "matrix.yaml").write_text(MATRIX)
    for path, text in FILES.items():
        file = repository.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (repository.root / "files/tools/run").chmod(0o700)
    (repository.root / "files/greeting").chmod(0o600)
    repository.run("build", "--push")
    return repository


def output(repository: Repository, image: str, command: str) -> str:
    """Return what a shell prints in an image from the registry."""
    entries = json.loads(repository.run("plan", "--registry", "--format", "json").stdout)["keep"]
    tag = next(entry["tag"] for entry in entries if entry["variant"] == f"{image}:default")
    return docker("run", "--rm", f"{repository.registry}/{image}:{tag}", "sh", "-c", command)


def test_files_have_the_modes_of_their_keys(project: Repository) -> None:
    modes = output(
        project, "plain", "stat -c '%a %u' /etc/greeting /opt/tools/run /opt/tools/deep /opt/tools/deep/data"
    )
    assert modes.splitlines() == ["644 0", "755 0", "755 0", "644 0"]


def test_scripts_run_as_root_after_files_and_with_variables(project: Repository) -> None:
    lines = output(project, "plain", "cat /first /second").splitlines()
    assert lines == ["ran", "0", "good", "perl"]


def test_variables_have_the_architecture_and_children_find_programs(project: Repository) -> None:
    lines = output(
        project, "child", 'run; [ "$MACHINE" = "$(uname -m)" ] && dpkg --print-architecture'
    ).splitlines()
    assert lines == ["ran", output(project, "plain", 'echo "$ARCHITECTURE"')]


def test_a_changed_script_rebuilds_what_runs_it(project: Repository) -> None:
    project.edit("scripts/second", "'perl'", "'Perl'")
    plan = json.loads(project.run("plan", "--registry", "--format", "json").stdout)
    assert {entry["variant"] for entry in plan["build"]} == {"plain:default", "child:default"}
