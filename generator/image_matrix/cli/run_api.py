"""Opens GitHub's API with what a run has in its environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.github.api import Api


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
