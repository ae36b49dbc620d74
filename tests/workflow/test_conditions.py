"""Which jobs start: every `if` of a workflow, evaluated with GitHub's own evaluator."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests import yaml_files
from tests.environments import node_folder
from tests.workflow.matrices import ONE_PLATFORM, SHAPES, by_layer, jobs_of, matrix, rendered
from tests.workflow.test_parser import node_version

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(node_version() < 20, reason="GitHub's evaluator needs Node 20 and npm"),
]
STATUS = re.compile(r"\b(always|cancelled|failure|success)\(\)")
IMAGES = matrix(
    {"base": {"from": "debian"}, "lab": {"from": "base"}},
    defaults={"images": {"platforms": ["linux/amd64"]}},
)
BY_IMAGE = jobs_of(rendered(IMAGES))
BY_LAYER = jobs_of(rendered(by_layer(IMAGES)))
SCHEDULED = rendered({**IMAGES, "workflow": {**IMAGES["workflow"], "prune": {}, "rescan": {}}})
NOTHING = {
    "legs": "{}",
    "scans": "{}",
    "ready": "",
    "fork": "[]",
    "lock": "false",
    "render": "false",
    "entries": "[]",
}
FOR_THE_AUTHOR = {"lock", "render"}
PULL_REQUEST = {
    "event_name": "pull_request",
    "ref": "refs/pull/7/merge",
    "repository": "team/images",
    "event": {"pull_request": {"head": {"repo": {"full_name": "team/images"}}, "user": {"login": "someone"}}},
}
PUSH = {"event_name": "push", "ref": "refs/heads/main", "repository": "team/images", "event": {}}
EVERY_LEG = json.dumps({"base-amd64": ["default"], "lab-amd64": ["default"]})
EVERY_SCAN = json.dumps({"base": [{"label": "default"}], "lab": [{"label": "default"}]})
LAYERS = {"entries": '[[{"variant": "base:default"}]]', "layer_1": "lab:default@linux/amd64"}
SCANS = {"scan_0": "base:default@linux/amd64", "scan_1": "lab:default@linux/amd64"}
READY = {"legs": '[[{"variant": "lab:default"}]]', "scans": '[[{"variant": "base:default"}]]'}


def _evaluated(asked: list[dict[str, Any]]) -> list[bool]:
    command = ["node", "--no-warnings", "--import", "./hooks.mjs", "evaluate.mjs"]
    done = subprocess.run(
        command, cwd=node_folder("github-parser"), input=json.dumps(asked), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    values: list[bool] = json.loads(done.stdout)
    return values


@dataclass
class Run:
    """A run in the middle: what came of jobs, and what they wrote."""

    github: Mapping[str, Any] = field(default_factory=lambda: PUSH)
    plan: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)
    """Of jobs that did not succeed."""
    checks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What jobs wrote beside the plan; builds that succeeded have passed."""
    cancelled: bool = False

    def holds(self, *conditions: str) -> list[bool]:
        """Return whether each expression is true."""
        asked = [
            {"text": text, "contexts": {"github": self.github}, "cancelled": False} for text in conditions
        ]
        return _evaluated(asked)

    def starts(self, jobs: Mapping[str, Any]) -> set[str]:
        """Return the jobs that would start if all that they need had ended so."""
        asked = [self.question(job) for job in jobs.values()]
        return {name for name, starts in zip(jobs, _evaluated(asked), strict=True) if starts}

    def question(self, job: Mapping[str, Any]) -> dict[str, Any]:
        condition = job.get("if", "success()").removeprefix("${{").removesuffix("}}").strip()
        if not STATUS.search(condition):
            condition = f"success() && ({condition})"
        needs = {name: self.job(name) for name in job.get("needs", ())}
        return {
            "text": condition,
            "contexts": {"github": self.github, "needs": needs},
            "cancelled": self.cancelled,
        }

    def job(self, name: str) -> dict[str, Any]:
        result = self.results.get(name, "success")
        passed = {"passed": "true"} if name.endswith("-amd64") and result == "success" else {}
        outputs = {**NOTHING, **self.plan} if name == "plan" else self.checks.get(name, passed)
        return {"result": result, "outputs": outputs}


