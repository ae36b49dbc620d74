"""What Kubeflow's culler goes by, judged: ``PREFIX/api/kernels``, and whether it follows what a user does.

Source: kubeflow/notebooks, components/notebook-controller/controllers/culling_controller.go: it reads
``execution_state`` and ``last_activity``, which has to be a time of RFC 3339, and learns nothing from an empty list.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from image_matrix.config.served_app import Ide
    from image_matrix.verify.contract import Page

Kernel = tuple[str, datetime]
"""State and last activity."""
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
"""RFC 3339, as Go reads it."""


def culling(ide: Ide, before: Page, after: Page, again: Page, oldest: float) -> str:
    """Say what is wrong with three answers: before a page was asked for, after it, and once more without a page.

    ``oldest`` is when the container started, in seconds since the epoch by its own clock. Jupyter's list is empty while
    there is no kernel; that of an IDE without kernels stands for the IDE itself, and moves with every page.
    """
    if problem := listing(after, oldest):
        return problem
    if ide == "jupyter":
        return ""
    answers = (before, after, again)
    if problem := next(filter(None, (listing(answer, oldest) for answer in answers)), ""):
        return problem
    if not all(map(listed, answers)):
        return "is an empty list, which tells the culler nothing"
    return _follows(before, after) or _rests(after, again)


def listing(answer: Page, oldest: float) -> str:
    """Say what is wrong with an answer by itself."""
    if answer["status"] == 0:
        return f"no answer ({answer['error']})"
    if answer["status"] != 200:
        return f"answers {answer['status']}"
    try:
        found = listed(answer)
    except (ValueError, TypeError, KeyError):
        return f"is no list of kernels with times of RFC 3339: {answer['body'][:80]}"
    past = [moment for _, moment in found if moment.timestamp() < oldest]
    return f"tells of activity at {past[0].isoformat()}, before the container started" if past else ""


def _follows(before: Page, after: Page) -> str:
    if _last(after) > _last(before):
        return ""
    return f"a page was asked for, and the last activity is still {_last(after).isoformat()}"


def _rests(after: Page, again: Page) -> str:
    """Say whether the question itself counts as activity; what computes moves by itself, and may."""
    if _last(again) == _last(after) or any(state == "busy" for state, _ in listed(again)):
        return ""
    return "the last activity moves where nobody does anything: nothing would ever be culled"


def _last(answer: Page) -> datetime:
    return max(moment for _, moment in listed(answer))


def listed(answer: Page) -> list[Kernel]:
    """Return each kernel; raises ValueError, TypeError or KeyError where it is no list of them."""
    found = json.loads(answer["body"])
    if not isinstance(found, list):
        raise TypeError
    return [(_state(kernel), _moment(kernel["last_activity"])) for kernel in found]


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
    """Return what a good answer says."""
    return ", ".join(
        f"{state} since {moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" for state, moment in listed(answer)
    )
