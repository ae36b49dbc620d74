"""The workflow as data: exact edges, what each job may do, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.github.event import DEPENDABOT
from image_matrix.github.run_plan import RunPlan, outputs
from image_matrix.planning.plan import make_plan
from image_matrix.render.workflow_jobs import build_jobs
from image_matrix.render.workflow_limits import FILE_LIMIT
from tests import yaml_files
from tests.publish.states import state
from tests.workflow.matrices import (
    FROM_GIT,
    ODD,
    ONE_PLATFORM,
    SHAPES,
    by_layer,
    deep,
    jobs_of,
    loaded,
    matrix,
    reference,
    rendered,
    times,
    variants,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.output_tree.files import File

SHARED = {"plan", "lock", "release", "gate", "fork", "render", "outcome"}


def jobs(said: dict[str, Any]) -> dict[str, Any]:
    return jobs_of(rendered(said))


def test_a_job_needs_the_plan_and_its_parent_only() -> None:
    found = jobs(reference())
    model = loaded(reference())
    for job in build_jobs(model.matrix, model.variants):
        parent = model.matrix.images[job.image].parent
        assert found[job.id]["needs"] == ["plan", *([f"{parent}-{job.arch}"] if parent else [])]


def test_release_and_gate_need_every_job() -> None:
    found = jobs(reference())
    others = set(found) - SHARED
    assert others < set(found["release"]["needs"])
    assert others | {"release", "fork", "plan"} == set(found["gate"]["needs"])


def test_what_is_not_published_is_built_and_not_scanned() -> None:
    images = {"base": {"from": "debian", "publish": False}, "leaf": {"from": "base"}}
    found = set(jobs(matrix(images)))
    assert {"base-amd64", "base-arm64", "scan_leaf"} <= found
    assert "scan_base" not in found


def test_jobs_of_images_whose_names_are_paths() -> None:
    found = jobs(SHAPES["names of repositories"])
    job = found["team-lab-x-amd64"]
    assert job["needs"] == ["plan", "team-base-4-6-amd64"]
    assert job["env"]["VARIANT"] == "team/lab.x:${{ matrix.label }}"
    assert found["scan_team-base-4-6"]["env"]["VARIANT"] == "team/base_4.6:${{ matrix.label }}"
    planned = outputs(run_of(SHAPES["names of repositories"]))
    legs, scans = json.loads(planned["legs"]), json.loads(planned["scans"])
    assert all(f"['{name}']" in str(found) for name in (*legs, *scans))
    assert set(legs) <= set(found)


def test_jobs_for_platforms_that_github_has_no_runners_for() -> None:
    found = jobs(SHAPES["other platforms"])
    assert {"base-arm", "base-riscv64"} <= set(found)
    assert found["base-riscv64"]["runs-on"] == ["self-hosted", "riscv"]
    assert "EMULATE" not in found["base-riscv64"]["env"]
    assert found["base-arm"]["env"]["PLATFORM"] == "linux/arm/v7"
    assert found["base-arm"]["env"]["EMULATE"] == "true"
    assert found["base-arm"]["runs-on"] == "ubuntu-24.04"
    assert found["scan_base"]["env"]["PLATFORM"] == "${{ matrix.platform }}"
    scans = json.loads(outputs(run_of(SHAPES["other platforms"]))["scans"])["base"]
    assert [leg["platform"] for leg in scans] == ["linux/arm/v7", "linux/riscv64"]


def run_of(value: dict[str, Any]) -> RunPlan:
    """A run that builds and scans everything."""
    plan = make_plan(state(value), None, None)
    return RunPlan(plan, unscanned=plan.entries)


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


def test_every_variant_can_get_a_leg() -> None:
    model = loaded(reference())
    legs = {
        (job.image, label, job.platform)
        for job in build_jobs(model.matrix, model.variants)
        for label in job.legs
    }
    assert legs == {(item.image, item.label, p) for item in model.variants.values() for p in item.platforms}


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


def test_jobs_install_the_generator_that_the_matrix_names() -> None:
    for workflow in ("images", "lock"):
        content = rendered(SHAPES["generator from git"])[f".github/workflows/{workflow}.yaml"].content
        assert yaml_files.load(content)["env"]["GENERATOR"] == FROM_GIT
        assert b'uv tool install --quiet "$GENERATOR"\n' in content


@pytest.mark.parametrize(
    "written",
    [
        FROM_GIT[:-1],
        FROM_GIT.replace("https", "http"),
        FROM_GIT.replace("@ git+", "@git+"),
        FROM_GIT.replace("image-matrix @", "image-matrics @"),
        f"{FROM_GIT}#subdirectory=x",
        f"{FROM_GIT} --index=x",
        FROM_GIT.replace("Team", "${{ github.token }}"),
        FROM_GIT.replace("git.example.org", "user:word@git.example.org"),
    ],
)
def test_a_generator_that_could_be_another_one(written: str) -> None:
    with pytest.raises(MatrixError, match="is not image-matrix at a commit or in a version"):
        loaded(matrix({"base": {"from": "debian"}}, workflow={"generator": written}))


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


def gate(*results: str) -> subprocess.CompletedProcess[str]:
    (step,) = jobs(SHAPES["one image"])["gate"]["steps"]
    assert step["env"] == {"RESULTS": "${{ join(needs.*.result, ' ') }}"}
    command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
    environment = {"RESULTS": " ".join(results), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_the_gate_is_red_when_anything_is() -> None:
    assert gate("success", "skipped", "success").returncode == 0
    assert gate("success").returncode == 0
    for bad in ("failure", "cancelled"):
        for results in ((bad,), ("success", bad), (bad, "success"), ("skipped", bad, "skipped")):
            done = gate(*results)
            assert (done.returncode, done.stdout[:8]) == (1, "::error "), results


@pytest.mark.slow
def test_the_gate_of_a_large_run_fits_into_a_variable() -> None:
    """Linux takes 128 KB; a run with all jobs that a file of 500 KB has stays far below."""
    assert len(" ".join(["cancelled"] * len(jobs(times(10))))) * 2 < 128 * 1024


def test_helper_images_come_from_the_mirror() -> None:
    text = rendered(SHAPES["key and grype"])[".github/workflows/images.yaml"].content.decode()
    assert "image=mirror.example.org/hub/moby/buildkit:v" in text
    assert "docker.io" not in text


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


def test_a_run_on_a_branch_is_compared_with_what_it_left() -> None:
    steps = jobs(SHAPES["one image"])["plan"]["steps"]
    (step,) = (step for step in steps if step["name"].startswith("Check that generated files"))
    assert step["run"] == "image-matrix check"
    assert step["env"]["IMAGE_MATRIX_LOCKED"] == "${{ hashFiles('matrix.lock.yaml') != '' }}"
    assert step["env"]["IMAGE_MATRIX_AGAINST"] == (
        "${{ github.ref != 'refs/heads/main' && steps.plan.outputs.base || '' }}"
    )


def test_dependabot_does_not_log_in_with_secrets_that_it_does_not_have() -> None:
    login = next(
        step for step in jobs(reference())["plan"]["steps"] if "login-action" in step.get("uses", "")
    )
    assert f"user.login != '{DEPENDABOT}'" in login["if"]


def test_only_who_can_push_gets_a_commit() -> None:
    condition = jobs(SHAPES["one image"])["render"]["if"]
    assert "head.repo.full_name == github.repository" in condition
    assert f"user.login != '{DEPENDABOT}'" in condition
    assert "needs.plan.outputs.render == 'true'" in condition


def test_a_comment_that_cannot_be_written_stops_nothing() -> None:
    steps = {step["name"]: step for step in jobs(reference())["plan"]["steps"]}
    assert steps["Comment on the pull request"]["continue-on-error"] is True
    assert not any("continue-on-error" in step for name, step in steps.items() if "omment" not in name)


def test_a_fork_has_the_disk_that_its_images_need() -> None:
    assert any(step["name"] == "Free disk space" for step in jobs(reference())["fork"]["steps"])
    assert not any(step["name"] == "Free disk space" for step in jobs(SHAPES["one image"])["fork"]["steps"])


def test_a_fork_job_neither_logs_in_nor_pushes() -> None:
    steps = jobs(reference())["fork"]["steps"]
    assert not any("login-action" in step.get("uses", "") for step in steps)
    assert not any("--push" in step.get("run", "") for step in steps)


@pytest.mark.slow
def test_nothing_of_an_event_reaches_a_shell_as_text() -> None:
    for shape in SHAPES.values():
        for file in rendered(shape).values():
            content = yaml_files.load(file.content)
            for job in content.get("jobs", {}).values():
                assert not any("${{" in step.get("run", "") for step in job["steps"])


def test_odd_names_do_not_meet() -> None:
    found = jobs(matrix({name: {"from": "debian"} for name in ODD}))
    assert len(found) == len(ODD) * 3 + len(SHARED)
    assert all(len(name) < 100 for name in found)


def test_an_image_that_is_emulated_says_so() -> None:
    found = jobs(SHAPES["emulated"])
    assert found["base-arm64"]["runs-on"] == "ubuntu-24.04"
    assert found["base-arm64"]["env"]["EMULATE"] == "true"
    (emulator,) = [step for step in found["base-arm64"]["steps"] if "setup-qemu" in step.get("uses", "")]
    assert "@sha256:" in emulator["with"]["image"]
    native = jobs(SHAPES["one image"])["base-arm64"]
    assert native["runs-on"] == "ubuntu-24.04-arm"
    assert not any("setup-qemu" in step.get("uses", "") for step in native["steps"])


def one_of(label: str) -> str:
    return f"contains(fromJSON('[\"{label}\"]'), matrix.label)"


def test_an_override_of_an_axis_is_for_the_variants_that_match() -> None:
    found = jobs(SHAPES["runners of axis values"])
    lab, base = found["lab-arm64"], found["base-arm64"]
    assert lab["timeout-minutes"] == f"${{{{ {one_of('python3.13')} && 60 || 90 }}}}"
    assert lab["env"]["FREE_DISK"] == f"${{{{ {one_of('python3.11')} }}}}"
    arm, own = '["ubuntu-24.04-arm"]', '["self-hosted","graviton"]'
    assert lab["runs-on"] == f"${{{{ fromJSON({one_of('python3.13')} && '{arm}' || '{own}') }}}}"
    assert "EMULATE" not in lab["env"]
    assert base["env"]["EMULATE"] == f"${{{{ {one_of('python3.13')} }}}}"
    intel = '["ubuntu-24.04"]'
    assert base["runs-on"] == f"${{{{ fromJSON({one_of('python3.13')} && '{intel}' || '{arm}') }}}}"
    assert found["lab-amd64"]["runs-on"] == "ubuntu-24.04"


def test_own_labels_are_told_to_actionlint() -> None:
    said = yaml_files.load(rendered(SHAPES["own runners"])[".github/actionlint.yaml"].content)
    assert said["self-hosted-runner"]["labels"] == ["big-disk", "graviton"]
    assert ".github/actionlint.yaml" not in rendered(SHAPES["one image"])


def test_longest_chains_come_first() -> None:
    model = loaded(matrix({"base": {"from": "debian"}, "leaf": {"from": "base"}, "mid": {"from": "base"},
                           "end": {"from": "mid"}}, defaults=ONE_PLATFORM))  # fmt: skip
    names = [job.image for job in build_jobs(model.matrix, model.variants)]
    assert names == ["base", "mid", "leaf", "end"]


@pytest.mark.slow
def test_the_reference_ten_times_fits() -> None:
    assert len(rendered(times(10))[".github/workflows/images.yaml"].content) < FILE_LIMIT


@pytest.mark.slow
def test_what_github_would_not_start_is_refused() -> None:
    with pytest.raises(MatrixError) as caught:
        rendered(times(16))
    assert caught.value.diagnostics[0].code == "IM801"
    with pytest.raises(MatrixError) as caught:
        loaded(variants(129))
    assert caught.value.diagnostics[0].code == "IM801"
    assert "258 variants" in caught.value.diagnostics[0].message


@pytest.mark.parametrize("name", ["null", "on", "1.10", "release/2026"])
def test_a_branch_is_a_text(name: str) -> None:
    said = {
        **SHAPES["one image"],
        "workflow": {"generator": ".", "default_branch": name},
        "release": {"branch": "live"},
    }
    content = yaml_files.load(rendered(said)[".github/workflows/images.yaml"].content)
    assert content[True]["push"]["branches"] == [name]  # YAML 1.1 reads `on` so


@pytest.mark.parametrize(
    "schedule", ["* * * * *", "0,30 */6 1-7 1,6,12 0", "23 3 * * 1-5", "5-59/10 0-23/2 31 * 6"]
)
def test_schedules_that_github_takes(schedule: str) -> None:
    said = {**SHAPES["one image"], "workflow": {"generator": ".", "lock_schedule": schedule}}
    content = yaml_files.load(rendered(said)[".github/workflows/lock.yaml"].content)
    assert content[True]["schedule"] == [{"cron": schedule}]


def test_a_value_that_github_would_evaluate_is_refused() -> None:
    said = deep(1)
    said["release"] = {"branch": "${{ github.token }}"}
    with pytest.raises(MatrixError) as caught:
        loaded(said)
    assert caught.value.diagnostics[0].code == "IM105"


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


def reports(of: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps that keep a report."""
    return [step for job in jobs(of).values() for step in job["steps"] if step["name"] == "Keep the report"]


