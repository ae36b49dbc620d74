"""Checks that certificates and mirrors of the place that runs a container arrive wherever its user works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.verify.in_container.settings_probe import FILES, TEXTS
from image_matrix.verify.probe_client import ask, judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.served_app import Served
    from image_matrix.verify.engine import Container
    from image_matrix.verify.model import Result, Subject

CHECK = "closed-network"
INDEX = "https://index.example.org/simple"
ENVIRONMENT: Mapping[str, str] = {
    "IMAGE_MATRIX_CA": "/etc/ssl/certs/ca-certificates.crt",
    "PIP_INDEX_URL": INDEX,
}
"""What the place sets. The certificates are those of the distribution: an engine elsewhere has no file to mount."""
PLACES: Mapping[Served | None, tuple[str, ...]] = {
    "jupyter": ("shell", "kernel", "terminal"),
    "codeserver": ("shell", "code-server"),
    "rstudio": ("shell", "rstudio"),
}
"""Where users of an IDE work; in other images, in a shell."""
SECONDS = 60.0


def closed_network(container: Container, subject: Subject) -> Iterator[Result]:
    """Look into all places of a container that was started with :data:`ENVIRONMENT` and serves at ``/``."""
    places = PLACES.get(subject.ide, ("shell",))
    requests: list[tuple[str, dict[str, Any]]] = [(place, {}) for place in ("public", *places)]
    public, *answers = ask(container, *requests, script="settings_probe", seconds=SECONDS)
    answers_by_place = dict(zip(places, answers, strict=True))
    detail = ", ".join(place for place, seen in answers_by_place.items() if seen)
    yield judged(CHECK, arrived(answers_by_place, public["certificates"]), detail=detail, container=container)


def arrived(answers_by_place: Mapping[str, Mapping[str, Any]], public: int) -> str:
    """Return what is missing at a place: the joined file has the ``public`` certificates twice."""
    expected: dict[str, Any] = {**dict.fromkeys(FILES, 2 * public), **dict.fromkeys(TEXTS, INDEX)}
    return "; ".join(
        f"{place}: {problem}"
        for place, seen in answers_by_place.items()
        if seen and (problem := _missing(seen, expected))
    )


def _missing(seen: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    if "error" in seen:
        return str(seen["error"])
    wrong = [name for name, value in expected.items() if seen[name] != value]
    return f"without {', '.join(wrong)} of the place that runs the container" if wrong else ""
