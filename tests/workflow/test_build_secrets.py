"""Only the step that builds an image has its secrets, and no job that builds for a fork."""

from __future__ import annotations

from tests.workflow.matrices import jobs_of, matrix, rendered

FILE = ".github/workflows/images.yaml"
IMAGES = {
    "base": {"from": "debian", "kind": "base", "secrets": ["R_TOKEN", "OTHER"]},
    "lab": {"from": "base", "kind": "jupyter", "secrets": ["R_TOKEN"]},
    "plain": {"from": "base", "kind": "jupyter"},
}


def test_each_job_has_the_secrets_of_its_image_alone() -> None:
    jobs = jobs_of(rendered(matrix(IMAGES)))
    assert jobs["base-amd64"]["env"]["BUILD_SECRETS"] == ",R_TOKEN,OTHER,"
    assert jobs["lab-arm64"]["env"]["BUILD_SECRETS"] == ",R_TOKEN,"
    assert "BUILD_SECRETS" not in jobs["plain-amd64"]["env"]
    with_secrets = [
        (name, step["name"], step["env"])
        for name in ("base-amd64", "fork", "release", "gate")
        for step in jobs[name]["steps"]
        if "R_TOKEN" in str(step)
    ]
    assert with_secrets == [
        (
            "base-amd64",
            "Build",
            {
                name: f"${{{{ contains(env.BUILD_SECRETS, ',{name},') && secrets.{name} || '' }}}}"
                for name in ("OTHER", "R_TOKEN")
            },
        )
    ]


def test_without_secrets_the_step_has_no_environment() -> None:
    assert (
        "BUILD_SECRETS"
        not in rendered(matrix({"base": {"from": "debian", "kind": "base"}}))[FILE].content.decode()
    )
