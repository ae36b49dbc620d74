"""The few calls of GitHub's REST API that a run makes; docs.github.com/rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.errors import EnvironmentFailure, Failure

if TYPE_CHECKING:
    import requests

SECONDS = 30
READ_ONLY = (401, 403, 404)
"""What a token gets that must not write here."""


class Refused(Failure):
    """The token does not have the permission."""


@dataclass(frozen=True, slots=True)
class Api:
    """A repository's API."""

    session: requests.Session
    base: str
    """``https://api.github.com/repos/OWNER/NAME``"""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Return the answer's JSON; raises :class:`Refused` or :class:`EnvironmentFailure`."""
        try:
            answer = self.session.request(method, f"{self.base}{path}", json=body, timeout=SECONDS)
        except OSError as error:
            raise EnvironmentFailure(f"GitHub's API gives no answer: {error}") from error
        if answer.status_code in READ_ONLY:
            raise Refused(f"GitHub's API does not allow it (HTTP {answer.status_code}): {_message(answer)}")
        if answer.status_code >= 300:
            raise EnvironmentFailure(f"GitHub's API answers HTTP {answer.status_code}: {_message(answer)}")
        return answer.json() if answer.content else None


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason


def open_api(url: str, repository: str, token: str) -> Api:
    """Return the API of ``OWNER/NAME``; the token is a header, never an argument."""
    import requests

    session = requests.Session()
    session.headers["Accept"] = "application/vnd.github+json"
    session.headers["X-GitHub-Api-Version"] = "2022-11-28"
    session.headers["Authorization"] = f"Bearer {token}"
    adapter = requests.adapters.HTTPAdapter(max_retries=_retries())
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return Api(session, f"{url}/repos/{repository}")


def _retries() -> Any:  # noqa: ANN401 - urllib3's class, imported with requests
    from urllib3.util import Retry

    return Retry(
        total=4, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False
    )


def keep_comment(api: Api, pull_request: int, body: str, marker: str) -> str:
    """Write the one comment that starts with ``marker``, anew or over the old one; return its address."""
    page = 1
    while found := api.call("GET", f"/issues/{pull_request}/comments?per_page=100&page={page}"):
        for comment in found:
            if str(comment["body"]).startswith(marker):
                path = f"/issues/comments/{comment['id']}"
                return str(api.call("PATCH", path, {"body": body})["html_url"])
        page += 1
    return str(api.call("POST", f"/issues/{pull_request}/comments", {"body": body})["html_url"])


def keep_pull_request(api: Api, owner: str, branch: str, base: str, title: str, body: str) -> str:
    """Open a pull request from ``branch``, or bring the open one up to date; return its address."""
    opened = api.call("GET", f"/pulls?state=open&head={owner}:{branch}&base={base}")
    if opened:
        path = f"/pulls/{opened[0]['number']}"
        return str(api.call("PATCH", path, {"title": title, "body": body})["html_url"])
    content = {"title": title, "body": body, "head": branch, "base": base}
    return str(api.call("POST", "/pulls", content)["html_url"])
