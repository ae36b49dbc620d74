"""Judges what Kubeflow's culler reads: whether ``PREFIX/api/kernels`` follows the activity of a user.

Source: kubeflow/notebooks, components/notebook-controller/controllers/culling_controller.go. The culler reads
``execution_state`` and ``last_activity``, a time in RFC 3339. It cannot use an empty list. It is a program in Go, whose
HTTP client names itself in ``User-Agent``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from image_matrix.json_data import read_json

if TYPE_CHECKING:
    from image_matrix.verify.contract import Page

CULLER = {"User-Agent": "Go-http-client/1.1"}
"""What the culler says that it is: the default of Go's net/http."""
Kernel = tuple[str, datetime]
"""State and last activity."""
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
"""RFC 3339, as Go reads it."""


def culling(before: Page, after: Page, again: Page, oldest: float) -> str:
    """Return the problem of three answers: before an action of the user, after it, and again without one.

    ``oldest`` is the start of the container, in seconds since the epoch by its own clock. The action is a terminal that
    is opened in JupyterLab, and a request for a page elsewhere.
    """
    answers = (before, after, again)
    if problem := next(filter(None, (listing(answer, oldest) for answer in answers)), ""):
        return problem
    if not all(map(listed, answers)):
        return "is an empty list, which the culler cannot use"
    return _follows(before, after) or _rests(after, again)


def listing(answer: Page, oldest: float) -> str:
    """Return the problem of a single answer."""
    if answer["status"] == 0:
        return f"no answer ({answer['error']})"
    if answer["status"] != 200:
        return f"answers {answer['status']}"
    try:
        kernels = listed(answer)
    except (ValueError, TypeError, KeyError):
        return f"is not a list of kernels with times in RFC 3339: {answer['body'][:80]}"
    past = [moment for _, moment in kernels if moment.timestamp() < oldest]
    return f"reports activity at {past[0].isoformat()}, before the container started" if past else ""


def _follows(before: Page, after: Page) -> str:
    if _last(after) > _last(before):
        return ""
    return f"after the user did something, the last activity is still {_last(after).isoformat()}"


def _rests(after: Page, again: Page) -> str:
    """Return a problem if the request itself counts as activity; the activity of a busy kernel may change."""
    if _last(again) == _last(after) or any(state == "busy" for state, _ in listed(again)):
        return ""
    return "the last activity changes without use, so the culler never stops the server"


def _last(answer: Page) -> datetime:
    return max(moment for _, moment in listed(answer))


def listed(answer: Page) -> list[Kernel]:
    """Return the kernels; raises ValueError, TypeError or KeyError if the answer is not a list of kernels."""
    kernels = read_json(answer["body"])
    if not isinstance(kernels, list):
        raise TypeError
    return [(_state(kernel), _moment(kernel["last_activity"])) for kernel in kernels]


def _state(kernel: dict[str, Any]) -> str:
    state = kernel["execution_state"]
    if not isinstance(state, str):
        raise TypeError
    return state


def _moment(text: str) -> datetime:
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text)


def shown(answer: Page) -> str:
    """Return a valid answer as text."""
    return ", ".join(
        f"{state} since {moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" for state, moment in listed(answer)
    )
