"""Logins of the rendered jobs: which job logs in to which host, with what, and before which step."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.github.event import DEPENDABOT
from tests import yaml_files
from tests.workflow.matrices import SHAPES, by_layer, jobs, matrix, reference, rendered

ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
GOOGLE, AZURE, HUB = "europe-docker.pkg.dev", "example.azurecr.io", "docker.io"
CLOUDS = SHAPES["cloud logins"]
HOSTS = {
    "plan": [ECR],
    "base-amd64": [ECR, HUB, GOOGLE],
    "scan_base": [ECR, HUB],
    "fork": [],
    "release": [ECR, HUB, AZURE],
    "gate": [],
}


def logins(job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The steps of a job that log in, by host."""
    return {
        step["with"]["registry"]: step
        for step in job["steps"]
        if "docker/login-action" in step.get("uses", "")
    }


def test_each_job_logs_in_where_it_pushes_and_pulls() -> None:
    rendered_jobs = jobs(CLOUDS)
    assert {name: list(logins(rendered_jobs[name])) for name in HOSTS} == HOSTS
    refresh = {name: list(logins(job)) for name, job in jobs(CLOUDS, "lock").items()}
    assert refresh == {"ask": [ECR, HUB, GOOGLE], "resolve": [HUB, GOOGLE], "propose": []}


def test_code_of_packages_never_meets_the_identity_that_pushes() -> None:
    """The resolver runs builds of source distributions; a job with `id-token` could take any role that trusts it."""
    role = {"aws": {"role": "arn:aws:iam::123456789012:role/push-images"}}
    value = matrix({"base": {"from": "debian"}}, registry=f"{ECR}/team", network={"logins": {ECR: role}})
    refresh = jobs(value, "lock")
    assert refresh["ask"]["permissions"] == {"contents": "read", "id-token": "write"}
    assert refresh["resolve"]["permissions"] == {"contents": "read"}
    assert logins(refresh["resolve"]) == {}
    value["sources"] = {"debian": f"{ECR}/team/debian:trixie"}
    resolve = jobs(value, "lock")["resolve"]
    assert list(logins(resolve)) == [ECR]
    assert resolve["permissions"] == {"contents": "read", "id-token": "write"}


@pytest.mark.parametrize("value", [CLOUDS, by_layer(CLOUDS)])
def test_only_jobs_that_exchange_githubs_token_can_ask_for_it(value: dict[str, Any]) -> None:
    for workflow in ("images", "lock"):
        for name, job in jobs(value, workflow).items():
            exchanges = any(
                "configure-aws-credentials" in step.get("uses", "")
                or step.get("run", "").startswith("image-matrix ci token")
                for step in job["steps"]
            )
            signs = name == "release"
            assert ("id-token" in job["permissions"]) == (exchanges or signs), name
    for job in jobs(SHAPES["copies"]).values():
        assert "id-token" not in job["permissions"] or "cosign" in str(job["steps"])


def test_the_credentials_of_an_aws_role_are_for_the_login_alone() -> None:
    job = jobs(CLOUDS)["base-amd64"]
    (role,) = (step for step in job["steps"] if "configure-aws-credentials" in step.get("uses", ""))
    assert role["with"] == {
        "role-to-assume": "arn:aws:iam::123456789012:role/push-images",
        "aws-region": "eu-central-1",
        "output-credentials": True,
        "output-env-credentials": False,
    }
    login = logins(job)[ECR]
    assert login["env"]["AWS_SESSION_TOKEN"] == f"${{{{ steps.{role['id']}.outputs.aws-session-token }}}}"
    assert login["with"] == {"registry": ECR}
    with_credentials = [step["name"] for step in job["steps"] if "aws-secret-access-key" in str(step)]
    assert with_credentials == [login["name"]]


def test_a_cloud_without_an_action_gets_a_token_by_our_own_step() -> None:
    for name, host in (("base-amd64", GOOGLE), ("release", AZURE)):
        job = jobs(CLOUDS)[name]
        (step,) = (one for one in job["steps"] if one.get("env") == {"REGISTRY": host})
        assert step["run"] == 'image-matrix ci token "$REGISTRY"'
        assert logins(job)[host]["with"] == {
            "registry": host,
            **{name: f"${{{{ steps.{step['id']}.outputs.{name} }}}}" for name in ("username", "password")},
        }


@pytest.mark.parametrize("name", ["plan", "base-amd64", "scan_base", "release"])
def test_dockers_configuration_comes_first_so_that_logins_of_the_matrix_count(name: str) -> None:
    steps = jobs(CLOUDS)[name]["steps"]
    names = [step["name"] for step in steps]
    place = names.index("Log in with Docker's configuration")
    assert place < names.index("Log in to the registry")
    assert steps[place]["env"] == {"DOCKER_CONFIG_JSON": "${{ secrets.DOCKER_CONFIG_JSON }}"}


def test_only_what_runs_code_of_packages_takes_a_part_of_dockers_configuration() -> None:
    runs = {
        (name, step["run"])
        for workflow in ("images", "lock")
        for name, job in jobs(CLOUDS, workflow).items()
        for step in job["steps"]
        if step["name"] == "Log in with Docker's configuration"
    }
    assert {name for name, run in runs if run == "image-matrix ci docker-config --pulled"} == {"resolve"}
    assert {run for name, run in runs if name != "resolve"} == {"image-matrix ci docker-config"}
    assert ("ask", "image-matrix ci docker-config") in runs


