"""What each job may write, who proves who it is, and who gets keys and secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests import yaml_files
from tests.workflow.matrices import SHAPES, by_layer, jobs, loaded, matrix, reference, rendered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.output_tree.files import File


def signs(shape: str) -> bool:
    return loaded(SHAPES[shape]).matrix.release.sign.tool != "none"


@pytest.mark.parametrize("shape", SHAPES)
def test_permissions_and_timeouts(shape: str) -> None:
    content = yaml_files.load(rendered(SHAPES[shape])[".github/workflows/images.yaml"].content)
    assert content["permissions"] == {}
    for name, job in content["jobs"].items():
        minutes = re.findall(r"(?<![\w.])\d+(?![\w.])", str(job["timeout-minutes"]))
        assert minutes or job["timeout-minutes"] == "${{ matrix.timeout }}"
        assert max(map(int, minutes), default=0) <= 360
        writes = {key for key, value in job["permissions"].items() if value == "write"}
        if name in ("fork", "gate"):
            assert not writes
        if name.startswith("scan_"):
            boxed = "scanner in a container" in shape
            assert writes <= {"packages", "id-token", *(["security-events"] if boxed else [])}
            assert signs(shape) or writes <= {"id-token"}
            assert signs(shape) or not writes or "cloud" in shape
        if "matrix" in str(job.get("strategy")):
            assert job["strategy"]["fail-fast"] is False
        assert "!cancelled()" in job.get("if", "!cancelled()") or name in ("fork", "gate")


@pytest.mark.parametrize(
    ("shape", "prover"),
    [("one image", "Sigstore"), ("notation", "AWS"), ("key and grype", None), ("trusting team", "Sigstore")],
)
def test_only_who_proves_something_gets_an_identity(shape: str, prover: str | None) -> None:
    text = rendered(SHAPES[shape])[".github/workflows/images.yaml"].content.decode()
    found = yaml_files.load(text)["jobs"]
    assert ("id-token" in found["release"]["permissions"]) == (prover is not None)
    assert prover is None or f"id-token: write # prove to {prover} " in text
    assert "id-token" not in found["plan"]["permissions"]


def test_a_fork_job_neither_logs_in_nor_pushes() -> None:
    steps = jobs(reference())["fork"]["steps"]
    assert not any("login-action" in step.get("uses", "") for step in steps)
    assert not any("--push" in step.get("run", "") for step in steps)


@pytest.mark.parametrize(
    ("registry", "login", "password"),
    [
        ("ghcr.io/example", {}, "${{ github.token }}"),
        ("quay.io/example", {"username": "USER", "password": "PASS"}, "${{ secrets.PASS }}"),
        ("ghcr.io/example", {"username": "USER", "password": "PASS"}, "${{ secrets.PASS }}"),
        ("quay.io/example", {}, None),
        ("ghcr.io.example.org/example", {}, None),
    ],
)
def test_githubs_own_token_is_for_its_own_registry(
    registry: str, login: dict[str, str], password: str | None
) -> None:
    host = registry.partition("/")[0]
    made = matrix({"base": {"from": "debian"}}, network={"logins": {host: login}} if login else {})
    logins = [
        step["with"]
        for job in jobs({**made, "registry": registry}).values()
        for step in job["steps"]
        if "login-action" in step.get("uses", "")
    ]
    assert bool(logins) == (password is not None)
    assert {item["password"] for item in logins} == ({password} if password else set())


KEY_STEPS = {"build-image": "Accept", "scan-image": "Attest the scan"}
"""By action, the one step that gets the secrets that sign."""


@pytest.mark.parametrize("mode", ["image", "layer"])
def test_the_default_branch_alone_gets_the_key_and_only_where_it_signs(mode: str) -> None:
    shape = SHAPES["key in an environment"]
    files = rendered(shape if mode == "image" else by_layer(shape))
    default = "github.ref == 'refs/heads/main' && "
    for job in build_and_scan_jobs(files):
        assert job["environment"] == "${{ " + default + "'images' || '' }}"
        given = job["steps"][0]["with"]
        assert given["COSIGN_KEY"] == "${{ " + default + "secrets.COSIGN_KEY || '' }}"
        assert given["COSIGN_PASSWORD"] == "${{ " + default + "secrets.COSIGN_PASSWORD || '' }}"
    for action, step in KEY_STEPS.items():
        steps = yaml_files.load(files[f".github/actions/{action}/action.yaml"].content)["runs"]["steps"]
        assert [item["name"] for item in steps if "inputs.COSIGN" in str(item)] == [step]


@pytest.mark.parametrize(
    ("shape", "rights"),
    [
        ("one image", {"contents": "read", "packages": "write", "id-token": "write"}),
        ("key in an environment", {"contents": "read", "packages": "write"}),
        ("role in an environment", {"contents": "read", "packages": "write", "id-token": "write"}),
    ],
)
def test_what_signs_may_prove_who_it_is(shape: str, rights: dict[str, str]) -> None:
    files = rendered(SHAPES[shape])
    assert all(job["permissions"] == rights for job in build_and_scan_jobs(files))


def test_a_role_is_taken_after_the_build_and_the_scan() -> None:
    """Neither a Dockerfile nor a scanner runs with its credentials."""
    files = rendered(SHAPES["role in an environment"])
    for action, step in KEY_STEPS.items():
        steps = yaml_files.load(files[f".github/actions/{action}/action.yaml"].content)["runs"]["steps"]
        names = [item["name"] for item in steps]
        assert names.index("Take the AWS role") == names.index(step) - 1
        assert "github.ref == 'refs/heads/main'" in steps[names.index("Take the AWS role")]["if"]


def test_without_signing_a_scan_only_reads() -> None:
    files = rendered(SHAPES["unsigned"])
    scans = [job for job in build_and_scan_jobs(files) if "scan-image" in str(job["steps"])]
    assert [job["permissions"] for job in scans] == [{"contents": "read", "packages": "read"}]
    assert "attest" not in files[".github/actions/scan-image/action.yaml"].content.decode()


def build_and_scan_jobs(files: Mapping[str, File]) -> list[dict[str, Any]]:
    """Return the jobs whose steps are in an action, as they are written."""
    jobs = yaml_files.load(files[".github/workflows/images.yaml"].content)["jobs"]
    return [job for job in jobs.values() if "$/.github/actions/" in str(job["steps"])]


def test_secrets_that_can_write_are_those_of_an_environment() -> None:
    made = matrix({"base": {"from": "debian"}}, workflow={"environment": "images"})
    files = rendered(made)
    found = {
        name: job.get("environment")
        for file in ("images", "lock")
        for name, job in yaml_files.load(files[f".github/workflows/{file}.yaml"].content)["jobs"].items()
    }
    assert {name for name, environment in found.items() if environment == "images"} == {"release", "propose"}
    assert not any("environment" in job for job in jobs(SHAPES["one image"]).values())


@pytest.mark.parametrize(
    ("push", "token"),
    [
        ({}, "${{ github.token }}"),
        ({"verified": True}, "${{ github.token }}"),
        ({"token": "RELEASE_TOKEN"}, "${{ secrets.RELEASE_TOKEN }}"),
        ({"app": {"client_id": "Iv23li", "private_key": "KEY"}}, "${{ steps.app.outputs.token }}"),
        ({"deploy_key": "KEY"}, "${{ github.token }}"),
    ],
)
def test_who_writes_the_release_branch(push: dict[str, Any], token: str) -> None:
    release = {"push": push} if push else {}
    steps = {
        step["name"]: step
        for step in jobs(matrix({"base": {"from": "debian"}}, release=release))["release"]["steps"]
    }
    assert steps["Release"]["env"]["GITHUB_TOKEN"] == token
    assert steps["Log in to the registry"]["with"]["password"] == "${{ github.token }}"
    key = {"IMAGE_MATRIX_DEPLOY_KEY": "${{ secrets.KEY }}"} if "deploy_key" in push else {}
    assert key.items() <= steps["Release"]["env"].items()
    assert ("IMAGE_MATRIX_DEPLOY_KEY" in steps["Release"]["env"]) == bool(key)
    apps = [step["with"] for name, step in steps.items() if name == "Take the App's token"]
    expected = {"client-id": "Iv23li", "private-key": "${{ secrets.KEY }}", "permission-contents": "write"}
    assert apps == ([expected] if "app" in push else [])


@pytest.mark.parametrize("shape", ["scanner in a container", "layers with a scanner in a container"])
def test_secrets_of_a_scanner_reach_its_step_alone(shape: str) -> None:
    files = rendered(SHAPES[shape])
    action = yaml_files.load(files[".github/actions/scan-image/action.yaml"].content)
    with_secret = [step["name"] for step in action["runs"]["steps"] if "SCANNER_TOKEN" in str(step)]
    assert with_secret == ["Scan"]
    for name, job in jobs(SHAPES[shape]).items():
        given = "${{ secrets.SCANNER_TOKEN }}" in str(job)
        assert given == name.startswith("scan_"), name