def test_everything_is_built_scanned_and_released() -> None:
    run = Run(plan={"legs": EVERY_LEG, "scans": EVERY_SCAN, "work": "true"})
    assert run.starts(BY_IMAGE) == set(BY_IMAGE) - {"fork", *FOR_THE_AUTHOR}
    run = Run(
        plan={**LAYERS, **SCANS, "work": "true"},
        checks={"layer_1": READY, "layer_2": {"scans": "[[1]]", "legs": "[]"}},
    )
    assert run.starts(BY_LAYER) == set(BY_LAYER) - {"fork", *FOR_THE_AUTHOR}


@pytest.mark.parametrize("jobs", [BY_IMAGE, BY_LAYER])
def test_nothing_to_do_is_released(jobs: dict[str, Any]) -> None:
    assert Run().starts(jobs) == {"plan", "release", "gate"}


@pytest.mark.parametrize("jobs", [BY_IMAGE, BY_LAYER])
def test_a_plan_that_fails_starts_nothing_else(jobs: dict[str, Any]) -> None:
    plan = {"legs": EVERY_LEG, "scans": EVERY_SCAN, "fork": '[{"name": "x"}]', **LAYERS, **SCANS}
    for github in (PUSH, PULL_REQUEST):
        assert Run(github, plan, {"plan": "failure"}).starts(jobs) == {"plan", "gate"}
        # outputs that GitHub keeps back
        withheld = Run(github, dict.fromkeys(NOTHING, ""), {"plan": "failure"})
        assert withheld.starts({name: job for name, job in jobs.items() if "fromJSON" not in job.get("if", "")}) == {
            "plan", "gate",
        }  # fmt: skip


@pytest.mark.parametrize("jobs", [BY_IMAGE, BY_LAYER])
def test_a_cancelled_run_only_says_so(jobs: dict[str, Any]) -> None:
    plan = {"legs": EVERY_LEG, "scans": EVERY_SCAN, **LAYERS, **SCANS}
    checks = {"layer_1": READY, "layer_2": {"legs": "[]", "scans": "[[1]]"}}
    for result in ("cancelled", "success"):
        run = Run(PUSH, plan, dict.fromkeys(jobs, result), checks, cancelled=True)
        assert run.starts(jobs) - {"plan"} == {"gate"}


@pytest.mark.parametrize(("jobs", "failed"), [(BY_IMAGE, "base-amd64"), (BY_LAYER, "build_0_0")])
def test_other_chains_go_on_after_a_failed_build_and_are_released(jobs: dict[str, Any], failed: str) -> None:
    plan = {"legs": EVERY_LEG, "scans": EVERY_SCAN, **LAYERS, **SCANS}
    run = Run(
        PUSH, plan, {failed: "failure"}, {"layer_1": {"legs": READY["legs"], "scans": "[]"}, "layer_2": {}}
    )
    started = run.starts(jobs)
    assert started >= {"release", "gate"}
    if jobs is BY_LAYER:
        assert started >= {"layer_1", "build_1_0", "layer_2"}
        assert "scan_0_0" not in started
    else:
        assert not {"lab-amd64", "scan_base"} & started


@pytest.mark.parametrize("result", ["failure", "cancelled"])
def test_without_signatures_only_a_green_run_is_released(result: str) -> None:
    """No signature says of an image that it was scanned. A job that takes too long counts as cancelled."""
    unsigned = jobs_of(rendered({**IMAGES, "release": {"sign": "none"}}))
    assert "release" in Run().starts(unsigned)
    assert "release" not in Run(results={"scan_base": result}).starts(unsigned)
    assert "release" in Run(results={"scan_base": result}).starts(BY_IMAGE)
    neither = jobs_of(rendered({**IMAGES, "release": {"sign": "none", "scan": "none"}}))
    assert "release" in Run(results={"base-amd64": result}).starts(neither)


def test_one_red_variant_skips_no_child_of_a_green_one() -> None:
    """GitHub has one result for all legs of a job; a job without a leg that can be built is skipped."""
    plan = {"legs": EVERY_LEG, "scans": EVERY_SCAN}
    some = Run(PUSH, plan, {"base-amd64": "failure"}, {"base-amd64": {"passed": "true"}})
    assert some.starts(BY_IMAGE) >= {"lab-amd64", "scan_base"}
    other = {**plan, "ready": ",lab-amd64<base-amd64,scan_base,"}
    assert Run(PUSH, other, {"base-amd64": "failure"}).starts(BY_IMAGE) >= {"lab-amd64", "scan_base"}


