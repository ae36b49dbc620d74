"""Checks that each variable a container is started with, of its image or pod, arrives wherever its user works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.verify.places import without
from image_matrix.verify.probe_client import judged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.verify.engine import Container
    from image_matrix.verify.model import Result
    from image_matrix.verify.places import Answers

CHECK = "environment"
OF_POD: Mapping[str, str] = {"IMAGE_MATRIX_PROBE": 'two lines\nit\'s "so": $HOME=`id` \\ ü'}
"""A variable as a pod may set one, with what a shell could spoil."""


def environment(container: Container, answers_by_place: Mapping[str, Answers]) -> Result:
    """Judge what the places of a container have that was started with :data:`OF_POD`."""
    detail = ", ".join(answers_by_place)
    return judged(CHECK, complete(answers_by_place), detail=detail, container=container)


def complete(answers_by_place: Mapping[str, Answers]) -> str:
    """Return which variables do not arrive at which place, as they are in the container: names, never values."""
    return "; ".join(
        f"{place}: {problem}"
        for place, seen in answers_by_place.items()
        if (problem := without(seen, seen.get("differs", ()), "the container"))
    )
