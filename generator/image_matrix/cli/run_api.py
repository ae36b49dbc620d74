"""Reads what a run has in its environment: its event, and the way to GitHub's API."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.github.api import Api
    from image_matrix.github.event import Event


def run_api() -> Api:
    """Return the API of the run's repository; raises :class:`CallError` outside of a run."""
    from image_matrix.github.api import open_api

    url = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    return open_api(url, required_variable("GITHUB_REPOSITORY"), required_variable("GITHUB_TOKEN"))


def required_variable(variable: str) -> str:
    """Return a variable that every run has; raises :class:`CallError` if it is not set."""
    from image_matrix.errors import CallError

    value = os.environ.get(variable)
    if not value:
        raise CallError(f"{variable} is not set", "this command is a step of the generated workflow")
    return value


def run_event() -> Event:
    """Return the event that started the run; raises :class:`OSError` if its file cannot be read."""
    from image_matrix.github.event import read_event

    path = os.environ.get("GITHUB_EVENT_PATH")
    payload = json.loads(Path(path).read_text(encoding="utf-8")) if path and Path(path).is_file() else {}
    return read_event(os.environ.get("GITHUB_EVENT_NAME", ""), payload)


def refuse_other_branches(default: str) -> None:
    """Raise :class:`Failure` in a run of another branch or of a tag.

    Source: docs.github.com/actions/reference/workflows-and-actions/variables, "GITHUB_REF".
    """
    from image_matrix.errors import Failure
    from image_matrix.github.event import BRANCHES

    ref = os.environ.get("GITHUB_REF", "")
    if ref not in ("", f"{BRANCHES}{default}"):
        name = ref.removeprefix(BRANCHES)
        message = f"this run is of {name}, and a change is proposed from {default} alone"
        raise Failure(message, f"start the workflow on {default}")
