"""The workflow as data: exact edges, what each job may do, and what is refused."""

from __future__ import annotations

import json
import subprocess
from typing import Any

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
    deep,
    jobs,
    loaded,
    matrix,
    reference,
    rendered,
    times,
    variants,
)

SHARED = {"plan", "lock", "release", "gate", "fork", "render", "outcome"}


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


def test_every_variant_can_get_a_leg() -> None:
    model = loaded(reference())
    legs = {
        (job.image, label, job.platform)
        for job in build_jobs(model.matrix, model.variants)
        for label in job.legs
    }
    assert legs == {(item.image, item.label, p) for item in model.variants.values() for p in item.platforms}


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


def test_a_run_on_a_branch_is_compared_with_what_it_left() -> None:
    steps = jobs(SHAPES["one image"])["plan"]["steps"]
    (step,) = (step for step in steps if step["name"].startswith("Check that generated files"))
    assert step["run"] == "image-matrix check"
    assert step["env"]["IMAGE_MATRIX_LOCKED"] == "${{ hashFiles('matrix.lock.yaml') != '' }}"
    assert step["env"]["IMAGE_MATRIX_AGAINST"] == (
        "${{ github.ref != 'refs/heads/main' && steps.plan.outputs.base || '' }}"
    )


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


def test_a_fork_has_a_leg_for_each_chain() -> None:
    job = jobs(SHAPES["one image"])["fork"]
    assert job["strategy"]["matrix"] == {"include": "${{ fromJSON(needs.plan.outputs.fork || '[]') }}"}
    assert job["if"] == "${{ needs.plan.outputs.fork != '[]' && needs.plan.result == 'success' }}"
    assert job["env"] == {"VARIANTS": "${{ matrix.variants }}"}
    assert job["permissions"] == {"contents": "read"}


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
