from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.ancestors import to_build
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.errors import CallError
from image_matrix.planning import report as plan_report
from image_matrix.planning.key_inputs import differences
from image_matrix.planning.plan import empty, make_plan, reference, references

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.planning.plan import Plan, Presence, State
    from image_matrix.project.inputs import Inputs

Make = "Callable[..., State]"
BOTH = ("python3.13", "python3.11")


def built(plan: Plan) -> dict[str, str]:
    """Every variant that is built, with its reason on amd64."""
    return {entry.variant: entry.whole_why for entry in plan.build if entry.platform == "linux/amd64"}


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        pytest.param(("git]", "git] # edited"), {}, id="comment"),
        pytest.param(
            ("dill==0.4.1", "dill==0.4.0"),
            {"everything:python3.13": "pip packages (dill==0.4.1 → dill==0.4.0)"},
            id="bundle",
        ),
        pytest.param(
            ("scipy==1.17.1]", "scipy==1.17.1, six]"),
            {
                "science:python3.13": "pip packages (+six)",
                "science:python3.11": "pip packages (+six)",
                "everything:python3.13": "parent science:python3.13: pip packages (+six)",
            },
            id="package",
        ),
        pytest.param(
            ("debian:bookworm-slim", "debian:bookworm"),
            {
                "base:python3.11": "source bookworm",
                "lab:python3.11": "parent base:python3.11: source bookworm",
                "science:python3.11": "parent base:python3.11: source bookworm",
            },
            id="source",
        ),
        pytest.param(
            ("bundles: [full]}", "bundles: [full], env: {A: b}}"),
            {"everything:python3.13": "environment"},
            id="environment",
        ),
        pytest.param(
            ("  everything:", "  more: {from: lab, axes: {python: ['3.11']}}\n  everything:"),
            {"more:python3.11": "new"},
            id="new image",
        ),
        pytest.param(
            ("everything: {from: science,", "everything: {from: lab,"),
            {"everything:python3.13": "parent science:python3.13 → lab:python3.13"},
            id="other parent",
        ),
    ],
)
def test_reasons(state: Callable[..., State], edit: tuple[str, str], expected: dict[str, str]) -> None:
    assert built(make_plan(state(edit), state(), None)) == expected


def test_without_anything_to_compare_with_everything_is_built(state: Callable[..., State]) -> None:
    plan = make_plan(state(), None, None)
    assert len(plan.build) == len(plan.entries) == 14


def test_the_registry_decides_and_the_revision_explains(state: Callable[..., State]) -> None:
    new = state(("scipy==1.17.1", "scipy==1.17.0"))
    tags = references(new)
    presence = dict.fromkeys(tags.values(), "present")
    presence[tags["everything:python3.13", "linux/arm64"]] = "absent"
    presence[tags["lab:python3.11", "linux/amd64"]] = "unknown"
    plan = make_plan(new, state(), presence)  # type: ignore[arg-type]
    assert {(entry.variant, entry.platform): entry.why for entry in plan.build} == {
        ("everything:python3.13", "linux/arm64"): "parent science:python3.13",
        ("lab:python3.11", "linux/amd64"): "the registry denies access",
    }


def test_layers_children_and_removed(state: Callable[..., State]) -> None:
    gone = ('  everything: {from: science, axes: {python: ["3.13"]}, bundles: [full]}\n', "")
    plan = make_plan(
        state(gone, ("bundles:\n  full: {pip: [dill==0.4.1]}\n", ""), ("[git]", "[git, vim]")), state(), None
    )
    assert plan.removed == ("everything:python3.13",)
    entry = next(entry for entry in plan.entries if entry.variant == "base:python3.11")
    assert (entry.layer, entry.children) == (0, ("lab:python3.11",))


def test_what_is_new_has_no_other_reason(state: Callable[..., State]) -> None:
    platforms = ("platforms: [linux/amd64, linux/arm64]", "platforms: [linux/amd64]")
    assert set(built(make_plan(state(), empty(state()), None)).values()) == {"new"}
    plan = make_plan(state(), state(platforms), None)
    assert {(entry.platform, entry.whole_why) for entry in plan.build} == {("linux/arm64", "new platform")}