def test_what_a_failed_root_carries_is_skipped_down_to_the_last() -> None:
    chain = jobs_of(rendered(matrix({"base": {"from": "debian"}, "lab": {"from": "base"}, "end": {"from": "lab"}},
                                    defaults=ONE_PLATFORM)))  # fmt: skip
    legs = {f"{name}-amd64": ["default"] for name in ("base", "lab", "end")}
    run = Run(PUSH, {"legs": json.dumps(legs)}, {"base-amd64": "failure", "lab-amd64": "skipped"})
    assert not {"lab-amd64", "end-amd64"} & run.starts(chain)
    alone = {"legs": json.dumps({"end-amd64": ["default"]}), "ready": ",end-amd64<lab-amd64,"}
    assert "end-amd64" in Run(PUSH, alone, dict.fromkeys(("base-amd64", "lab-amd64"), "skipped")).starts(
        chain
    )


def test_what_a_check_leaves_out_is_not_started() -> None:
    """A skipped layer does not stop the one after it."""
    run = Run(
        plan=LAYERS, results={"build_0_0": "failure"}, checks={"layer_1": {"legs": "[]", "scans": "[]"}}
    )
    assert not {"build_1_0", "scan_0_0", "scan_1_0"} & run.starts(BY_LAYER)
    skipped = Run(plan=SCANS, results={"build_0_0": "skipped", "build_1_0": "skipped", "layer_1": "skipped"})
    assert "layer_2" in skipped.starts(BY_LAYER)


@pytest.mark.parametrize("jobs", [BY_IMAGE, BY_LAYER])
def test_a_fork_has_its_own_jobs(jobs: dict[str, Any]) -> None:
    fork = {**PULL_REQUEST, "event": {"pull_request": {"head": {"repo": None}, "user": {"login": "someone"}}}}
    run = Run(fork, {"fork": '[{"name": "lab:default"}]', "lock": "true", "render": "true"})
    assert run.starts(jobs) == {"plan", "fork", "gate"}


@pytest.mark.parametrize("jobs", [BY_IMAGE, BY_LAYER])
def test_files_are_rendered_for_authors_who_can_push(jobs: dict[str, Any]) -> None:
    run = Run(PULL_REQUEST, {"render": "true"}, {"plan": "failure", "lock": "skipped"})
    assert run.starts(jobs) == {"plan", "render", "gate"}
    both = {"lock": "true", "render": "true"}
    assert Run(PULL_REQUEST, both, {"plan": "failure"}).starts(jobs) == {"plan", "lock", "render", "gate"}
    for result in ("failure", "cancelled"):  # a job over its time limit is cancelled, and the run goes on
        run = Run(PULL_REQUEST, both, {"plan": "failure", "lock": result})
        assert run.starts(jobs) == {"plan", "lock", "gate"}


@pytest.mark.parametrize("jobs", [BY_IMAGE, BY_LAYER])
@pytest.mark.parametrize(
    "github",
    [
        PUSH,
        {
            "event_name": "workflow_dispatch",
            "ref": "refs/heads/change",
            "repository": "team/images",
            "event": {},
        },
        {"event_name": "merge_group", "ref": "refs/heads/gh-readonly-queue/main/pr-7", "event": {}},
        {**PULL_REQUEST, "event": {"pull_request": {"head": {"repo": {"full_name": "a/fork"}}}}},
        {
            **PULL_REQUEST,
            "event": {
                "pull_request": {
                    "head": {"repo": {"full_name": "team/images"}},
                    "user": {"login": "dependabot[bot]"},
                }
            },
        },
    ],
)
def test_nothing_is_committed_for_other_events(jobs: dict[str, Any], github: dict[str, Any]) -> None:
    run = Run(github, {"lock": "true", "render": "true"}, {"plan": "failure"})
    assert not FOR_THE_AUTHOR & run.starts(jobs)


