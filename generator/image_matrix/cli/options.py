"""What options of several commands have in common."""

from __future__ import annotations

import click


def not_empty(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse an empty value: it is what a workflow's step passes on if the step before it has no output."""
    if value == "":
        raise click.BadParameter("it is empty; give it a value, or leave the option out", param=parameter)
    return value
