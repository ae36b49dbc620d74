"""docs/plan.schema.json describes what ``plan --format json`` prints."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from image_matrix.cli import run
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.plan import make_plan, references
from image_matrix.planning.report import as_json
from image_matrix.project.init import RepositorySettings, create, new_repository
from image_matrix.project.inputs import read_inputs

if TYPE_CHECKING:
    from image_matrix.planning.plan import Presence, State

SCHEMA = json.loads((Path(__file__).parent.parent / "docs/plan.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(SCHEMA)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    create(tmp_path, new_repository(RepositorySettings(None)))
    git = ("git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e@example.org")
    for arguments in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message=first")):
        subprocess.run([*git, *arguments], check=True)
    return tmp_path


def printed(capfd: pytest.CaptureFixture[str], folder: Path, *options: str) -> Any:
    assert run(["-q", "-C", str(folder), "plan", "--format", "json", *options]) == 0
    return json.loads(capfd.readouterr().out)


def test_everything(
    repository: Path, capfd: pytest.CaptureFixture[str], validator: Draft202012Validator
) -> None:
    plan = printed(capfd, repository)
    validator.validate(plan)
    assert [entry["variant"].partition(":")[0] for entry in plan["build"]] == [
        "base",
        "jupyter",
        "jupyter-data",
    ]
    assert plan["keep"] == []


@pytest.mark.slow
def test_since_a_revision(
    repository: Path, capfd: pytest.CaptureFixture[str], validator: Draft202012Validator
) -> None:
    matrix = repository / "matrix.yaml"
    text = matrix.read_text().replace("ipykernel==7.4.0", "ipykernel==7.3.0").partition("  # An image")[0]
    matrix.write_text(f"{text}  jupyter-new:\n    from: jupyter\n    pip: [numpy==2.4.6]\n")
    plan = printed(capfd, repository, "--since", "HEAD")
    validator.validate(plan)
    jupyter, new = plan["build"]
    assert jupyter["reasons"] == ["pip packages (ipykernel==7.4.0 → ipykernel==7.3.0)"]
    assert jupyter["children"] == ["jupyter-new:python3.13"]
    assert (new["reasons"], new["cause"]) == (["new"], "jupyter:python3.13")
    assert [entry["variant"] for entry in plan["keep"]] == ["base:python3.13"]
    assert plan["removed"] == ["jupyter-data:python3.13"]


@pytest.mark.parametrize("answer", ["present", "absent", "unknown"])
def test_what_the_registry_says(repository: Path, answer: Presence, validator: Draft202012Validator) -> None:
    state: State = state_of(load_project(read_inputs(repository)))
    plan = as_json(make_plan(state, None, dict.fromkeys(references(state).values(), answer)))
    validator.validate(plan)
    assert {entry["presence"] for entry in (*plan["build"], *plan["keep"])} == {answer}


def test_the_schema_refuses_what_is_not_in_it(validator: Draft202012Validator) -> None:
    assert not validator.is_valid({"summary": "", "build": [], "keep": [], "removed": [], "more": 1})
    assert not validator.is_valid({"summary": "", "build": [{}], "keep": [], "removed": []})


@pytest.mark.slow
def test_where_there_was_no_matrix_everything_is_new(
    repository: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    git = ("git", "-C", str(repository), "-c", "user.name=n", "-c", "user.email=e@example.org")
    subprocess.run([*git, "rm", "--quiet", "--cached", "matrix.yaml"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=second"], check=True)
    plan = printed(capfd, repository, "--since", "HEAD")
    assert [entry["reasons"] for entry in plan["build"]] == [["new"]] * 3
    assert run(["-C", str(repository), "why", "base", "--since", "HEAD"]) == 0
    said = capfd.readouterr()
    assert said.out == "base:python3.13: new\n"
    assert "HEAD has no matrix.yaml: everything counts as new" in said.err
