"""The image DAG as a picture: layers from left to right, a row for every leaf, parents beside the middle of theirs.

Rows and columns are cut to the text that stands in them, so that nothing can overlap, and the picture follows the
reader's light or dark mode (``prefers-color-scheme``).
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    parents: Mapping[str, str | None], sources: Mapping[str, str], links: Mapping[str, str] | None = None
) -> str:
    """Return the drawing; ``sources`` gives the source of images without a parent, ``links`` an image's address."""
    boxes, edges = layout(parents, sources)
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
    parents: Mapping[str, str | None], sources: Mapping[str, str]
) -> tuple[dict[Node, Box], list[tuple[Node, Node]]]:
    """Return the place of every node, and the edges from parent to child."""
    children = _children(parents, sources)
    order = list(_walk(children, [node for node in children if node.source]))
    rows = _rows(children, [node for node, _ in order])
    widths: dict[int, float] = {}
    for node, layer in order:
        widths[layer] = max(widths.get(layer, 0), text_width(node.name) + 2 * PADDING)
    boxes = {
        node: Box(
            node.name,
            node.source,
            MARGIN + sum(widths[before] + GAP for before in range(layer)),
            MARGIN + rows[node] * ROW,
            text_width(node.name) + 2 * PADDING,
        )
        for node, layer in order
    }
    return boxes, [(node, child) for node in children for child in children[node]]


def _children(parents: Mapping[str, str | None], sources: Mapping[str, str]) -> dict[Node, list[Node]]:
    found: dict[Node, list[Node]] = {Node(source, source=True): [] for source in sources.values()}
    found |= {Node(name): [] for name in parents}
    for name, parent in parents.items():
        above = Node(parent) if parent is not None else Node(sources[name], source=True)
        found[above].append(Node(name))
    return found


def _walk(children: Mapping[Node, list[Node]], roots: list[Node]) -> Iterator[tuple[Node, int]]:
    """Yield every node with its layer, a node before its children and a subtree without interruption."""
    waiting = [(root, 0) for root in reversed(roots)]
    while waiting:
        node, layer = waiting.pop()
        yield node, layer
        waiting += [(child, layer + 1) for child in reversed(children[node])]


def _rows(children: Mapping[Node, list[Node]], order: list[Node]) -> dict[Node, float]:
    """Give every leaf a row of its own, and every other node the middle of its first and last child."""
    leaves = [node for node in order if not children[node]]
    rows = {node: float(row) for row, node in enumerate(leaves)}
    for node in reversed(order):
        if children[node]:
            rows[node] = (rows[children[node][0]] + rows[children[node][-1]]) / 2
    return rows


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
