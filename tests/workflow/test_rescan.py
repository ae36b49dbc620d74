"""The workflow that scans what is released: there only where the matrix has it, and with the fewest rights."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.cli.ci_rescan import LISTED, PART
from image_matrix.diagnostics import MatrixError
from tests import yaml_files
from tests.workflow.matrices import SHAPES, loaded, rendered

PATH = ".github/workflows/rescan.yaml"


def rescanning(name: str, **rescan: Any) -> dict[Any, Any]:
    said = {**SHAPES[name], "workflow": {**SHAPES[name]["workflow"], "rescan": rescan}}
    found: dict[Any, Any] = yaml_files.load(rendered(said)[PATH].content)
    return found


def test_there_is_none_without_the_section() -> None:
    assert PATH not in rendered(SHAPES["one image"])


def test_the_default_branch_lists_scans_in_parts_and_reports() -> None:
    content = rescanning("trusting team", schedule="1 2 * * 3")
    jobs = content["jobs"]
    # YAML 1.1 reads `on` so
    assert content[True] == {"schedule": [{"cron": "1 2 * * 3"}], "workflow_dispatch": None}
    assert jobs["list"]["if"] == "${{ github.ref == 'refs/heads/trunk/images' }}"
    assert jobs["scan"]["strategy"]["matrix"] == {"part": "${{ fromJSON(needs.list.outputs.parts) }}"}
    assert jobs["report"]["needs"] == ["list", "scan"]
    assert "!cancelled()" in jobs["report"]["if"]  # a part that failed is reported, too


def test_the_last_job_has_the_list_and_the_parts_apart() -> None:
    """The action puts an artifact that alone matches its pattern into no folder of its name.

    Source: github.com/actions/download-artifact, README.md (pull request 424).
    """
    steps = rescanning("one image")["jobs"]["report"]["steps"]
    fetched = [one["with"] for one in steps if "download-artifact" in one.get("uses", "")]
    assert fetched == [
        {"pattern": "rescan-*", "path": "${{ runner.temp }}/rescan"},
        {"name": LISTED, "path": f"${{{{ runner.temp }}}}/rescan/{LISTED}"},
    ]
    assert PART.format(1).startswith("rescan-")


@pytest.mark.parametrize(
    ("name", "rescan", "scan", "report"),
    [
        ("one image", {}, {"packages": "read"}, {"issues": "write"}),
        ("one image", {"issue": False}, {"packages": "read"}, {}),
        (
            "scanner in a container",
            {},
            {"packages": "write", "actions": "read", "security-events": "write"},
            {"issues": "write"},
        ),
        ("cloud logins", {}, {"packages": "read", "id-token": "write"}, {"issues": "write"}),
    ],
)
def test_each_job_has_the_rights_that_it_needs(
    name: str, rescan: dict[str, Any], scan: dict[str, str], report: dict[str, str]
) -> None:
    content = rescanning(name, **rescan)
    jobs = content["jobs"]
    assert content["permissions"] == {}
    assert jobs["list"]["permissions"] == {"contents": "read"}
    assert jobs["scan"]["permissions"] == {"contents": "read", **scan}
    assert jobs["report"]["permissions"] == {"contents": "read", "pull-requests": "read", **report}


def test_secrets_of_the_scanner_reach_its_step_alone() -> None:
    jobs = rescanning("scanner in a container")["jobs"]
    having = [step["name"] for job in jobs.values() for step in job["steps"] if "SCANNER_TOKEN" in str(step)]
    assert having == ["Scan"]


def test_a_schedule_that_github_would_refuse() -> None:
    with pytest.raises(MatrixError, match="25"):
        loaded({**SHAPES["one image"], "workflow": {"generator": ".", "rescan": {"schedule": "1 25 * * *"}}})


def test_nothing_to_scan_with() -> None:
    with pytest.raises(MatrixError, match=r"`release\.scan: none`"):
        loaded(
            {
                **SHAPES["one image"],
                "release": {"scan": "none"},
                "workflow": {"generator": ".", "rescan": {}},
            }
        )
