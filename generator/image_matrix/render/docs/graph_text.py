"""Writes the image DAG as text: a tree for terminals, and Mermaid and DOT for other programs."""

from __future__ import annotations

import re
from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

from image_matrix.dag import NO_OTHERS, digraph

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

NO_LINKS: Mapping[str, str] = MappingProxyType({})


def tree(
    parents: Mapping[str, str | None],
    sources: Mapping[str, str],
    others: Mapping[str, Collection[str]] = NO_OTHERS,
) -> str:
    """Return the DAG as an indented tree, as networkx draws it; a source and an image may have the same name.

    ``others`` are further images that an image needs; they stand behind it.
    """
    import networkx

    edges: dict[tuple[str, str], list[tuple[str, str]]] = {
        ("source", source): [] for source in sources.values()
    }
    for name, parent in parents.items():
        edges["image", name] = [
            *([("image", parent)] if parent is not None else []),
            *([("source", sources[name])] if name in sources else []),
            *(("image", other) for other in others.get(name, ())),
        ]
    graph = digraph(edges)
    networkx.set_node_attributes(graph, {node: node[1] for node in graph}, "label")
    return "".join(f"{line}\n" for line in networkx.generate_network_text(graph))


def mermaid(
    parents: Mapping[str, str | None],
    sources: Mapping[str, str],
    marked: Collection[str] = (),
    others: Mapping[str, Collection[str]] = NO_OTHERS,
    links: Mapping[str, str] = NO_LINKS,
) -> str:
    """Return a Mermaid flowchart of images; ``sources`` gives the source of images without a parent.

    ``others`` are further images that an image needs; their edges are dotted. Marked images have another colour.
    ``links`` are addresses of images, without characters that end a text of Mermaid. The
    chart runs from left to right, since names are long and pages narrow. Small trees come first, since Mermaid draws
    the edges of a large tree over a small one below it. Source of the format: mermaid.js.org/syntax/flowchart.html.
    """
    order = _small_trees_first(parents, sources)
    lines = ["graph LR"]
    roots = dict.fromkeys(sources[name] for name in order if name in sources)
    lines += [f'  source_{_id(source)}(["{source}"])' for source in roots]
    lines += [f'  {_id(name)}["{name}"]' for name in order]
    lines += [f"  source_{_id(sources[name])} --> {_id(name)}" for name in order if name in sources]
    lines += [f"  {_id(parents[name] or '')} --> {_id(name)}" for name in order if parents[name]]
    lines += [f"  {_id(other)} -.-> {_id(name)}" for name in order for other in others.get(name, ())]
    lines += [f'  click {_id(name)} href "{links[name]}" _blank' for name in order if name in links]
    if marked:
        lines.append("  classDef marked fill:#f9c74f,stroke:#b5651d,color:#000;")
        lines.append(f"  class {','.join(_id(name) for name in parents if name in marked)} marked;")
    return "\n".join(lines) + "\n"


def _small_trees_first(parents: Mapping[str, str | None], sources: Mapping[str, str]) -> list[str]:
    roots: dict[str, str] = {}
    for name, parent in parents.items():  # parents first
        roots[name] = sources.get(name, name) if parent is None else roots.get(parent, parent)
    sizes = Counter(roots.values())
    return sorted(parents, key=lambda name: sizes[roots[name]])


def dot(
    parents: Mapping[str, str | None],
    sources: Mapping[str, str],
    others: Mapping[str, Collection[str]] = NO_OTHERS,
) -> str:
    """Return the DAG in Graphviz' language (graphviz.org/doc/info/lang.html); edges of ``others`` are dashed."""
    lines = ["digraph images {", "  rankdir=TB;", "  node [shape=box];"]
    lines += [f'  "{source}" [shape=ellipse];' for source in dict.fromkeys(sources.values())]
    lines += [f'  "{name}";' for name in parents]
    lines += [f'  "{source}" -> "{name}";' for name, source in sources.items()]
    lines += [f'  "{parent}" -> "{name}";' for name, parent in parents.items() if parent]
    lines += [
        f'  "{other}" -> "{name}" [style=dashed];' for name in parents for other in others.get(name, ())
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _id(name: str) -> str:
    # words such as `end` are reserved in Mermaid, `-` starts an arrow, and a comma and a space stand between sources
    return "n_" + re.sub(r"\W", "_", name)
