"""``graph``: prints the DAG of images as text, data or a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.project import open_project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant

FORMATS = ("tree", "json", "mermaid", "dot", "svg")


@click.command()
@click.argument("names", metavar="[VARIANT]...", nargs=-1)
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
def graph(session: Session, names: tuple[str, ...], format_: str) -> int:
    """Print the DAG of images.

    VARIANT is IMAGE or IMAGE:LABEL: only these, what is built on them, and everything that these need.
    """
    from image_matrix.render.docs.graph_text import dot, mermaid, tree
    from image_matrix.render.docs.images_page import image_contexts, image_parents, image_sources

    loaded = open_project(session).loaded
    variants = _around(loaded, names)
    parents, sources = image_parents(variants), image_sources(variants)
    others = image_contexts(variants)
    match format_:
        case "tree":
            text = tree(parents, sources, others)
        case "json":
            import json

            from image_matrix.render.listing import listing

            text = json.dumps(listing(variants, loaded.matrix.order.layers), indent=2) + "\n"
        case "mermaid":
            text = mermaid(parents, sources, others=others)
        case "dot":
            text = dot(parents, sources, others)
        case _:
            from image_matrix.render.docs.graph_svg import svg

            text = svg(parents, sources, loaded.matrix.order, others=others)
    click.echo(text, nl=False)
    return 0


def _around(loaded: Loaded, names: Sequence[str]) -> Mapping[str, Variant]:
    """Return the named variants and their descendants with all that these need, in build order; all if none is named.

    A descendant may need more than the named ones: another image that its Dockerfile copies from.
    """
    from image_matrix.config.variant_selectors import select
    from image_matrix.dag import descendants, digraph, with_ancestors

    if not names:
        return loaded.variants
    parents = {name: item.parents for name, item in loaded.variants.items()}
    chosen = select(loaded.variants, names)
    kept = with_ancestors(descendants(digraph(parents), chosen), lambda name: parents[name])
    return {name: item for name, item in loaded.variants.items() if name in kept}
