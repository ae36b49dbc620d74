"""What options of several commands have in common."""

from __future__ import annotations

import click

also_staging = click.option(
    "--staging", is_flag=True, envvar="IMAGE_MATRIX_STAGING", help="Look below the staging path too."
)
"""The option of commands that look for images."""


def not_empty(_: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse an empty value: it is what a workflow's step passes on if the step before it has no output."""
    if value == "":
        raise click.BadParameter("it is empty; give it a value, or leave the option out", param=parameter)
    return value