def test_a_pull_request_of_a_fork_takes_no_token() -> None:
    steps = [
        step for step in jobs(CLOUDS)["plan"]["steps"] if "og in" in step["name"] or "Take" in step["name"]
    ]
    assert len(steps) == 3
    assert all("head.repo.full_name == github.repository" in step["if"] for step in steps)
    assert not any("Log in" in step["name"] for step in jobs(CLOUDS)["fork"]["steps"])


@pytest.mark.parametrize("job", ["base-amd64", "release"])
def test_docker_hubs_login_comes_before_images_are_pulled_from_it(job: str) -> None:
    value = {**CLOUDS, "workflow": {**CLOUDS["workflow"], "runners": {"linux/arm64": "emulate"}}}
    names = [step["name"] for step in jobs(value)[job]["steps"]]
    place = names.index("Log in to docker.io")
    assert all(place < names.index(step) for step in ("Set up QEMU", "Set up buildx") if step in names)


def test_one_configuration_of_docker_is_enough() -> None:
    value = matrix({"base": {"from": "debian"}}, registry="quay.io/team", network={"docker_config": "CONFIG"})
    for name in ("plan", "base-amd64", "scan_base", "release"):
        job = jobs(value)[name]
        assert "Log in with Docker's configuration" in [step["name"] for step in job["steps"]]
        assert logins(job) == {}


def test_the_secret_with_logins_of_indexes_reaches_the_build_and_the_lock_alone() -> None:
    value = matrix({"base": {"from": "debian"}}, network={"netrc": "env://NETRC_TEXT"})
    expected = {"NETRC_TEXT": "${{ secrets.NETRC_TEXT }}"}
    with_secret = {
        (name, step["name"])
        for workflow in ("images", "lock")
        for name, job in jobs(value, workflow).items()
        for step in job["steps"]
        if "NETRC_TEXT" in str(step) and step["env"].items() >= expected.items()
    }
    assert with_secret == {
        ("base-amd64", "Build"),
        ("base-arm64", "Build"),
        ("ask", "Ask"),
        ("resolve", "Resolve"),
    }


SOURCES: dict[str, Any] = {
    "network": {
        "logins": {
            "docker.io": {"username": "HUB_USER", "password": "HUB_TOKEN"},
            "nvcr.io": {"username": "NV_USER", "password": "NV_TOKEN"},
        }
    },
    "sources": {
        "debian": "docker.io/library/debian:trixie-slim",
        "nv": "nvcr.io/nvidia/pytorch:26.10-py3",
        "mine": "ghcr.io/example/base:1",
    },
}


def test_the_release_alone_logs_in_to_where_it_copies() -> None:
    found = jobs(SHAPES["copies"])
    logins = {
        name: {
            step["with"]["registry"]: (step["with"]["username"], step["with"]["password"])
            for step in job["steps"]
            if "docker/login-action" in step.get("uses", "")
        }
        for name, job in found.items()
    }
    registry = {"quay.io": ("${{ secrets.QUAY_USER }}", "${{ secrets.QUAY_TOKEN }}")}
    assert logins["release"] == {
        **registry,
        "docker.io": ("${{ secrets.HUB_USER }}", "${{ secrets.HUB_TOKEN }}"),
        "ghcr.io": ("${{ github.actor }}", "${{ github.token }}"),
    }
    assert all(of_job in ({}, registry) for name, of_job in logins.items() if name != "release")


def test_dependabot_does_not_log_in_with_secrets_that_it_does_not_have() -> None:
    login = next(
        step for step in jobs(reference())["plan"]["steps"] if "login-action" in step.get("uses", "")
    )
    assert f"user.login != '{DEPENDABOT}'" in login["if"]


def logins_of(found: dict[str, Any]) -> dict[str, list[str]]:
    """The hosts that each job logs in to."""
    return {
        name: [
            step["with"]["registry"] for step in job["steps"] if "docker/login-action" in step.get("uses", "")
        ]
        for name, job in found.items()
    }


def test_builds_and_the_lock_log_in_to_where_sources_are() -> None:
    made = matrix({"base": {"from": "debian"}, "gpu": {"from": "nv"}}, **SOURCES)
    found = logins_of(jobs(made))
    assert found["base-amd64"] == ["ghcr.io", "docker.io", "nvcr.io"]
    assert found["fork"] == found["gate"] == []
    assert found["scan_base"] == found["plan"] == ["ghcr.io"]
    lock = yaml_files.load(rendered(made)[".github/workflows/lock.yaml"].content)["jobs"]
    every = ["ghcr.io", "docker.io", "nvcr.io"]
    assert logins_of(lock) == {"ask": every, "resolve": every, "propose": []}
    assert lock["resolve"]["permissions"] == {"contents": "read", "packages": "read"}


def test_a_login_that_is_only_for_copies_stays_out_of_builds() -> None:
    logins = {**SOURCES["network"]["logins"]}
    logins["docker.io"] = {**logins["docker.io"], "pull": False}
    made = matrix({"base": {"from": "debian"}}, **{**SOURCES, "network": {"logins": logins}},
                  release={"copies": ["docker.io/team"]})  # fmt: skip
    found = logins_of(jobs(made))
    assert found["base-amd64"] == ["ghcr.io", "nvcr.io"]
    assert found["release"] == ["ghcr.io", "docker.io"]


def test_the_login_comes_before_buildx_pulls_its_image() -> None:
    for name in ("base-amd64", "release"):
        names = [step["name"] for step in jobs(SHAPES["one image"])[name]["steps"]]
        assert names.index("Log in to the registry") < names.index("Set up buildx")