def test_a_report_that_cannot_be_stored_stops_nothing() -> None:
    kept = reports(SHAPES["one image"])
    assert len(kept) == 4  # two builds, a scan, a fork
    assert all(step["continue-on-error"] is True for step in kept)
    assert {step["with"]["retention-days"] for step in kept} == {7}


def test_reports_are_kept_as_long_as_the_matrix_says() -> None:
    kept = reports(matrix({"base": {"from": "debian"}}, workflow={"retention_days": 2}))
    assert {step["with"]["retention-days"] for step in kept} == {2}


def test_a_release_of_an_older_commit_and_single_platforms_can_be_started_by_hand() -> None:
    content = yaml_files.load(rendered(SHAPES["one image"])[".github/workflows/images.yaml"].content)
    inputs = content[True]["workflow_dispatch"]["inputs"]
    assert inputs["allow_older"]["type"] == "boolean"
    assert inputs["platforms"]["type"] == "string"
    assert content["jobs"]["plan"]["outputs"]["allow_older"] == "${{ steps.plan.outputs.allow_older }}"
    (step,) = (one for one in content["jobs"]["release"]["steps"] if one["name"] == "Release")
    assert step["env"]["IMAGE_MATRIX_ALLOW_OLDER"] == "${{ needs.plan.outputs.allow_older }}"
    assert outputs(run_of(SHAPES["one image"]))["allow_older"] == "false"


