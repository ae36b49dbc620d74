"""The workflow as data: exact edges, what each job may do, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from generator.diagnostics import MatrixError
from generator.render.workflow import FILE_LIMIT
from generator.render.workflow_jobs import build_jobs
from tests.workflow.matrices import ODD, SHAPES, deep, loaded, matrix, reference, rendered, times, variants

SHARED = {"plan", "release", "gate", "fork", "render"}


def jobs(said: dict[str, Any]) -> dict[str, Any]:
    content = rendered(said)[".github/workflows/images.yaml"].content
    found: dict[str, Any] = yaml.safe_load(content)["jobs"]
    return found


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


def test_every_variant_can_get_a_leg() -> None:
    model = loaded(reference())
    legs = {
        (job.image, label, job.platform)
        for job in build_jobs(model.matrix, model.variants)
        for label in job.labels
    }
    assert legs == {(item.image, item.label, p) for item in model.variants.values() for p in item.platforms}


@pytest.mark.parametrize("shape", SHAPES)
def test_permissions_and_timeouts(shape: str) -> None:
    content = yaml.safe_load(rendered(SHAPES[shape])[".github/workflows/images.yaml"].content)
    assert content["permissions"] == {}
    for name, job in content["jobs"].items():
        assert job["timeout-minutes"] <= 360
        writes = {key for key, value in job["permissions"].items() if value == "write"}
        if name.startswith("scan_") or name in ("fork", "gate"):
            assert not writes
        if "matrix" in str(job.get("strategy")):
            assert job["strategy"]["fail-fast"] is False
        assert "!cancelled()" in job.get("if", "!cancelled()") or name in ("fork", "gate")


def test_a_fork_job_neither_logs_in_nor_pushes() -> None:
    steps = jobs(reference())["fork"]["steps"]
    assert not any("login-action" in step.get("uses", "") for step in steps)
    assert not any("--push" in step.get("run", "") for step in steps)


def test_nothing_of_an_event_reaches_a_shell_as_text() -> None:
    for shape in SHAPES.values():
        for file in rendered(shape).values():
            content = yaml.safe_load(file.content)
            for job in content.get("jobs", {}).values():
                assert not any("${{" in step.get("run", "") for step in job["steps"])


def test_odd_names_do_not_meet() -> None:
    found = jobs(matrix({name: {"from": "debian"} for name in ODD}))
    assert len(found) == len(ODD) * 3 + 4
    assert all(len(name) < 100 for name in found)


def test_an_image_that_is_emulated_says_so() -> None:
    found = jobs(SHAPES["emulated"])
    assert found["base-arm64"]["runs-on"] == "ubuntu-24.04"
    assert found["base-arm64"]["env"]["EMULATE"] == "true"
    assert any("setup-qemu" in step.get("uses", "") for step in found["base-arm64"]["steps"])
    native = jobs(SHAPES["one image"])["base-arm64"]
    assert native["runs-on"] == "ubuntu-24.04-arm"
    assert not any("setup-qemu" in step.get("uses", "") for step in native["steps"])


def test_own_labels_are_told_to_actionlint() -> None:
    said = yaml.safe_load(rendered(SHAPES["own runners"])[".github/actionlint.yaml"].content)
    assert said["self-hosted-runner"]["labels"] == ["big-disk", "graviton"]
    assert ".github/actionlint.yaml" not in rendered(SHAPES["one image"])


def test_longest_chains_come_first() -> None:
    model = loaded(matrix({"base": {"from": "debian"}, "leaf": {"parent": "base"}, "mid": {"parent": "base"},
                           "end": {"parent": "mid"}}, platforms=["linux/amd64"]))  # fmt: skip
    names = [job.image for job in build_jobs(model.matrix, model.variants)]
    assert names == ["base", "mid", "leaf", "end"]


def test_the_reference_ten_times_fits() -> None:
    assert len(rendered(times(10))[".github/workflows/images.yaml"].content) < FILE_LIMIT


def test_what_github_would_not_start_is_refused() -> None:
    with pytest.raises(MatrixError) as caught:
        rendered(times(16))
    assert caught.value.diagnostics[0].code == "IM801"
    with pytest.raises(MatrixError) as caught:
        loaded(variants(129))
    assert caught.value.diagnostics[0].code == "IM801"
    assert "258 variants" in caught.value.diagnostics[0].message


def test_a_value_that_github_would_evaluate_is_refused() -> None:
    said = deep(1)
    said["build"] = {"release_branch": "${{ github.token }}"}
    with pytest.raises(MatrixError) as caught:
        loaded(said)
    assert caught.value.diagnostics[0].code == "IM105"
