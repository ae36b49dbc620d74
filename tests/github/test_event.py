from __future__ import annotations

from typing import Any

import pytest

from image_matrix.github.event import DEPENDABOT, read_event

SHA = "a" * 40


def pull_request(head: str | None, author: str = "someone") -> dict[str, Any]:
    repo = {"full_name": head} if head else None
    item = {"number": 3, "user": {"login": author}, "head": {"repo": repo}}
    return {"pull_request": {**item, "base": {"sha": SHA, "repo": {"full_name": "example/notebooks"}}}}


@pytest.mark.parametrize(
    ("head", "author", "fork"),
    [
        ("example/notebooks", "someone", False),
        ("stranger/notebooks", "someone", True),
        (None, "someone", True),  # the fork is gone
        ("example/notebooks", DEPENDABOT, True),  # its token cannot push either
    ],
)
def test_pull_requests_that_cannot_push(head: str | None, author: str, fork: bool) -> None:
    event = read_event("pull_request", pull_request(head, author))
    assert (event.fork, event.base, event.pull_request) == (fork, SHA, 3)


def test_what_is_compared_with() -> None:
    assert read_event("push", {"before": SHA}).base == SHA
    assert read_event("push", {"before": "0" * 40}).base is None
    assert read_event("merge_group", {"merge_group": {"base_sha": SHA}}).base == SHA
    assert read_event("schedule", {}).base is None


def test_what_was_asked_for() -> None:
    by_hand = read_event(
        "workflow_dispatch", {"inputs": {"images": "base  jupyter:python3.13", "force": "true"}}
    )
    assert (by_hand.names, by_hand.force) == (("base", "jupyter:python3.13"), True)
    by_call = read_event("repository_dispatch", {"client_payload": {"images": ["base"], "force": False}})
    assert (by_call.names, by_call.force) == (("base",), False)
    assert read_event("workflow_dispatch", {"inputs": None}).names == ()


def test_a_start_on_a_branch_is_about_a_proposed_change() -> None:
    on = read_event("workflow_dispatch", {"ref": "refs/heads/team/change", "inputs": {}})
    assert (on.branch, on.proposes("main"), on.proposes("team/change")) == ("team/change", True, False)
    assert not read_event("workflow_dispatch", {"ref": "refs/tags/v1"}).proposes("main")
    assert not read_event("push", {"ref": "refs/heads/other", "before": SHA}).proposes("main")
    assert read_event("pull_request", pull_request("example/notebooks")).proposes("main")


def test_what_a_start_by_hand_allows() -> None:
    given = {"platforms": "linux/arm64", "allow_older": "true"}
    by_hand = read_event("workflow_dispatch", {"inputs": given})
    assert (by_hand.platforms, by_hand.allow_older) == (("linux/arm64",), True)
    by_call = read_event("repository_dispatch", {"client_payload": {"platforms": ["linux/arm64"]}})
    assert (by_call.platforms, by_call.allow_older) == (("linux/arm64",), False)
    assert not read_event("push", {"before": SHA}).allow_older


def test_where_a_pull_request_leads() -> None:
    value = pull_request("example/notebooks")
    value["pull_request"]["base"]["ref"] = "develop"
    assert read_event("pull_request", value).target == "develop"
    assert read_event("push", {"before": SHA}).target is None
