"""Jobs for layers: edges, the entries of their matrices, and what makes them stay the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from image_matrix.config.workflow import LEGS
from image_matrix.diagnostics import MatrixError
from image_matrix.render.workflow_layers import layer_outputs, layers, legs_of, names_of
from image_matrix.render.workflow_limits import (
    FILE_LIMIT,
    NODE_LIMIT,
    OUTPUT_LIMIT,
    VARIABLE_LIMIT,
    check_layer_outputs,
    nodes,
)
from tests.workflow.matrices import (
    SHAPES,
    by_layer,
    jobs_of,
    loaded,
    matrix,
    reference,
    rendered,
    variants,
    wide,
)

FILE = ".github/workflows/images.yaml"
SMALL = by_layer(
    matrix(
        {"base": {"from": "debian"}, "lab": {"from": "base"}, "hidden": {"from": "base", "publish": False}},
        workflow={"overrides": [{"match": {"image": "lab"}, "timeout_minutes": 90, "free_disk": True}]},
    )
)


def outputs(said: dict[str, Any]) -> dict[str, str]:
    """The plan's outputs if everything is built and scanned."""
    model = loaded(said)
    legs = [(item.id, platform) for item in model.variants.values() for platform in item.platforms]
    scans = [leg for leg in legs if model.variants[leg[0]].publish]
    return layer_outputs(model.matrix, model.variants, legs, scans)


def test_a_layer_waits_for_the_check_before_it() -> None:
    jobs = jobs_of(rendered(SMALL))
    needs = {name: job["needs"] for name, job in jobs.items() if "_" in name}
    assert needs == {
        "build_0_0": ["plan"],
        "layer_1": ["plan", "build_0_0"],
        "build_1_0": ["plan", "layer_1"],
        "layer_2": ["plan", "build_1_0"],
        "scan_0_0": ["plan", "layer_1"],
        "scan_1_0": ["plan", "layer_2"],
    }
    assert set(needs) < set(jobs["release"]["needs"])
    assert set(needs) < set(jobs["gate"]["needs"])


def test_entries_of_the_first_layer_and_names_of_the_others() -> None:
    made = outputs(SMALL)
    (entries,) = json.loads(made["entries"])
    assert entries[0] == {
        "variant": "base:default",
        "platform": "linux/amd64",
        "arch": "amd64",
        "report": "base-amd64-default",
        "runner": ["ubuntu-24.04"],
        "timeout": 60,
        "free_disk": False,
        "emulate": False,
    }
    assert [entry["arch"] for entry in entries] == ["amd64", "arm64"]
    legs = legs_of(made["layer_1"])
    assert {name for name, _ in legs} == {"lab:default", "hidden:default"}
    assert names_of(legs) == made["layer_1"]
    assert {name for name, _ in legs_of(made["scan_1"])} == {"lab:default"}
    assert made["layer_0"] == ""


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape.startswith("layers")])
def test_jobs_read_what_the_plan_and_the_checks_write(shape: str) -> None:
    files = rendered(SHAPES[shape])
    jobs = jobs_of(files)
    declared = set(jobs["plan"]["outputs"]) - {"fork", "force", "allow_older", "lock", "render", "work"}
    written = outputs(SHAPES[shape])
    assert {name for name, value in written.items() if value} <= declared <= set(written)


def test_the_workflow_stays_when_images_come() -> None:
    """A bot with GitHub's own token can then render them."""
    images = {f"leaf-{number}": {"from": "base"} for number in range(40)}
    few = by_layer(matrix({"base": {"from": "debian"}, **dict(list(images.items())[:9])}))
    many = by_layer(matrix({"base": {"from": "debian"}, **images}))
    assert rendered(few)[FILE].content == rendered(many)[FILE].content


def test_a_layer_is_as_many_jobs_as_it_needs() -> None:
    model = loaded(by_layer(wide(300)))
    assert [layer.jobs for layer in layers(model.matrix, model.variants)] == [1, 3]
    made = [(f"leaf-{number}:default", "linux/amd64") for number in range(300)]
    written = layer_outputs(model.matrix, model.variants, [("base:default", "linux/amd64"), *made], [])
    assert len(legs_of(written["layer_1"])) == 300
    assert LEGS * 3 > 600


@pytest.mark.slow
def test_600_images_on_two_platforms_fit() -> None:
    said = by_layer(wide(599))
    content = rendered(said)[FILE].content
    assert (len(content) < FILE_LIMIT / 10, nodes(content) < NODE_LIMIT / 10) == (True, True)
    written = outputs(said)
    assert sum(map(len, written.values())) < OUTPUT_LIMIT
    assert all(len(value) < 128 * 1024 for value in written.values()), "what Linux takes as a variable"


def test_names_that_fit_into_no_variable_are_refused() -> None:
    """In the first layer there are whole entries; a later one has its names in a variable of the check."""
    check_layer_outputs({"entries": "x" * 1000, "layer_1": "x" * (VARIABLE_LIMIT - 1)})
    with pytest.raises(MatrixError, match="a layer has 128 KB of names"):
        check_layer_outputs({"layer_1": "x" * VARIABLE_LIMIT})
    with pytest.raises(MatrixError, match="a job's outputs hold 400"):
        check_layer_outputs({f"layer_{number}": "x" * 100_000 for number in range(5)})


def test_each_entry_has_the_secrets_of_its_image() -> None:
    jobs = jobs_of(rendered(SHAPES["layers with secrets"]))
    assert jobs["build_0_0"]["env"]["BUILD_SECRETS"] == "${{ matrix.secrets }}"
    (entries,) = json.loads(outputs(SHAPES["layers with secrets"])["entries"])
    assert entries[0]["secrets"] == ",R_TOKEN,"
    names = [step["name"] for step in jobs["build_0_0"]["steps"] if "R_TOKEN" in str(step)]
    assert names == ["Build"]


def test_the_reference_has_a_layer_for_each_step_of_its_chain() -> None:
    model = loaded(reference())
    depth = max(model.matrix.order.layers.values()) + 1
    assert [layer.index for layer in layers(model.matrix, model.variants)] == list(range(depth))


def test_layers_are_what_a_matrix_gets_that_says_nothing() -> None:
    said = matrix({"base": {"from": "debian"}})
    said["workflow"].pop("jobs")
    assert "build_0_0" in jobs_of(rendered(said))


def test_an_image_may_have_more_legs_than_a_job() -> None:
    """Its layer has another job for them."""
    many = variants(129)
    assert "build_0_1" in jobs_of(rendered(by_layer(many)))
    with pytest.raises(MatrixError) as caught:
        loaded(many)
    assert "write `workflow: {jobs: layer}`" in str(caught.value.diagnostics[0].help)
