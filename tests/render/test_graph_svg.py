from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from image_matrix.dag import BuildOrder, build_order
from image_matrix.render.docs.graph_svg import HEIGHT, GraphNode, layout, svg

SVG = "{http://www.w3.org/2000/svg}"


@st.composite
def families(draw: st.DrawFn) -> tuple[dict[str, str | None], dict[str, str]]:
    """Images in declaration order with the sources of those that have no parent."""
    names = draw(
        st.lists(st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=12), unique=True)
    )
    parents: dict[str, str | None] = {}
    for at, name in enumerate(names):
        above = draw(st.integers(-1, at - 1))
        parents[name] = names[above] if above >= 0 else None
    choice = st.sampled_from(["debian", "ubuntu", "gaudi"])
    return parents, {name: draw(choice) for name, above in parents.items() if above is None}


@given(families())
def test_every_image_is_drawn_once_and_nothing_overlaps(
    family: tuple[dict[str, str | None], dict[str, str]],
) -> None:
    parents, sources = family
    boxes, edges = layout(parents, sources, build_order(parents))
    assert {node.name for node in boxes if not node.source} == set(parents)
    assert {node.name for node in boxes if node.source} == set(sources.values())
    assert len(edges) == len(parents)
    for one, other in combinations(boxes.values(), 2):
        apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
        apart_y = one.y + HEIGHT <= other.y or other.y + HEIGHT <= one.y
        assert apart_x or apart_y


@given(families())
def test_layers_go_from_left_to_right(family: tuple[dict[str, str | None], dict[str, str]]) -> None:
    parents, sources = family
    boxes, edges = layout(parents, sources, build_order(parents))
    assert all(boxes[start].x + boxes[start].width < boxes[end].x for start, end in edges)
    layers = build_order(parents).layers
    for layer in set(layers.values()):
        assert len({boxes[GraphNode(name)].x for name in parents if layers[name] == layer}) == 1


def test_it_is_xml_and_says_what_it_shows() -> None:
    parents = {"base": None, "a&b": "base"}
    text = svg(
        parents, {"base": "<debian>"}, build_order(parents), {"base": 'https://example.org/?a=1&b="2"'}
    )
    root = ET.fromstring(text)  # noqa: S314 - made here
    assert root.get("role") == "group"  # an img would hide its links from readers of the screen
    assert (root.get("aria-labelledby"), root.get("aria-describedby")) == ("title", "desc")
    assert 'role="img"' in svg({"base": None}, {"base": "debian"}, build_order({"base": None}))
    assert {element.get("id") for element in root if element.get("id")} == {"title", "desc"}
    assert [element.text for element in root.iter(f"{SVG}text")] == ["<debian>", "base", "a&b"]
    assert root.findtext(f"{SVG}desc") == "base is built on <debian>. a&b is built on base."
    assert [element.get("href") for element in root.iter(f"{SVG}a")] == ['https://example.org/?a=1&b="2"']
    assert "prefers-color-scheme: dark" in text


def test_what_an_image_needs_beside_its_parent_is_drawn_dashed_and_described() -> None:
    parents = {"base": None, "tools": None, "lab": "base"}
    sources = {"base": "debian", "tools": "debian", "lab": "cuda"}
    order = build_order(parents, {"lab": ("tools",)})
    text = svg(parents, sources, order, others={"lab": ("tools",)})
    root = ET.fromstring(text)  # noqa: S314 - made here
    edges = [element.get("class") for element in root.iter(f"{SVG}path")]
    assert edges == ["edge"] * 3 + ["other"] * 2
    assert (root.findtext(f"{SVG}desc") or "").endswith("lab is built on base, cuda, tools.")
    assert ".other { stroke-dasharray" in text


def test_a_source_and_an_image_may_have_one_name() -> None:
    boxes, edges = layout({"debian": None}, {"debian": "debian"}, build_order({"debian": None}))
    assert len(boxes) == 2
    assert edges == [(GraphNode("debian", source=True), GraphNode("debian"))]


def test_nothing_is_an_empty_picture() -> None:
    assert ET.fromstring(svg({}, {}, BuildOrder())).tag == f"{SVG}svg"  # noqa: S314


def test_a_long_chain_needs_no_deep_stack() -> None:
    chain: dict[str, str | None] = {"n0": None, **{f"n{at}": f"n{at - 1}" for at in range(1, 3000)}}
    assert len(layout(chain, {"n0": "debian"}, build_order(chain))[0]) == 3001
