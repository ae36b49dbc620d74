"""The workflow that prunes: there only where the matrix has it, with the fewest rights, and deleting only when told."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.diagnostics import MatrixError
from tests import yaml_files
from tests.workflow.matrices import SHAPES, loaded, rendered

PATH = ".github/workflows/prune.yaml"


def pruning(name: str, **prune: Any) -> dict[str, Any]:
    said = {**SHAPES[name], "workflow": {**SHAPES[name]["workflow"], "prune": prune}}
    found: dict[str, Any] = yaml_files.load(rendered(said)[PATH].content)
    return found


def test_there_is_none_without_the_section() -> None:
    assert PATH not in rendered(SHAPES["one image"])


def test_a_schedule_says_what_would_go_and_deletes_when_told() -> None:
    job = pruning("one image")["jobs"]["prune"]
    assert job["steps"][-1]["env"]["MODE"] == "${{ inputs.delete && '--delete' || '--dry-run' }}"
    job = pruning("one image", delete=True)["jobs"]["prune"]
    mode = job["steps"][-1]["env"]["MODE"]
    assert mode == "${{ (github.event_name == 'schedule' || inputs.delete) && '--delete' || '--dry-run' }}"
    assert job["steps"][-1]["run"] == 'image-matrix prune "$MODE"'


def test_it_has_the_history_and_runs_on_the_default_branch_alone() -> None:
    job = pruning("trusting team")["jobs"]["prune"]
    assert job["steps"][0]["with"]["fetch-depth"] == 0
    assert job["if"] == "${{ github.ref == 'refs/heads/trunk/images' }}"


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("one image", {"packages": "write"}),
        ("trusting team", {"packages": "read"}),
        ("cloud logins", {"packages": "read", "id-token": "write"}),
    ],
)
def test_only_where_github_deletes_the_token_may_write_packages(name: str, rights: dict[str, str]) -> None:
    content = pruning(name)
    assert content["permissions"] == {}
    assert content["jobs"]["prune"]["permissions"] == {"contents": "read", "pull-requests": "read", **rights}


def test_the_environment_holds_the_login() -> None:
    assert pruning("an app")["jobs"]["prune"]["environment"] == "images"


def test_a_schedule_that_github_would_refuse() -> None:
    with pytest.raises(MatrixError, match="25"):
        loaded({**SHAPES["one image"], "workflow": {"generator": ".", "prune": {"schedule": "1 25 * * *"}}})
