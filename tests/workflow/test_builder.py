"""With a builder of the matrix, the program makes it: only builds get its certificates, and no fork reaches it."""

from __future__ import annotations

from tests.workflow.matrices import SHAPES, jobs_of, rendered

SECRETS = {"BK_CA", "BK_CERT", "BK_KEY"}


def test_only_the_step_that_builds_gets_the_certificates() -> None:
    jobs = jobs_of(rendered(SHAPES["a builder"]))
    steps = {
        (name, step["name"])
        for name, job in jobs.items()
        for step in job["steps"]
        if any(secret in str(step) for secret in SECRETS)
    }
    assert steps == {("base-amd64", "Build"), ("base-arm64", "Build")}
    build = next(step for step in jobs["base-amd64"]["steps"] if step["name"] == "Build")
    certificates = {name: value for name, value in build["env"].items() if name in SECRETS}
    assert certificates == {name: f"${{{{ secrets.{name} }}}}" for name in sorted(SECRETS)}
    assert "Set up buildx" not in [step["name"] for step in jobs["base-amd64"]["steps"]]


def test_what_a_fork_writes_runs_on_its_runner() -> None:
    steps = jobs_of(rendered(SHAPES["a builder"]))["fork"]["steps"]
    assert next(step["id"] for step in steps if step["name"] == "Set up buildx") == "buildx"
    build = next(step for step in steps if step["name"] == "Build and test")
    assert build["env"] == {"BUILDX_BUILDER": "${{ steps.buildx.outputs.name }}"}


def test_a_refresh_shows_the_certificates_to_the_step_that_asks_alone() -> None:
    steps = {
        (name, step["name"])
        for name, job in jobs_of(rendered(SHAPES["a builder"]), "lock").items()
        for step in job["steps"]
        if any(secret in str(step) for secret in SECRETS) or step["name"] == "Set up buildx"
    }
    assert steps == {("ask", "Ask")}
