"""Looks at the places of a container where its user works: what variables arrive there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.verify.probe_client import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.served_app import Served
    from image_matrix.verify.engine import Container

EVERYWHERE = ("shell", "prompt", "program without variables")
"""Of any image: what enters the container, and what is started by a program such as cron."""
OF_IDE: Mapping[Served | None, tuple[str, ...]] = {
    "jupyter": ("kernel", "terminal"),
    "codeserver": ("code-server", "code-server's terminal"),
    "rstudio": ("rstudio", "rstudio's terminal"),
}
BY_API = ("kernel", "terminal")
"""Places that Jupyter's API starts."""
SECONDS = 180.0
"""Until all places have answered: a kernel and a terminal have a minute each."""
Answers = dict[str, Any]


def look(container: Container, ide: Served | None, token: str = "") -> tuple[int, dict[str, Answers]]:
    """Return the number of the distribution's certificates, and what each place has; the container serves at ``/``.

    ``token`` is the login of its server. A place that the image does not have, such as terminals that are turned off,
    is left out.
    """
    places = (*EVERYWHERE, *OF_IDE.get(ide, ()))
    requests = [(place, {"token": token} if place in BY_API else {}) for place in ("public", *places)]
    public, *answers = ask(container, *requests, script="settings_probe", seconds=SECONDS)
    return public["certificates"], {place: seen for place, seen in zip(places, answers, strict=True) if seen}


def without(seen: Answers, names: Iterable[str], whose: str) -> str:
    """Return what is wrong at a place: nothing runs there, or it lacks variables."""
    if "error" in seen:
        return str(seen["error"])
    missing = ", ".join(names)
    return f"without {missing} of {whose}" if missing else ""
