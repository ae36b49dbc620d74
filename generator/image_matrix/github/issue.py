"""Keeps one issue up to date; docs.github.com/rest/issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from image_matrix.github.api import Api


def find_issue(api: Api, marker: str, author: str) -> dict[str, Any] | None:
    """Return the newest issue of ``author`` whose text starts with ``marker``, open or closed.

    Issues of others are never changed: anybody may write the marker.
    """
    page = 1
    while True:
        query = urlencode({"state": "all", "creator": author, "per_page": 100, "page": page})
        issues = api.call("GET", f"/issues?{query}")
        for issue in issues or ():
            if _is_ours(issue, marker, author):
                return dict(issue)
        if not issues:
            return None
        page += 1


def _is_ours(issue: dict[str, Any], marker: str, author: str) -> bool:
    """Say whether an issue is ours; the API lists pull requests as issues, too."""
    written_by = (issue.get("user") or {}).get("login")
    return written_by == author and "pull_request" not in issue and str(issue.get("body")).startswith(marker)


def open_issue(api: Api, title: str, body: str) -> str:
    """Open an issue; return its address."""
    return str(api.call("POST", "/issues", {"title": title, "body": body})["html_url"])


def update_issue(api: Api, number: int, title: str, body: str, *, state: str, comment: str = "") -> str:
    """Rewrite an issue, as ``open`` or ``closed``, and comment on it if there is a comment; return its address."""
    address = api.call("PATCH", f"/issues/{number}", {"title": title, "body": body, "state": state})[
        "html_url"
    ]
    if comment:
        api.call("POST", f"/issues/{number}/comments", {"body": comment})
    return str(address)
