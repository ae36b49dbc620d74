"""Draws the image DAG as SVG: layers from left to right, a row per leaf, each parent centred on its children.

Rows and columns have the size of their text, so that nothing overlaps. The picture follows the reader's light or dark
mode (``prefers-color-scheme``).
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING

from image_matrix.dag import NO_OTHERS, children

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.dag import BuildOrder

FONT_SIZE = 13
CHARACTER = 7.8
"""Width of a character in pixels: 0.6 em, as in monospaced fonts; ``textLength`` fits other fonts to it."""
PADDING, HEIGHT, ROW, GAP, MARGIN = 10, 26, 34, 44, 12
_STYLE = """\
  <style>
    .box { fill: #f6f8fa; stroke: #57606a; }
    .source { fill: #ddf4ff; stroke: #0969da; }
    .edge, .other { fill: none; stroke: #8c959f; stroke-width: 1.5; }
    .other { stroke-dasharray: 4 3; }
    text { fill: #1f2328; font: 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
    @media (prefers-color-scheme: dark) {
      .box { fill: #161b22; stroke: #8b949e; }
      .source { fill: #0c2d6b; stroke: #58a6ff; }
      .edge, .other { stroke: #6e7681; }
      text { fill: #e6edf3; }
    }
  </style>
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A node of the picture; ``x`` and ``y`` are its upper left corner in pixels."""

    label: str
    source: bool
    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        """The y coordinate at which edges touch it."""
        return self.y + HEIGHT / 2


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A source or an image; a source and an image may have the same name."""

    name: str
    source: bool = False


def svg(
    parents: Mapping[str, str | None],
    sources: Mapping[str, str],
    order: BuildOrder,
    links: Mapping[str, str] | None = None,
    others: Mapping[str, Collection[str]] = NO_OTHERS,
) -> str:
    """Return the drawing.

    ``sources`` gives the sources of images that are built on some, ``order`` the build order of the images, ``links``
    the address of an image, ``others`` further images that an image needs: their edges are dashed.
    """
    boxes, edges = layout(parents, sources, order)
    width = max((box.x + box.width for box in boxes.values()), default=0) + MARGIN
    height = max((box.y + HEIGHT for box in boxes.values()), default=0) + MARGIN
    lines = [_edge(boxes[start], boxes[end], "edge") for start, end in edges]
    lines += [_edge(boxes[start], boxes[end], "other") for start, end in further(parents, sources, others)]
    nodes = [_node(box, "" if box.source else (links or {}).get(box.label, "")) for box in boxes.values()]
    # screen readers skip the parts of an `img`, and links must be readable
    role = "group" if links else "img"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="{role}" aria-labelledby="title" aria-describedby="desc" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">\n'
        f'  <title id="title">Images and what they are built on</title>\n'
        f'  <desc id="desc">{escape(describe(parents, sources, others))}</desc>\n'
        f"{_STYLE}{''.join(lines)}{''.join(nodes)}</svg>\n"
    )


def describe(
    parents: Mapping[str, str | None],
    sources: Mapping[str, str],
    others: Mapping[str, Collection[str]] = NO_OTHERS,
) -> str:
    """Return the DAG as sentences, for readers who do not see the picture."""
    return " ".join(
        f"{name} is built on {', '.join([parent or sources[name], *_further_names(name, parents, sources, others)])}."
        for name, parent in parents.items()
    )


def _further_names(
    name: str,
    parents: Mapping[str, str | None],
    sources: Mapping[str, str],
    others: Mapping[str, Collection[str]],
) -> list[str]:
    """Return what an image needs beside the parent that it is drawn behind: sources of other variants, and images."""
    source = [sources[name]] if parents[name] and name in sources else []
    return [*source, *others.get(name, ())]


def further(
    parents: Mapping[str, str | None], sources: Mapping[str, str], others: Mapping[str, Collection[str]]
) -> list[tuple[GraphNode, GraphNode]]:
    """Return the edges to what images need beside the parents that they are drawn behind."""
    of_sources = [
        (GraphNode(sources[name], source=True), GraphNode(name)) for name in sources if parents[name]
    ]
    images = [(GraphNode(other), GraphNode(name)) for name in parents for other in others.get(name, ())]
    return [*of_sources, *images]


def layout(
    parents: Mapping[str, str | None], sources: Mapping[str, str], order: BuildOrder
) -> tuple[dict[GraphNode, Box], list[tuple[GraphNode, GraphNode]]]:
    """Return the place of every node, and the edges from parent to child."""
    above = _parents(parents, sources, order)
    below = children(above)
    columns = {node: 0 if node.source else order.layers[node.name] + 1 for node in above}
    rows = _rows(below, [*above])
    lefts = _lefts(columns)
    boxes = {
        node: Box(node.name, node.source, lefts[columns[node]], MARGIN + rows[node] * ROW, _width(node.name))
        for node in above
    }
    return boxes, [(parent, child) for parent in above for child in below.get(parent, ())]


def _parents(
    parents: Mapping[str, str | None], sources: Mapping[str, str], order: BuildOrder
) -> dict[GraphNode, GraphNode | None]:
    """Return the parent of each node, depth first; each source is before the images that are built on it."""
    above = {
        GraphNode(name): GraphNode(parent)
        if (parent := parents[name])
        else GraphNode(sources[name], source=True)
        for name in order.walk
        if name in parents
    }
    grouped: dict[GraphNode, list[GraphNode]] = {
        GraphNode(source, source=True): [] for source in sources.values()
    }
    roots: dict[GraphNode, GraphNode] = {}
    for node, drawn_parent in above.items():  # parents first
        roots[node] = roots.get(drawn_parent, drawn_parent)
        grouped[roots[node]].append(node)
    return {node: above.get(node) for source, nodes in grouped.items() for node in (source, *nodes)}


def _lefts(columns: Mapping[GraphNode, int]) -> list[float]:
    """Return the left edge of each column: the widths of the columns before it, and the gaps."""
    widths: dict[int, float] = {}
    for node, column in columns.items():
        widths[column] = max(widths.get(column, 0), _width(node.name))
    return [*accumulate((widths[column] + GAP for column in sorted(widths)), initial=float(MARGIN))]


def _rows(below: Mapping[GraphNode, list[GraphNode]], nodes: list[GraphNode]) -> dict[GraphNode, float]:
    """Return the row of each node: leaves have one each, a parent is halfway between its first and last child."""
    rows = {node: float(row) for row, node in enumerate(node for node in nodes if node not in below)}
    for node in reversed(nodes):
        if node in below:
            rows[node] = (rows[below[node][0]] + rows[below[node][-1]]) / 2
    return rows


def _width(name: str) -> float:
    return text_width(name) + 2 * PADDING


def text_width(text: str) -> float:
    """Return the width of a text in pixels; East Asian characters take two columns."""
    import unicodedata

    columns = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
    return columns * CHARACTER


def _edge(start: Box, end: Box, style: str) -> str:
    left, bend = start.x + start.width, end.x - GAP / 2
    return (
        f'  <path class="{style}" d="M{left:g} {start.middle:g}H{bend - GAP / 4:g}'
        f"C{bend + GAP / 8:g} {start.middle:g} {bend - GAP / 8:g} {end.middle:g} {bend + GAP / 4:g} {end.middle:g}"
        f'H{end.x:g}"/>\n'
    )


def _node(box: Box, link: str) -> str:
    radius = HEIGHT / 2 if box.source else 4
    text = (
        f'  <rect class="box{" source" if box.source else ""}" x="{box.x:g}" y="{box.y:g}" '
        f'width="{box.width:g}" height="{HEIGHT}" rx="{radius:g}"/>\n'
        f'  <text x="{box.x + PADDING:g}" y="{box.middle + FONT_SIZE * 0.35:g}" '
        f'textLength="{text_width(box.label):g}" lengthAdjust="spacingAndGlyphs">{escape(box.label)}</text>\n'
    )
    return f'  <a href="{escape(link)}">\n{text}  </a>\n' if link else text