def test_nothing_follows_from_what_is_kept(state: Callable[..., State]) -> None:
    plan = make_plan(state(("scipy==1.17.1", "scipy==1.17.0")), state(), None)
    children = {entry.variant: entry.children for entry in plan.entries}
    assert children["lab:python3.13"] == ()
    assert children["science:python3.13"] == ("everything:python3.13",)


def test_chains_end_at_what_is_there(state: Callable[..., State]) -> None:
    now, amd64 = state(), "linux/amd64"
    wanted = [("everything:python3.13", amd64)]
    assert to_build(now, wanted, (), rebuild=False) == [
        (f"{image}:python3.13", amd64) for image in ("base", "lab", "science", "everything")
    ]
    assert to_build(now, wanted, {("lab:python3.13", amd64)}, rebuild=False) == [
        ("science:python3.13", amd64),
        ("everything:python3.13", amd64),
    ]
    everything_there = {(name, amd64) for name in now.loaded.variants}
    assert to_build(now, wanted, everything_there, rebuild=False) == []
    assert to_build(now, wanted, everything_there, rebuild=True) == wanted


def test_reference_is_the_immutable_tag(state: Callable[..., State]) -> None:
    now = state()
    item = now.loaded.variants["lab:python3.13"]
    key = now.keys[item.id].platforms["linux/arm64"]
    assert reference(now, item, "linux/arm64") == f"registry.example.org/team/lab:python3.13-{key[:12]}-arm64"


def test_reports(state: Callable[..., State]) -> None:
    new = state(("scipy==1.17.1", "scipy==1.17.0"))
    plan = make_plan(new, state(), None)
    assert plan_report.summary(plan) == "3 of 7 variants to build, 2 images, 6 builds over all platforms"
    assert plan_report.rows(plan)[0] == (
        "2", "science:python3.13", "amd64,arm64", "pip packages (scipy==1.17.1 → scipy==1.17.0)",
    )  # fmt: skip
    assert json.loads(plan_report.outputs(plan)["legs"]) == {
        "science-amd64": list(BOTH),
        "science-arm64": list(BOTH),
        "everything-amd64": ["python3.13"],
        "everything-arm64": ["python3.13"],
    }
    nothing = make_plan(new, new, None)
    assert plan_report.summary(nothing) == "nothing to build: none of 7 variants has changed"
    assert plan_report.outputs(nothing)["legs"] == "{}"
    present: dict[str, Presence] = dict.fromkeys(references(new).values(), "present")
    complete = make_plan(new, None, present)
    assert plan_report.summary(complete) == "nothing to build: the registry has all 7 variants"


