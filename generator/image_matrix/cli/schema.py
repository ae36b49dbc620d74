"""``schema``: prints the JSON Schema of matrix.yaml, for editors, or of ``deploy/catalog.json``, for its readers."""

from __future__ import annotations

import click


@click.command()
@click.argument("of", type=click.Choice(["matrix", "catalog"]), default="matrix", metavar="[matrix|catalog]")
def schema(of: str) -> int:
    """Print the JSON Schema of matrix.yaml or of the catalog."""
    from image_matrix.config.schema import schema_text as of_matrix
    from image_matrix.render.lists.catalog_json import schema_text as of_catalog

    click.echo(of_matrix() if of == "matrix" else of_catalog(), nl=False)
    return 0
