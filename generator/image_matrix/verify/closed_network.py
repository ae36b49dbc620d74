"""Checks that certificates and mirrors of the place that runs a container arrive wherever its user works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.verify.in_container.settings_probe import FILES, TEXTS
from image_matrix.verify.places import without
from image_matrix.verify.probe_client import judged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.verify.engine import Container
    from image_matrix.verify.model import Result
    from image_matrix.verify.places import Answers

CHECK = "closed-network"
INDEX = "https://index.example.org/simple"
OF_PLACE: Mapping[str, str] = {
    "IMAGE_MATRIX_CA": "/etc/ssl/certs/ca-certificates.crt",
    "PIP_INDEX_URL": INDEX,
}
"""What the place sets. The certificates are those of the distribution: an engine elsewhere has no file to mount."""


def closed_network(container: Container, public: int, answers_by_place: Mapping[str, Answers]) -> Result:
    """Judge what the places of a container have that was started with :data:`OF_PLACE`."""
    problem = arrived(answers_by_place, public)
    return judged(CHECK, problem, detail=", ".join(answers_by_place), container=container)


def arrived(answers_by_place: Mapping[str, Answers], public: int) -> str:
    """Return what is missing at a place: the joined file has the ``public`` certificates twice."""
    expected: dict[str, Any] = {**dict.fromkeys(FILES, 2 * public), **dict.fromkeys(TEXTS, INDEX)}
    return "; ".join(
        f"{place}: {problem}"
        for place, seen in answers_by_place.items()
        if (problem := without(seen, _wrong(seen, expected), "the place that runs the container"))
    )


def _wrong(seen: Answers, expected: Mapping[str, Any]) -> list[str]:
    return [name for name, value in expected.items() if seen.get(name) != value]
