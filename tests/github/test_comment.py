from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.github.comment import LIMIT, MARKER, comment, failure_comment
from image_matrix.github.event import Event
from image_matrix.github.run_plan import ForkChain, RunPlan
from image_matrix.planning.plan import Plan, PlanEntry
from tests.workflow.matrices import loaded, matrix

if TYPE_CHECKING:
    from image_matrix.config.model import Matrix

EVENT = Event("pull_request", pull_request=1)


def declared(**build: Any) -> Matrix:
    return loaded(matrix({"base": {"from": "debian"}}, workflow=build)).matrix


def plan(*, build: bool = False, differs: bool = False) -> Plan:
    reasons = ("environment",) if differs else ()
    entry = PlanEntry(
        "base:x", "linux/amd64", 0, "k", "t", build=build, presence=None, reasons=reasons, cause=None,
        cause_reasons=(), children=(),
    )  # fmt: skip
    return Plan((entry,))


def said(run: RunPlan, event: Event = EVENT, **build: Any) -> str:
    return comment("REPORT", event, run, declared(**build))


def test_what_is_built_now_and_after_the_merge() -> None:
    text = said(RunPlan(plan(build=True, differs=True)))
    assert text.startswith(f"{MARKER}\nREPORT\n")
    assert "built and tested now, under `ghcr.io/example/notebooks/staging`. After the merge, `main`" in text


def test_a_pull_request_to_another_branch_releases_nothing() -> None:
    text = said(RunPlan(plan(build=True, differs=True)), replace(EVENT, target="develop"))
    assert "built and tested now" in text
    assert "After the merge, `main`" not in text
    assert "It is merged into `develop`, which releases nothing" in text
    assert "After the merge, `main`" in said(RunPlan(plan()), replace(EVENT, target="main"))


def test_what_an_earlier_run_has_built_is_a_change_all_the_same() -> None:
    text = said(RunPlan(plan(differs=True)))
    assert "No image changes" not in text
    assert "now" not in text
    assert "After the merge, `main` builds" in text


def test_no_image_changes() -> None:
    assert "No image changes. After the merge, `main` releases" in said(RunPlan(plan()))
    assert "No image changes" in said(RunPlan(plan(), read_only=True))


def test_other_tests_are_run_now_on_the_images_that_exist() -> None:
    (entry,) = plan().entries
    promised = Plan((replace(entry, promises=("tests",)),))
    assert "The existing images are tested now. No image changes." in said(RunPlan(promised))
    assert "tested now" not in said(RunPlan(promised, outdated=("images/base",)))


def test_a_run_that_can_push_nothing() -> None:
    text = said(RunPlan(plan(build=True, differs=True), read_only=True, fork=(ForkChain(("base:x",)),)))
    assert "cannot push images" in text
    assert "built and tested for one platform. After" in text
    many = said(RunPlan(plan(build=True), read_only=True, fork=(ForkChain(("base:x",)),) * 5, fork_jobs=2))
    assert "3 of 5 chains of images are left out: a fork has 2 jobs (`workflow.fork_jobs`)" in many
    assert "staging" not in text


def test_nobody_says_what_a_merge_would_do_where_nothing_is_merged() -> None:
    assert "merged" not in said(RunPlan(plan(build=True)), Event("push"))


def test_files_that_are_out_of_date_are_named_first() -> None:
    outdated = tuple(f"images/{number}/Dockerfile" for number in range(7))
    text = said(RunPlan(plan(build=True, differs=True), outdated=outdated))
    assert text.startswith(
        f"{MARKER}\n> [!WARNING]\n> **7 generated files are out of date, so nothing is built.**"
    )
    assert "Run `image-matrix render`" in text
    assert "`images/4/Dockerfile` and 2 more" in text
    assert "built and tested now" not in text
    one = said(RunPlan(plan(), outdated=("docs/images.md",), commits=True))
    assert "A generated file is out of date" in one
    assert "This run commits" in one
    assert "Run `image-matrix" in said(
        RunPlan(plan(), read_only=True, outdated=("x",)), commit_generated=True
    )
    workflow = said(RunPlan(plan(), outdated=(".github/workflows/images.yaml",)), commit_generated=True)
    assert "GitHub's token may not change workflows" in workflow


def test_what_floats_is_not_built_where_there_is_a_lock() -> None:
    unlocked = tuple(f"Python packages of i{number}:default: not locked" for number in range(7))
    text = said(RunPlan(plan(build=True, differs=True), unlocked=unlocked))
    assert text.startswith(
        f"{MARKER}\n> [!WARNING]\n> **The lock is not complete, so nothing is built.** "
        "Run `image-matrix lock && image-matrix render`, and commit the changes: Python packages of i0:default: "
    )
    assert "i4:default: not locked and 2 more" in text
    assert "This run locks and renders" in said(RunPlan(plan(), unlocked=unlocked, commits=True))
    assert "built and tested now" not in text


def test_what_users_have_stored_is_not_lost_in_silence() -> None:
    lost = tuple(f"the profile `p{number}` is gone: keep it" for number in range(7))
    text = said(RunPlan(plan(build=True, differs=True), lost=lost, outdated=("docs/images.md",)))
    assert text.count("> [!WARNING]") == 2
    assert "> - the profile `p4` is gone: keep it\n> - and 2 more\n\nREPORT" in text
    assert "built and tested now" not in text


def test_it_fits() -> None:
    text = comment("line\n" * LIMIT, EVENT, RunPlan(plan(build=True)), declared())
    assert len(text) < 65_536
    assert "line\n\n… (the log" in text
    assert "After the merge" in text


@pytest.mark.parametrize(
    "begun", ["<details><summary>Pods</summary>\n\n````diff\n", "```mermaid\n", "<details>\n\n", ""]
)
def test_what_is_cut_ends_before_the_outcome(begun: str) -> None:
    report = f"\n{begun}" + "+ line\n" * LIMIT
    text = comment(report, EVENT, RunPlan(plan(build=True)), declared())
    ended, _, outcome = text.partition("… (the log")
    assert "After the merge" in outcome
    assert ended.count("<details>") == ended.count("\n</details>\n")
    assert len(re.findall("^`{3,}", ended, re.MULTILINE)) in (0, 2)
    assert "`" * 4 not in begun or "\n````\n" in ended


@pytest.mark.parametrize("source", ["plain", "`` ` ``", "a ```` b `````", "```\nout of it\n```"])
def test_a_mistake_stays_inside_its_fence(source: str) -> None:
    text = failure_comment(
        "matrix.yaml cannot be used as it is.", f"matrix.yaml:1:1: error\n  1 | {source}\n"
    )
    assert text.startswith(MARKER)
    fences = re.findall(r"^`{3,}", text, re.MULTILINE)
    outer = fences[0]
    assert fences[-1] == outer
    assert outer not in source
    assert text.count(f"\n{outer}\n") == 1
    for long in ("x\n" * LIMIT, "x" * 2 * LIMIT):
        assert len(failure_comment("Wrong.", long)) < 65_536
