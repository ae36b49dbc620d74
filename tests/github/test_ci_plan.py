from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.workflow import JobOverride, Workflow
from image_matrix.errors import CallError
from image_matrix.github.run_plan import FORK_MINUTES, RunPlan, fork_chains, on_platforms, outputs, restricted
from image_matrix.planning.plan import Plan, PlanEntry
from tests.workflow.matrices import loaded, matrix

if TYPE_CHECKING:
    from collections.abc import Iterable

WORKFLOW = Workflow(generator=".")
VARIANTS = loaded(
    matrix(
        {
            "base": {"from": "debian"},
            "mid": {"from": "base"},
            "leaf": {"from": "mid"},
            "other": {"from": "base"},
        }
    )
).variants


def plan(built: Iterable[str]) -> Plan:
    wanted = set(built)
    entries = (
        PlanEntry(item.id, platform, 0, "k" * 64, "tag", item.image in wanted, None, (), None, (), ())
        for item in VARIANTS.values()
        for platform in item.platforms
    )
    return Plan(tuple(entries))


def images(found: Plan) -> set[str]:
    return {entry.variant.partition(":")[0] for entry in found.build}


def label(image: str) -> str:
    return next(item.label for item in VARIANTS.values() if item.image == image)


def test_named_images_come_with_what_is_missing_below_them() -> None:
    leaf = [name for name in VARIANTS if name.startswith("leaf:")]
    assert images(restricted(plan(["base", "mid", "leaf", "other"]), VARIANTS, leaf, force=False)) == {
        "base",
        "mid",
        "leaf",
    }
    assert images(restricted(plan(["leaf", "other"]), VARIANTS, leaf, force=False)) == {"leaf"}
    assert images(restricted(plan([]), VARIANTS, leaf, force=False)) == set()
    assert images(restricted(plan([]), VARIANTS, leaf, force=True)) == {"leaf"}
    assert images(restricted(plan([]), VARIANTS, (), force=True)) == {"base", "mid", "leaf", "other"}
    assert images(restricted(plan(["mid"]), VARIANTS, (), force=False)) == {"mid"}


def test_a_forced_image_carries_along_what_stands_on_it() -> None:
    base = [name for name in VARIANTS if name.startswith("base:")]
    mid = [name for name in VARIANTS if name.startswith("mid:")]
    found = restricted(plan([]), VARIANTS, base, force=True)
    assert images(found) == {"base", "mid", "leaf", "other"}
    assert {entry.variant.partition(":")[0]: entry.why for entry in found.build} == {
        "base": "forced",
        "mid": f"parent {base[0]}",
        "leaf": f"parent {base[0]}",
        "other": f"parent {base[0]}",
    }
    assert [entry.children for entry in found.build if entry.variant in mid] == 2 * [
        (f"leaf:{label('leaf')}",)
    ]
    assert images(restricted(plan([]), VARIANTS, mid, force=True)) == {"mid", "leaf"}
    assert images(restricted(plan(["base"]), VARIANTS, mid, force=True)) == {"base", "mid", "leaf"}
    assert images(restricted(plan(["other"]), VARIANTS, mid, force=True)) == {"mid", "leaf"}


def test_outputs_of_a_run() -> None:
    made = plan(["leaf"])
    found = outputs(RunPlan(made, unscanned=made.build))
    assert json.loads(found["legs"]) == {"leaf-amd64": [label("leaf")], "leaf-arm64": [label("leaf")]}
    assert [leg["arch"] for leg in json.loads(found["scans"])["leaf"]] == ["amd64", "arm64"]
    assert (found["fork"], found["force"]) == ("[]", "false")
    assert not any("\n" in value for value in found.values())


def test_a_fork_has_a_job_for_each_chain_and_no_other() -> None:
    made = plan(["mid", "leaf", "other"])
    chains = fork_chains(made, VARIANTS, "linux/amd64", WORKFLOW)
    found = outputs(RunPlan(made, read_only=True, fork=chains, unscanned=made.build))
    assert (found["legs"], found["scans"]) == ("{}", "{}")
    leaf, other = f"leaf:{label('leaf')}", f"other:{label('other')}"
    assert json.loads(found["fork"]) == [
        {
            "name": leaf,
            "variants": f"mid:{label('mid')} {leaf}",
            "report": f"leaf-{label('leaf')}",
            "timeout": 120,
            "free_disk": False,
        },
        {
            "name": other,
            "variants": other,
            "report": f"other-{label('other')}",
            "timeout": 60,
            "free_disk": False,
        },
    ]


def test_a_job_of_a_fork_has_the_time_and_the_disk_of_all_its_images() -> None:
    overrides = (
        JobOverride(images=("mid",), timeout_minutes=200, free_disk=True),
        JobOverride(images=("leaf",), timeout_minutes=200),
    )
    workflow = Workflow(generator=".", overrides=overrides)
    first, second = fork_chains(plan(["mid", "leaf", "other"]), VARIANTS, "linux/amd64", workflow)
    assert (first.minutes, first.free_disk) == (FORK_MINUTES, True)
    assert (second.minutes, second.free_disk) == (60, False)


def test_a_fork_builds_the_longest_chains_and_no_more_than_it_has_jobs() -> None:
    made = plan(["base", "mid", "leaf", "other"])
    assert [
        chain.variants[-1].partition(":")[0] for chain in fork_chains(made, VARIANTS, "linux/amd64", WORKFLOW)
    ] == [
        "leaf",
        "other",
    ]
    run = RunPlan(
        made, read_only=True, fork=fork_chains(made, VARIANTS, "linux/amd64", WORKFLOW), fork_jobs=1
    )
    (entry,) = json.loads(outputs(run)["fork"])
    assert entry["variants"].split()[-1].startswith("leaf:")
    assert len(entry["variants"].split()) == 3


def test_a_fork_with_nothing_for_its_one_platform_has_no_job() -> None:
    found = outputs(RunPlan(plan(["leaf"]), read_only=True, fork=()))
    assert (found["legs"], found["scans"], found["fork"]) == ("{}", "{}", "[]")


def test_what_is_only_tested_has_legs_and_is_left_out_where_others_are_named() -> None:
    promised = Plan(tuple(replace(entry, promises=("tests",)) for entry in plan([]).entries))
    assert json.loads(outputs(RunPlan(promised))["legs"]).keys() >= {"leaf-amd64", "other-arm64"}
    leaf = [name for name in VARIANTS if name.startswith("leaf:")]
    named = restricted(promised, VARIANTS, leaf, force=True)
    assert {entry.variant for entry in named.test_only} == {f"base:{label('base')}", f"mid:{label('mid')}"}
    chains = fork_chains(promised, VARIANTS, "linux/amd64", WORKFLOW)
    assert {name for chain in chains for name in chain.variants} == set(VARIANTS)


def test_platforms_that_were_not_asked_for_are_left_alone() -> None:
    planned = on_platforms(plan(["base", "leaf"]), ["linux/arm64"])
    assert {entry.platform for entry in planned.build} == {"linux/arm64"}
    assert images(planned) == {"base", "leaf"}
    assert on_platforms(plan(["base"]), ()) == plan(["base"])
    with pytest.raises(CallError, match="no image has the platform linux/s390x"):
        on_platforms(plan(["base"]), ["linux/arm64", "linux/s390x"])