@pytest.mark.parametrize("name", SHAPES)
def test_conditions_name_the_results_that_they_take(name: str) -> None:
    """A result is one of four words, so what one of them excludes may be more than is meant.

    Source: docs.github.com/actions/reference/workflows-and-actions/contexts, "needs context", "steps context".
    """
    texts = {path: file.content.decode() for path, file in rendered(SHAPES[name]).items()}
    excluded = re.compile(r"\.(?:result|outcome|conclusion) *!=.*")
    assert {path: found for path, text in texts.items() if (found := excluded.findall(text))} == {}


DISPATCH = {"event_name": "workflow_dispatch", "ref": "refs/heads/change", "event": {}}
QUEUE = {"event_name": "merge_group", "ref": "refs/heads/gh-readonly-queue/main/pr-7", "event": {}}


@pytest.mark.parametrize("workflow", ["lock", "prune", "rescan"])
def test_what_a_schedule_starts_is_started_by_hand_on_the_default_branch_alone(workflow: str) -> None:
    """A refresh of another branch would propose the commits of that branch, and close the open pull request."""
    jobs = jobs_of(SCHEDULED, workflow)
    listed = {"list": {"parts": "[1]"}}
    assert Run({**DISPATCH, "ref": "refs/heads/main"}, checks=listed).starts(jobs) == set(jobs)
    for ref in ("refs/heads/change", "refs/tags/main"):
        # each job by itself, and the first ones if it is skipped after them
        skipped = Run({**DISPATCH, "ref": ref}, results=dict.fromkeys(jobs, "skipped"), checks=listed)
        assert skipped.starts(jobs) == set()


@pytest.mark.parametrize("jobs", [BY_IMAGE, BY_LAYER])
def test_a_start_by_hand_on_another_branch_releases_nothing(jobs: dict[str, Any]) -> None:
    assert "release" not in Run(DISPATCH).starts(jobs)
    assert "release" in Run({**DISPATCH, "ref": "refs/heads/main"}).starts(jobs)


@pytest.mark.parametrize(
    ("github", "cancels"),
    [
        (PULL_REQUEST, True),
        (DISPATCH, True),
        ({**DISPATCH, "ref": "refs/heads/main"}, False),
        (PUSH, False),
        (QUEUE, False),
        ({**PUSH, "event_name": "repository_dispatch"}, False),
    ],
)
def test_a_newer_run_cancels_what_is_only_proposed(github: dict[str, Any], cancels: bool) -> None:
    """A queue of more than one beside a run that is cancelled is an error of GitHub's."""
    workflow = yaml_files.load(rendered(IMAGES)[".github/workflows/images.yaml"].content)
    concurrency = {
        key: value.removeprefix("${{").removesuffix("}}").strip()
        for key, value in workflow["concurrency"].items()
    }
    single = f"({concurrency['queue']}) == 'single'"
    assert Run(github).holds(concurrency["cancel-in-progress"], single) == [cancels, cancels]


@pytest.mark.parametrize("jobs", [BY_IMAGE, BY_LAYER])
def test_a_run_with_something_to_do_reports_what_came_of_it(jobs: dict[str, Any]) -> None:
    run = Run(PULL_REQUEST, {"legs": EVERY_LEG, **LAYERS, "work": "true"}, {"base-amd64": "failure"})
    assert "outcome" in run.starts(jobs)
    assert "outcome" not in Run(PULL_REQUEST, {"work": "false"}).starts(jobs)


@pytest.mark.parametrize(
    ("github", "inputs", "name"),
    [
        ({"event": {}}, {"id": "build-7"}, "Images build-7"),
        ({"event": {"client_payload": {"id": "build 8"}}}, {}, "Images build 8"),
        ({"event": {"client_payload": {}}}, {}, ""),
        ({"event": {}}, {"id": ""}, ""),
    ],
)
def test_a_caller_finds_its_run_by_name(github: dict[str, Any], inputs: dict[str, Any], name: str) -> None:
    """A name without text is replaced by GitHub: docs.github.com/actions/reference/workflow-syntax, "run-name"."""
    content = yaml_files.load(rendered(IMAGES)[".github/workflows/images.yaml"].content)
    expression = content["run-name"].removeprefix("${{").removesuffix("}}").strip()
    contexts = {"github": github, "inputs": inputs}
    texts = (f"({expression}) == '{name}'", f"({expression}) == 'another'")
    asked = [{"text": text, "contexts": contexts, "cancelled": False} for text in texts]
    assert _evaluated(asked) == [True, False]
