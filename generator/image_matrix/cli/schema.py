"""``schema``: prints the JSON Schema of matrix.yaml, for editors."""

from __future__ import annotations

import click


@click.command()
def schema() -> int:
    """Print the JSON Schema of matrix.yaml."""
    from image_matrix.config.schema import schema_text

    click.echo(schema_text(), nl=False)
    return 0
