"""Policies only tighten, whatever they say and in whatever order."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.config.document import Documents
from image_matrix.config.policy import FIELD, StatedPolicy, read_policy
from image_matrix.config.yaml_loader import parse
from image_matrix.lock.pins import Pins
from image_matrix.policy.changes import loosened
from image_matrix.policy.check import violations
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from tests.laws import examples

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

FOLDER = Path(__file__).parent / "cases" / "sizes"
TODAY = "2026-11-29"
DAYS = st.sampled_from(["2026-01-01", "2026-11-29", "2026-11-30", "2099-01-01"])
IMAGES = st.sampled_from(
    ["*", "quay.io", "quay.io/jupyter/*", "*:2026-08-03", "ghcr.io", "docker.io/library/debian"]
)
PACKAGES = st.sampled_from(["*", "six", "six<2", "six>=1.18", "s*", "numpy"])


def entries(names: st.SearchStrategy[str]) -> st.SearchStrategy[list[Any]]:
    long: st.SearchStrategy[Any] = st.fixed_dictionaries(
        {"name": names}, optional={"until": DAYS, "reason": st.just("so")}
    )
    return st.lists(names | long, min_size=1, max_size=2)


def lists(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={"allow": entries(names), "deny": entries(names)})


LIMITS: dict[str, st.SearchStrategy[Any]] = {
    "cpu": st.sampled_from([1, 8, 16]),
    "memory": st.sampled_from(["8Gi", "64Gi", "512Gi"]),
    "devices": st.sampled_from([{"nvidia.com/gpu": 1}, {"amd.com/gpu": 0}]),
}
SITES = st.fixed_dictionaries(
    {"match": st.sampled_from([{"site": "main"}, {"site": ["main", "teaching"]}])}, optional=LIMITS
)
POLICIES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "sources": lists(IMAGES),
        "packages": st.fixed_dictionaries({"pip": lists(PACKAGES)}),
        "floating": st.fixed_dictionaries({"deny": entries(st.sampled_from(["unlocked", "moving_tags"]))}),
        "sizes": st.fixed_dictionaries({}, optional={**LIMITS, "overrides": st.lists(SITES, max_size=2)}),
        "exceptions": st.lists(
            st.fixed_dictionaries({"id": st.just("pip:six"), "reason": st.just("so"), "until": DAYS}),
            max_size=2,
        ),
    },
)


@cache
def loaded() -> Loaded:
    return load_inputs(read_inputs(FOLDER))


def stated(policy: dict[str, Any]) -> StatedPolicy:
    document, _ = parse("{}\n", "policy.yaml")
    assert document is not None
    return StatedPolicy(read_policy(policy), Documents({FIELD: policy}, (document,)))


def found(*policies: StatedPolicy) -> set[tuple[str, object, str]]:
    return {(item.code, item.place, item.message) for item in violations(policies, loaded(), Pins(), TODAY)}


@given(POLICIES, POLICIES)
@settings(max_examples=examples(60), deadline=None)
def test_another_policy_adds_errors_and_takes_none_away(one: dict[str, Any], other: dict[str, Any]) -> None:
    both = found(stated(one), stated(other))
    assert both == found(stated(one)) | found(stated(other))
    assert both == found(stated(other), stated(one))


@given(POLICIES, POLICIES)
@settings(max_examples=examples(100), deadline=None)
def test_what_is_not_loosened_allows_nothing_that_was_not_allowed(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """If no error says that a change loosens the policy, every violation of the old one is one of the new one."""
    old, new = stated(before), stated(after)
    if not loosened([old], [new], "REV", loaded().documents):
        places = {(code, place) for code, place, _ in found(new)}
        assert {(code, place) for code, place, _ in found(old)} <= places


@given(POLICIES, POLICIES)
@settings(max_examples=examples(100), deadline=None)
def test_nothing_is_loosened_by_more(policy: dict[str, Any], more: dict[str, Any]) -> None:
    without = {key: value for key, value in more.items() if key != "exceptions"}
    old = stated(policy)
    assert loosened([old], [stated(without), old], "REV", loaded().documents) == []
