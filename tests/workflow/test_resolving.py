"""How the workflow resolves packages: with rights that only read, and lists handed from job to job."""

from __future__ import annotations

import json

from tests import yaml_files
from tests.workflow.matrices import SHAPES, matrix, rendered
from tests.workflow.test_logins import logins_of


def test_package_code_runs_where_nothing_can_be_written_and_only_its_lock_is_taken() -> None:
    files = rendered(SHAPES["one image"])
    for workflow, resolves, writes in (("images", "lock", "render"), ("lock", "resolve", "propose")):
        both = yaml_files.load(files[f".github/workflows/{workflow}.yaml"].content)["jobs"]
        assert set(both[resolves]["permissions"].values()) == {"read"}
        assert "secrets." not in json.dumps(both[resolves])
        assert resolves in both[writes]["needs"]
        assert both[writes]["permissions"]["actions"] == "write"
        steps = {step["name"]: step for step in both[writes]["steps"]}
        assert steps["Fetch the lock"]["with"]["path"] == "${{ runner.temp }}/lock"
        (taken,) = (step["run"] for name, step in steps.items() if name.startswith("Take the lock"))
        assert taken == 'cp "$RUNNER_TEMP/lock/matrix.lock.yaml" matrix.lock.yaml'


def test_what_a_refresh_locks_is_handed_on_although_something_cannot_be_reached() -> None:
    lock = yaml_files.load(rendered(SHAPES["one image"])[".github/workflows/lock.yaml"].content)["jobs"]
    (step,) = (one for one in lock["resolve"]["steps"] if one["name"] == "Resolve")
    assert step["run"] == 'image-matrix ci lock --apt-answers "$RUNNER_TEMP/apt/apt-answers.json"'
    names = ("unreachable", "apt_updates")
    outputs = {name: f"${{{{ steps.{step['id']}.outputs.{name} }}}}" for name in names}
    assert lock["resolve"]["outputs"] == outputs
    (step,) = (one for one in lock["propose"]["steps"] if one["name"] == "Open a pull request")
    for name in names:
        assert step["env"][f"IMAGE_MATRIX_{name.upper()}"] == f"${{{{ needs.resolve.outputs.{name} }}}}"


def test_a_refresh_asks_released_images_with_rights_that_only_read() -> None:
    made = matrix({"base": {"from": "debian"}}, registry="ghcr.io/example/notebooks")
    job = yaml_files.load(rendered(made)[".github/workflows/lock.yaml"].content)["jobs"]["ask"]
    assert job["permissions"] == {"contents": "read", "packages": "read"}
    steps = {step["name"]: step for step in job["steps"]}
    assert list(steps).index("Log in to the registry") < list(steps).index("Set up buildx")
    assert steps["Check out"]["with"]["fetch-depth"] == 0  # the release branch says what is released
    assert (
        steps["Set up buildx"]["continue-on-error"]
        is steps["Configure BuildKit"]["continue-on-error"]
        is True
    )


def test_what_resolves_asks_nobody_and_goes_on_without_the_answers() -> None:
    made = matrix({"base": {"from": "debian"}}, registry="ghcr.io/example/notebooks")
    refresh = yaml_files.load(rendered(made)[".github/workflows/lock.yaml"].content)["jobs"]
    resolve = refresh["resolve"]
    assert resolve["permissions"] == {"contents": "read"}
    assert logins_of(refresh) == {"ask": ["ghcr.io"], "resolve": [], "propose": []}
    steps = {step["name"]: step for step in resolve["steps"]}
    assert "Set up buildx" not in steps
    assert steps["Fetch the answers"]["continue-on-error"] is True
    handed_on = next(step for step in refresh["ask"]["steps"] if step["name"] == "Hand the answers on")
    assert steps["Fetch the answers"]["with"]["name"] == handed_on["with"]["name"]
    main = "github.ref == 'refs/heads/main'"
    assert (resolve["needs"], resolve["if"]) == (["ask"], f"${{{{ !cancelled() && {main} }}}}")
    # a job without a condition is skipped if anything before it has failed, also what it does not need itself
    assert (
        refresh["propose"]["if"] == f"${{{{ !cancelled() && {main} && needs.resolve.result == 'success' }}}}"
    )
