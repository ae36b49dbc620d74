from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.github.api import Api, PermissionDenied, open_api
from image_matrix.github.issue import find_issue, open_issue, update_issue
from tests.github.issue_server import BOT, PAGE, IssueServer, issue_server

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK, AUTHOR = "<!-- mark -->", BOT["login"]


@pytest.fixture
def server() -> Iterator[IssueServer]:
    with issue_server() as running:
        yield running


@pytest.fixture
def api(server: IssueServer) -> Api:
    return open_api(server.url, "example/notebooks", "t0ken")


def test_an_issue_is_opened_found_and_rewritten(server: IssueServer, api: Api) -> None:
    assert find_issue(api, MARK, AUTHOR) is None
    assert open_issue(api, "Title", f"{MARK}\nfirst") == f"{PAGE}/issues/1"
    found = find_issue(api, MARK, AUTHOR)
    assert found is not None
    update_issue(api, found["number"], "Title", f"{MARK}\nsecond", state="closed", comment="news")
    assert [(one["body"], one["state"]) for one in server.issues] == [(f"{MARK}\nsecond", "closed")]
    assert server.comments == ["news"]
    update_issue(api, found["number"], "Title", f"{MARK}\nthird", state="open")
    assert server.issues[0]["state"] == "open"
    assert server.comments == ["news"]


def test_an_issue_on_a_later_page_is_found(server: IssueServer, api: Api) -> None:
    server.add("ours", f"{MARK}\nfirst")
    for number in range(250):
        server.add(f"other {number}", "a bot says something")
    found = find_issue(api, MARK, AUTHOR)
    assert found is not None
    assert found["number"] == 1


def test_issues_of_others_and_pull_requests_are_not_ours(server: IssueServer, api: Api) -> None:
    server.add("of somebody", MARK, {"login": "somebody"})
    server.add("a pull request", MARK, pull_request={"url": "…"})
    server.add("quoted", f"> {MARK}")
    server.add("without a text", "")
    assert find_issue(api, MARK, AUTHOR) is None


def test_without_permission(server: IssueServer, api: Api) -> None:
    server.allowed = False
    with pytest.raises(PermissionDenied, match="not accessible"):
        open_issue(api, "Title", MARK)
