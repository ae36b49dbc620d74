"""A build gets the files that images copy with the modes of their keys, and without the rest of the project."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from image_matrix.build.request import BuildOptions, BuildRequest, make_request, missing_secrets
from image_matrix.build.workspace import definition, write_workspace
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.registry_locations import registry_locations
from image_matrix.project.inputs import read_inputs

FIXTURE = Path(__file__).parent.parent / "fixtures/good/files-and-scripts"
PLAIN = ("plain:student", "linux/amd64")


@pytest.fixture
def request_of_plain(tmp_path: Path) -> BuildRequest:
    shutil.copytree(FIXTURE, tmp_path / "project")
    (tmp_path / "project/.dockerignore").write_text("*\n")
    (tmp_path / "project/files/conf/a.conf").chmod(0o600)
    state = state_of(load_project(read_inputs(tmp_path / "project")))
    return make_request(registry_locations(state, staging=False), [PLAIN], {}, BuildOptions(push=False), ())


def test_the_workspace_has_what_the_image_copies_and_runs(
    request_of_plain: BuildRequest, tmp_path: Path
) -> None:
    umask = os.umask(0o077)
    try:
        write_workspace(tmp_path / "workspace", request_of_plain)
    finally:
        os.umask(umask)
    folder = tmp_path / "workspace/files"
    modes = {
        path.relative_to(folder).as_posix(): path.stat().st_mode & 0o777 for path in sorted(folder.rglob("*"))
    }
    assert modes == {
        "files": 0o755,
        "files/conf": 0o755,
        "files/conf/a.conf": 0o644,
        "files/conf/tool": 0o755,
        "files/student": 0o644,
        "scripts": 0o755,
        "scripts/second": 0o644,
    }


def test_the_context_of_files_is_in_the_workspace(request_of_plain: BuildRequest) -> None:
    targets = definition(request_of_plain)["target"]
    assert targets["plain_student-amd64"]["contexts"] == {"files.invalid/project": "files"}


def test_a_target_gets_the_secrets_of_its_image_that_the_environment_has(
    request_of_plain: BuildRequest,
) -> None:
    request = replace(
        request_of_plain, secrets=("id=site,env=X",), named_secrets=frozenset({"R_TOKEN", "HOME"})
    )
    target = definition(request)["target"]["plain_student-amd64"]
    assert target["secret"] == ["id=site,env=X", "id=R_TOKEN,env=R_TOKEN"]
    assert missing_secrets(request.legs, request.named_secrets) == {"OTHER_TOKEN": "plain"}
