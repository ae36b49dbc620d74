"""``graph``: prints the DAG of images as text, data or a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.project import open_project

if TYPE_CHECKING:
    from image_matrix.cli.session import Session

FORMATS = ("tree", "json", "mermaid", "dot", "svg")


@click.command()
@click.option(
    "--format",
    "format_",
    metavar="FORMAT",
    type=click.Choice(FORMATS),
    default="tree",
    show_default=True,
    help=f"One of {', '.join(FORMATS)}.",
)
@click.pass_obj
def graph(session: Session, format_: str) -> int:
    """Print the DAG of images."""
    from image_matrix.render.docs.graph_text import dot, mermaid, tree
    from image_matrix.render.docs.images_page import image_contexts, image_parents, image_sources

    loaded = open_project(session).loaded
    parents, sources = image_parents(loaded.variants), image_sources(loaded.variants)
    others = image_contexts(loaded.variants)
    match format_:
        case "tree":
            text = tree(parents, sources, others)
        case "json":
            import json

            from image_matrix.render.listing import listing

            text = json.dumps(listing(loaded.variants, loaded.matrix.order.layers), indent=2) + "\n"
        case "mermaid":
            text = mermaid(parents, sources, others=others)
        case "dot":
            text = dot(parents, sources, others)
        case _:
            from image_matrix.render.docs.graph_svg import svg

            text = svg(parents, sources, loaded.matrix.order, others=others)
    click.echo(text, nl=False)
    return 0
