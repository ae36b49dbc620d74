"""``graph``: the DAG of images as text, data or a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.session import Session, open_project

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    from image_matrix.render.docs.graph_text import dot, mermaid
    from image_matrix.render.docs.images_page import image_parents, image_sources

    variants = open_project(session).loaded.variants
    parents, sources = image_parents(variants), image_sources(variants)
    match format_:
        case "tree":
            text = tree(parents, sources)
        case "json":
            import json

            from image_matrix.render.listing import listing

            text = json.dumps(listing(variants), indent=2) + "\n"
        case "mermaid":
            text = mermaid(parents, sources)
        case "dot":
            text = dot(parents, sources)
        case _:
            from image_matrix.render.docs.graph_svg import svg

            text = svg(parents, sources)
    click.echo(text, nl=False)
    return 0


def tree(parents: Mapping[str, str | None], sources: Mapping[str, str]) -> str:
    """Return the DAG as an indented tree, as ``tree`` prints folders."""
    children: dict[str, list[str]] = {}
    for name, parent in parents.items():
        children.setdefault(parent or f"source {sources[name]}", []).append(name)
    roots = list(dict.fromkeys(f"source {source}" for source in sources.values()))
    return "".join(f"{root.removeprefix('source ')}\n{_branch(children, root, '')}" for root in roots)


def _branch(children: Mapping[str, list[str]], name: str, indent: str) -> str:
    below = children.get(name, [])
    text = ""
    for child in below:
        last = child == below[-1]
        text += f"{indent}{'└── ' if last else '├── '}{child}\n"
        text += _branch(children, child, indent + ("    " if last else "│   "))
    return text