def test_a_plan_that_a_job_cannot_hand_on_is_an_error(
    state: Callable[..., State], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(state(), None, None)
    size = max(len(value) for value in plan_report.outputs(plan).values())
    monkeypatch.setattr(plan_report, "OUTPUT_LIMIT", size - 1)
    with pytest.raises(CallError, match="a job's output holds") as caught:
        plan_report.outputs(plan)
    assert "--since" in caught.value.help


TEMPLATES = {
    "own.Dockerfile.j2": '{#- It isn\'t much. -#}{% extends "shared.Dockerfile.j2" %}',
    "shared.Dockerfile.j2": '{% extends "skeleton.Dockerfile.j2" %}\n{% block extra %}RUN true\n{% endblock %}',
}


def test_a_template_that_others_extend_is_a_reason(inputs: Inputs) -> None:
    def made(text: str, kind: str = "kind: own,") -> State:
        dockerfiles = {**inputs.templates.dockerfiles, **TEMPLATES, "shared.Dockerfile.j2": text}
        matrix = inputs.texts["matrix.yaml"].replace("{from: science,", f"{{from: science, {kind}")
        return state_of(
            load_project(
                replace(
                    inputs,
                    texts={"matrix.yaml": matrix},
                    templates=replace(inputs.templates, dockerfiles=dockerfiles),
                )
            )
        )

    now = made(TEMPLATES["shared.Dockerfile.j2"])
    edited = make_plan(made(TEMPLATES["shared.Dockerfile.j2"].replace("true", "false")), now, None)
    assert built(edited)["everything:python3.13"] == "template shared"
    commented = make_plan(made(TEMPLATES["shared.Dockerfile.j2"] + "{# #}"), now, None)
    assert not commented.build
    switched = make_plan(now, made(TEMPLATES["shared.Dockerfile.j2"], ""), None)
    assert built(switched)["everything:python3.13"] == "kind generic → own"


def test_a_pin_that_the_lock_follows_is_one_reason() -> None:
    """What the lock says besides it is another one."""
    old = {"pip packages": ("dill==0.4.1",), "lock: Python packages": ("dill==0.4.1", "six==1.16")}
    new = {"pip packages": ("dill==0.4.0",), "lock: Python packages": ("dill==0.4.0", "six==1.16")}
    old |= {"lock: hashes of Python packages": ("a",)}
    new |= {"lock: hashes of Python packages": ("b",)}
    assert differences(old, new) == ["pip packages (dill==0.4.1 → dill==0.4.0)"]
    newer = {**new, "lock: Python packages": ("dill==0.4.0", "six==1.17")}
    assert differences(old, newer) == [
        "pip packages (dill==0.4.1 → dill==0.4.0)", "lock: Python packages (six==1.16 → six==1.17)",
    ]  # fmt: skip


def only_tested(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Every variant that is tested without a build, with what it promises otherwise."""
    return {entry.variant: entry.promises for entry in plan.test_only if entry.platform == "linux/amd64"}


def test_what_promises_something_else_is_tested_and_not_built(state: Callable[..., State]) -> None:
    edit = ("bundles: [full]}", "bundles: [full], tests: {imports: [dill]}, contract: service}")
    new = state(edit)
    plan = make_plan(new, state(), None)
    assert built(plan) == {}
    assert only_tested(plan) == {"everything:python3.13": ("contract", "tests")}
    assert (
        plan_report.summary(plan)
        == "nothing to build: none of 7 variants has changed; 1 variant only to test"
    )
    assert [row[3] for row in plan_report.rows(plan)] == ["test only: contract, tests"]
    data = plan_report.as_json(plan)
    assert {entry["variant"] for entry in data["test"]} == {"everything:python3.13"}
    assert "everything:python3.13" not in {entry["variant"] for entry in data["keep"]}
    assert json.loads(plan_report.outputs(plan)["legs"]) == {
        "everything-amd64": ["python3.13"],
        "everything-arm64": ["python3.13"],
    }
    assert plan_report.outputs(plan)["count"] == "0"


def test_tests_of_a_parent_are_those_of_its_children(state: Callable[..., State]) -> None:
    new = state(("scipy==1.17.1]", "scipy==1.17.1], tests: {imports: [scipy]}"))
    assert only_tested(make_plan(new, state(), None)).keys() == {
        "science:python3.13",
        "science:python3.11",
        "everything:python3.13",
    }


def test_what_is_built_is_tested_then_and_not_twice(state: Callable[..., State]) -> None:
    new = state(("scipy==1.17.1]", "scipy==1.17.1, six], tests: {imports: [scipy]}"))
    plan = make_plan(new, state(), None)
    assert only_tested(plan) == {}
    assert "science:python3.13" in built(plan)


def test_what_the_registry_does_not_have_is_built_whatever_it_promises(state: Callable[..., State]) -> None:
    new = state(("bundles: [full]}", "bundles: [full], tests: {imports: [dill]}}"))
    everywhere: dict[str, Presence] = dict.fromkeys(references(new).values(), "present")
    assert only_tested(make_plan(new, state(), everywhere)).keys() == {"everything:python3.13"}
    assert only_tested(make_plan(new, None, everywhere)) == {}
    assert only_tested(make_plan(new, state(), {})) == {}


def test_what_was_signed_after_other_tests_is_tested_whatever_the_run_compares_with(
    state: Callable[..., State],
) -> None:
    new = state()
    status: dict[str, Presence] = dict.fromkeys(references(new).values(), "present")
    status[references(new)["everything:python3.13", "linux/amd64"]] = "other tests"
    for old in (None, state()):
        plan = make_plan(new, old, status)
        assert built(plan) == {}
        assert only_tested(plan) == {"everything:python3.13": ("tests",)}
