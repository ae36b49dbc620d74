"""Finds ``tests:`` that can never pass or never run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from image_matrix.config.served_app import IDES, served_by
from image_matrix.config.shell_syntax import shell_syntax
from image_matrix.config.yaml_text import as_written
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import human
from image_matrix.validate.findings import bad_value
from image_matrix.validate.references import every_settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

_RUN = "rootfs/KIND/etc/services.d/NAME/run"


def unreadable_commands(matrix: Matrix) -> Iterator[Finding]:
    """Commands with a quote that is not closed, and those that only a shell would understand."""
    for path, settings in every_settings(matrix):
        place: Path = (*path, "tests", "commands")
        for command in settings.tests.get("commands", {}):
            if mistake := _mistake(command):
                fields = {"problem": mistake[0], "advice": mistake[1]}
                yield rules.BAD_VALUE.at((*place, command), "key", where=human(place), **fields)


def _mistake(command: str) -> tuple[str, str] | None:
    """Return what is wrong with a command, and what to write."""
    try:
        shlex.split(command)
    except ValueError as error:
        problem = f"`{command}` cannot be split into words: {str(error).lower()}"
        return problem, "close the quotation, or put a backslash before the quote"
    piece = shell_syntax(command)
    if not piece:
        return None
    shell = as_written(f"sh -c {shlex.quote(command)}")
    problem = f"no shell runs `{command}`, and `{piece}` would be a word like any other"
    return problem, f"write `{shell}`, or put `{piece}` in quotes to use it literally"


def http_without_service(
    matrix: Matrix, variants: Mapping[str, Variant], serving: Collection[str]
) -> Iterator[Finding]:
    """HTTP tests of images that serve nothing; ``serving`` are the kinds that bring a service."""
    served = {
        item.image
        for item in variants.values()
        if item.contract == "service" or served_by(variants, item.id, serving)
    }
    listed = ", ".join([*IDES, *sorted({*serving} - {*IDES})])
    known = {item.image for item in variants.values()}
    for path, settings in settings_of(matrix):
        if settings.tests.get("http") and path[1] in known - served:
            problem = f"`{path[1]}` serves nothing: no kind in its chain brings a service"
            advice = (
                f"put it into an image whose kind brings one: {listed}; a kind of yours does with {_RUN}; "
                "an image with a server of its own has `contract: service`"
            )
            yield bad_value((*path, "tests", "http"), problem, advice, "key")