def test_runs_do_not_wait_for_workflows_of_others() -> None:
    files = rendered(SHAPES["one image"])
    for name in ("images", "lock"):
        group = yaml_files.load(files[f".github/workflows/{name}.yaml"].content)["concurrency"]["group"]
        assert group.startswith(f"image-matrix-{name}")


def logins_of(found: dict[str, Any]) -> dict[str, list[str]]:
    """The hosts that each job logs in to."""
    return {
        name: [
            step["with"]["registry"] for step in job["steps"] if "docker/login-action" in step.get("uses", "")
        ]
        for name, job in found.items()
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
    assert (resolve["needs"], resolve["if"]) == (["ask"], "${{ !cancelled() }}")
    # a job without a condition is skipped if anything before it has failed, also what it does not need itself
    assert refresh["propose"]["if"] == "${{ !cancelled() && needs.resolve.result == 'success' }}"


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


def test_a_fork_has_a_leg_for_each_chain() -> None:
    job = jobs(SHAPES["one image"])["fork"]
    assert job["strategy"]["matrix"] == {"include": "${{ fromJSON(needs.plan.outputs.fork || '[]') }}"}
    assert job["if"] == "${{ needs.plan.outputs.fork != '[]' && needs.plan.result == 'success' }}"
    assert job["env"] == {"VARIANTS": "${{ matrix.variants }}"}
    assert job["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("shape", ["scanner in a container", "layers with a scanner in a container"])
def test_secrets_of_a_scanner_reach_its_step_alone(shape: str) -> None:
    files = rendered(SHAPES[shape])
    action = yaml_files.load(files[".github/actions/scan-image/action.yaml"].content)
    with_secret = [step["name"] for step in action["runs"]["steps"] if "SCANNER_TOKEN" in str(step)]
    assert with_secret == ["Scan"]
    for name, job in jobs(SHAPES[shape]).items():
        given = "${{ secrets.SCANNER_TOKEN }}" in str(job)
        assert given == name.startswith("scan_"), name


def test_findings_go_to_code_scanning_once_for_each_image() -> None:
    """GitHub replaces what an earlier upload of the same category has shown."""
    files = rendered(SHAPES["scanner in a container"])
    steps = yaml_files.load(files[".github/actions/scan-image/action.yaml"].content)["runs"]["steps"]
    (scan,) = (step for step in steps if step["name"] == "Scan")
    (upload,) = (step for step in steps if "upload-sarif" in step.get("uses", ""))
    assert ' --sarif "$RUNNER_TEMP/scan.sarif" --attach ' in scan["run"]
    assert upload["with"]["sarif_file"] == f"${{{{ steps.{scan['id']}.outputs.sarif }}}}"
    assert "env.VARIANT" in upload["with"]["category"]
    assert "env.ARCH" in upload["with"]["category"]
    assert upload["continue-on-error"] is True
    plain = rendered(SHAPES["one image"])[".github/actions/scan-image/action.yaml"].content
    assert b"sarif" not in plain
    assert b"--attach" not in plain


def test_what_a_release_creates_is_attested() -> None:
    release = jobs(SHAPES["attested"])["release"]
    assert {"attestations", "id-token"} < set(release["permissions"])
    *_, step, attest = release["steps"]
    assert step["run"] == 'image-matrix release --push --subjects "$RUNNER_TEMP/subjects"'
    assert attest["with"] == {"subject-checksums": f"${{{{ steps.{step['id']}.outputs.subjects_0 }}}}"}
    assert not {"attestations", "id-token"} & set(jobs(SHAPES["key and grype"])["release"]["permissions"])


def test_the_outcome_waits_for_everything_that_builds_and_scans() -> None:
    for shape in ("reference", "layers"):
        found = jobs(SHAPES[shape])
        assert {*found["outcome"]["needs"], "release"} == set(found["gate"]["needs"])
        assert found["outcome"]["permissions"] == {
            "contents": "read",
            "actions": "read",
            "pull-requests": "write",
        }
        assert found["outcome"]["steps"][-1]["continue-on-error"] is True
