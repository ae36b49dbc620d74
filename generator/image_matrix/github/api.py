"""Calls the parts of GitHub's REST API that a run needs; docs.github.com/rest."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.json_data import read_json
from image_matrix.registry.exchange import ConnectionFailed, HttpRequest
from image_matrix.registry.http import network
from image_matrix.registry.patience import Patience, patient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json
    from image_matrix.registry.exchange import Response, Transport

LATER = "run the job again in a few minutes"
NO_JSON = "check GITHUB_API_URL, and whether a proxy in front of it asks for a login"
READ_ONLY = (401, 403, 404)
"""Status codes for a token without permission to write."""


class PermissionDenied(Failure):
    """The token does not have the permission."""


class NotFound(PermissionDenied):
    """It does not exist, or the token may not know that it does."""


class Rejected(Failure):
    """A rule of the repository, or its state, does not allow it."""


@dataclass(frozen=True, slots=True)
class Api:
    """A repository's API."""

    send: Transport
    base: str
    """``https://api.github.com/repos/OWNER/NAME``"""
    headers: Mapping[str, str] = field(repr=False)

    def call(self, method: str, path: str, body: dict[str, Json] | None = None) -> Json:
        """Return the answer's JSON; raises :class:`PermissionDenied` or :class:`EnvironmentFailure`.

        A page in place of JSON comes from a proxy that asks for a login, or from another server.
        """
        content = None if body is None else json.dumps(body).encode()
        request = HttpRequest(
            method, f"{self.base}{path}", self.headers, content, repeatable=method != "POST"
        )
        try:
            answer = self.send(request)
        except ConnectionFailed as error:
            raise EnvironmentFailure(f"GitHub's API gives no answer: {error.reason}") from error
        detail = f"HTTP {answer.status}{_message(answer)}"
        if answer.limited:
            raise EnvironmentFailure(f"GitHub's API limits the number of requests: {detail}", LATER)
        if answer.status in READ_ONLY:
            kind = NotFound if answer.status == 404 else PermissionDenied
            raise kind(f"GitHub's API denies permission: {detail}")
        if answer.status in (409, 422):
            raise Rejected(f"GitHub's API refuses: {detail}")
        if answer.status >= 300:
            raise EnvironmentFailure(f"GitHub's API answers {detail}")
        try:
            return read_json(answer.body) if answer.body else None
        except ValueError as error:
            what = f"{method} {self.base}{path} answers HTTP {answer.status} with what is no JSON"
            raise EnvironmentFailure(f"GitHub's API: {what}", NO_JSON) from error


def _message(answer: Response) -> str:
    try:
        return f": {read_json(answer.body)['message']}"
    except (ValueError, KeyError, TypeError):
        return ""


def open_api(url: str, repository: str, token: str) -> Api:
    """Return the API of ``OWNER/NAME``; the token is a header, never an argument."""
    import time

    headers = {
        "Accept": "application/vnd.github+json",
        "Content-Type": "application/json",
        "X-GitHub-Api-Version": "2022-11-28",
        "Authorization": f"Bearer {token}",
    }
    return Api(patient(network().send, Patience(time.sleep)), f"{url}/repos/{repository}", headers)


def upsert_comment(api: Api, pull_request: int, body: str, marker: str, author: str) -> str:
    """Create or update the comment of ``author`` that starts with ``marker``; return its address.

    Comments of others are never changed, since their authors may edit them afterwards.
    """
    comment = _comment(api, pull_request, marker, author)
    if comment is not None:
        return str(api.call("PATCH", f"/issues/comments/{comment['id']}", {"body": body})["html_url"])
    return str(api.call("POST", f"/issues/{pull_request}/comments", {"body": body})["html_url"])


def _comment(api: Api, pull_request: int, marker: str, author: str) -> dict[str, Any] | None:
    page = 1
    while comments := api.call("GET", f"/issues/{pull_request}/comments?per_page=100&page={page}"):
        for comment in comments:
            written_by = (comment["user"] or {}).get("login")
            if written_by == author and str(comment["body"]).startswith(marker):
                return dict(comment)
        page += 1
    return None


def amend_comment(api: Api, pull_request: int, text: str, at: str, marker: str, author: str) -> str | None:
    """Replace the end of the comment of ``author``, from ``at`` on, by a text; ``None`` if there is no comment."""
    comment = _comment(api, pull_request, marker, author)
    if comment is None:
        return None
    body = f"{str(comment['body']).partition(at)[0].rstrip()}\n\n{at}\n{text}"
    return str(api.call("PATCH", f"/issues/comments/{comment['id']}", {"body": body})["html_url"])


def start_workflow(api: Api, workflow: str, branch: str) -> None:
    """Start a workflow on a branch; raises :class:`Failure` with what to do in place of it.

    Source: docs.github.com/rest/actions/workflows, "Create a workflow dispatch event".
    """
    try:
        api.call("POST", f"/actions/workflows/{workflow}/dispatches", {"ref": branch})
    except (PermissionDenied, Rejected) as refused:
        problem = f"the commit is on {branch}, but {workflow} could not be started: {refused.message}"
        raise Failure(problem, "close and reopen the pull request, which starts it") from refused


def open_pull_requests(api: Api, owner: str, branch: str, base: str = "") -> list[dict[str, Json]]:
    """Return the open pull requests from ``branch`` of the repository, to ``base`` or to any branch."""
    query = urlencode(
        {"state": "open", "head": f"{owner}:{branch}", **({"base": base} if base else {})}, safe=":/"
    )
    opened: list[dict[str, Json]] = api.call("GET", f"/pulls?{query}")
    return opened


def branch_pull_requests(api: Api) -> dict[int, str]:
    """Return the open pull requests whose branch is in the repository itself, not in a fork: number to commit."""
    heads: dict[int, str] = {}
    page = 1
    while opened := api.call("GET", f"/pulls?state=open&per_page=100&page={page}"):
        heads |= {int(one["number"]): str(one["head"]["sha"]) for one in opened if _in_repository(one)}
        page += 1
    return heads


def _in_repository(pull_request: Mapping[str, Any]) -> bool:
    head, base = pull_request["head"].get("repo") or {}, pull_request["base"]["repo"]
    return bool(head.get("full_name") == base["full_name"])


def close_pull_requests(api: Api, owner: str, branch: str, base: str) -> list[str]:
    """Close the open pull requests from ``branch``; return their addresses."""
    opened = open_pull_requests(api, owner, branch, base)
    return [
        str(api.call("PATCH", f"/pulls/{item['number']}", {"state": "closed"})["html_url"]) for item in opened
    ]


def upsert_pull_request(api: Api, owner: str, branch: str, base: str, title: str, body: str) -> str:
    """Open a pull request from ``branch``, or update the open one; return its address."""
    opened = open_pull_requests(api, owner, branch, base)
    if opened:
        path = f"/pulls/{opened[0]['number']}"
        return str(api.call("PATCH", path, {"title": title, "body": body})["html_url"])
    content = {"title": title, "body": body, "head": branch, "base": base}
    return str(api.call("POST", "/pulls", content)["html_url"])
