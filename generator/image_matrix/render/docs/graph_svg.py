"""The image DAG as a picture: layers from left to right, a row for every leaf, parents beside the middle of theirs.

Rows and columns are cut to the text that stands in them, so that nothing can overlap, and the picture follows the
reader's light or dark mode (``prefers-color-scheme``).
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING

from image_matrix.dag import children

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.dag import BuildOrder

FONT_SIZE = 13
CHARACTER = 7.8
"""Width of a character in pixels: 0.6 em, what monospaced fonts have; ``textLength`` holds any other font to it."""
PADDING, HEIGHT, ROW, GAP, MARGIN = 10, 26, 34, 44, 12
_STYLE = """\
  <style>
    .box { fill: #f6f8fa; stroke: #57606a; }
    .source { fill: #ddf4ff; stroke: #0969da; }
    .edge { fill: none; stroke: #8c959f; stroke-width: 1.5; }
    text { fill: #1f2328; font: 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
    @media (prefers-color-scheme: dark) {
      .box { fill: #161b22; stroke: #8b949e; }
      .source { fill: #0c2d6b; stroke: #58a6ff; }
      .edge { stroke: #6e7681; }
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
        """Height at which edges reach it."""
        return self.y + HEIGHT / 2


@dataclass(frozen=True, slots=True)
class Node:
    """A source or an image; one name may be both."""

    name: str
    source: bool = False


def svg(
    parents: Mapping[str, str | None],
    sources: Mapping[str, str],
    order: BuildOrder,
    links: Mapping[str, str] | None = None,
) -> str:
    """Return the drawing.

    ``sources`` gives the source of images without a parent, ``order`` is that of the images, ``links`` an image's
    address.
    """
    boxes, edges = layout(parents, sources, order)
    width = max((box.x + box.width for box in boxes.values()), default=0) + MARGIN
    height = max((box.y + HEIGHT for box in boxes.values()), default=0) + MARGIN
    lines = [_edge(boxes[start], boxes[end]) for start, end in edges]
    nodes = [_node(box, "" if box.source else (links or {}).get(box.label, "")) for box in boxes.values()]
    # the parts of an `img` are hidden from readers of the screen, and links must not be
    role = "group" if links else "img"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="{role}" aria-labelledby="title" aria-describedby="desc" '
        f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">\n'
        f'  <title id="title">Images and what they are built on</title>\n'
        f'  <desc id="desc">{escape(describe(parents, sources))}</desc>\n'
        f"{_STYLE}{''.join(lines)}{''.join(nodes)}</svg>\n"
    )


def describe(parents: Mapping[str, str | None], sources: Mapping[str, str]) -> str:
    """Return the DAG as sentences, for readers who do not see the picture."""
    return " ".join(f"{name} is built on {parent or sources[name]}." for name, parent in parents.items())


def layout(
    parents: Mapping[str, str | None], sources: Mapping[str, str], order: BuildOrder
) -> tuple[dict[Node, Box], list[tuple[Node, Node]]]:
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
) -> dict[Node, Node | None]:
    """Return the node that each is drawn beside; each source stands before the images on it, depth first."""
    above = {
        Node(name): Node(parent) if (parent := parents[name]) else Node(sources[name], source=True)
        for name in order.walk
        if name in parents
    }
    grouped: dict[Node, list[Node]] = {Node(source, source=True): [] for source in sources.values()}
    roots: dict[Node, Node] = {}
    for node, drawn_beside in above.items():  # a parent stands before its children
        roots[node] = roots.get(drawn_beside, drawn_beside)
        grouped[roots[node]].append(node)
    return {node: above.get(node) for source, nodes in grouped.items() for node in (source, *nodes)}


def _lefts(columns: Mapping[Node, int]) -> list[float]:
    """Return the left edge of each column: as far right as the texts before it reach."""
    widths: dict[int, float] = {}
    for node, column in columns.items():
        widths[column] = max(widths.get(column, 0), _width(node.name))
    return [*accumulate((widths[column] + GAP for column in sorted(widths)), initial=float(MARGIN))]


def _rows(below: Mapping[Node, list[Node]], nodes: list[Node]) -> dict[Node, float]:
    """Give every leaf a row of its own, and every other node the middle of its first and last child."""
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


def _edge(start: Box, end: Box) -> str:
    left, bend = start.x + start.width, end.x - GAP / 2
    return (
        f'  <path class="edge" d="M{left:g} {start.middle:g}H{bend - GAP / 4:g}'
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
