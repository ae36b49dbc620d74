"""Reads the global options."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import click

POLICY_VARIABLE = "IMAGE_MATRIX_POLICY"
"""The environment variable with an organisation's policy as text."""


@dataclass(frozen=True, slots=True)
class Session:
    """The global options."""

    root: Path
    matrix: str
    overlays: tuple[str, ...]
    verbosity: int = 0
    overlays_from_environment: bool = False
    """Whether the overlays come from the environment variable rather than from options."""


def session(
    root: str, matrix: str, overlays: tuple[str, ...], color: str, quiet: int, verbose: int
) -> Session:
    """Return a session with the global options."""
    _choose_colour(color)
    if not Path(root).is_dir():
        raise click.BadParameter(f"the folder {root} does not exist", param_hint="-C")
    source = click.get_current_context().get_parameter_source("overlays")
    overlays_from_environment = source is click.core.ParameterSource.ENVIRONMENT
    return Session(
        Path(root), _below(Path(root), matrix), _named(overlays), verbose - quiet, overlays_from_environment
    )


def _below(root: Path, matrix: str) -> str:
    """Return the matrix's path below ``root``, as git writes it; raises :class:`click.BadParameter`."""
    file = root / matrix
    real, folder = file.parent.resolve() / file.name, root.resolve()
    if not real.is_relative_to(folder):
        meant = file if file.is_file() or not Path(matrix).is_file() else Path(matrix)
        place = shlex.quote(os.path.normpath(meant.parent))
        usual = "" if file.name == "matrix.yaml" else f" --matrix {shlex.quote(file.name)}"
        problem = (
            f"{matrix} is not below {root}: templates, lock and outputs are beside a matrix; "
            f"write `-C {place}{usual}` alone"
        )
        raise click.BadParameter(problem, param_hint="--matrix")
    return real.relative_to(folder).as_posix()


def _named(overlays: tuple[str, ...]) -> tuple[str, ...]:
    """Drop empty parts of the variable, as in PATH; an empty option is an error."""
    source = click.get_current_context().get_parameter_source("overlays")
    if source is click.core.ParameterSource.COMMANDLINE and "" in overlays:
        raise click.BadParameter("the name of the file is empty", param_hint="--overlay")
    return tuple(overlay for overlay in overlays if overlay)


def _choose_colour(color: str) -> None:
    """Set click's colours: ``auto`` follows the terminal, NO_COLOR (no-color.org) and FORCE_COLOR.

    A terminal with the name ``dumb`` knows no escape codes (terminfo(5)).
    """
    context = click.get_current_context()
    if color == "always" or (color == "auto" and os.environ.get("FORCE_COLOR")):
        context.color = True
    elif color == "never" or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        context.color = False
