"""What the script of the catalog searches: shared lists give each image's own again, and no text leaves its element."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.cli.project import load_project
from image_matrix.inventory.model import Content, Inventory, PackageName
from image_matrix.inventory.rows import versions_text
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.render.docs.catalog_data import Shown, data_text, shown_of
from image_matrix.render.lists.released import ReleasedImage, ScanSummary
from tests.deploy.support import ROOT
from tests.laws import examples
from tests.workflow.matrices import loaded, matrix

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

DIGEST = "sha256:" + "1" * 64


@cache
def chain() -> Loaded:
    """An image on another, of which one between them is not published, and one for fewer platforms."""
    images = {
        "base": {"from": "debian"},
        "hidden": {"from": "base", "publish": False},
        "leaf": {"from": "hidden", "platforms": ["linux/amd64"], "description": "A leaf"},
        "other": {"from": "base"},
    }
    return loaded(matrix(images))


def entries(shown: Shown) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in json.loads(data_text(shown, {}))}


def resolved(data: dict[str, dict[str, Any]], name: str) -> dict[tuple[str, str], tuple[str, bool]]:
    """The packages of an image as the script of the page works them out."""
    own = data[name]
    found = resolved(data, own["on"]) if own["on"] else {}
    for manager, names in own["gone"].items():
        for package in names:
            del found[manager, package]
    for manager, versions in own["packages"].items():
        for package, version in versions.items():
            found[manager, package] = (version, found.get((manager, package), ("", False))[1])
    for manager, names in own["named"].items():
        for package in names:
            found[manager, package] = (found[manager, package][0], True)
    return found


def contents_of(shown: Shown, name: str) -> dict[tuple[str, str], tuple[str, bool]]:
    archs = shown.loaded.variants[name].archs
    return {
        (package.manager, package.name): (versions_text(content, archs), content.listed)
        for package, content in shown.contents[name].contents.items()
    }


def test_shared_lists_give_what_is_in_each_image_of_the_reference() -> None:
    project = load_project(read_inputs(ROOT))
    shown = shown_of(project.loaded, project.pins)
    data = entries(shown)
    assert [*data] == [item.id for item in shown.listed]
    for name in data:
        assert resolved(data, name) == contents_of(shown, name)
    assert len(data["jupyter-scipy:python3.13"]["packages"]["pip"]) < len(
        [manager for manager, _ in resolved(data, "jupyter-scipy:python3.13") if manager == "pip"]
    )


@st.composite
def inventories(draw: st.DrawFn) -> dict[str, Inventory]:
    """Anything in each image, as images of several releases are beside each other."""
    packages = st.builds(PackageName, st.sampled_from(["apt", "pip"]), st.sampled_from("abc"))
    versions = st.fixed_dictionaries({"amd64": st.sampled_from("12")}, optional={"arm64": st.just("1")})
    packages_of_one = st.dictionaries(packages, st.tuples(versions, st.booleans()))
    return {
        name: Inventory(
            {
                package: Content(by_arch, name, (name,) if named else ())
                for package, (by_arch, named) in draw(packages_of_one).items()
            }
        )
        for name in chain().variants
    }


@settings(max_examples=examples(200))
@given(inventories())
def test_any_lists_come_out_of_their_differences(known: dict[str, Inventory]) -> None:
    shown = Shown(chain(), known, chain().variants)
    data = entries(shown)
    assert set(data) == {"base:default", "leaf:default", "other:default"}
    for name in data:
        assert resolved(data, name) == contents_of(shown, name)


@settings(max_examples=examples(100))
@given(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(["</script>", "<!--", "&"]),
)
def test_no_text_leaves_its_element(around: str, ending: str) -> None:
    text = around + ending + around
    known = {
        name: Inventory({PackageName("pip", text): Content({"amd64": text}, name)})
        for name in chain().variants
    }
    found = data_text(Shown(chain(), known, chain().variants), {"leaf:default": [("slug", text)]})
    assert not {"<", ">", "&", "\u2028", "\u2029"} & set(found)
    leaf = next(one for one in json.loads(found) if one["id"] == "leaf:default")
    assert leaf["profiles"] == [["slug", text]]


def test_a_fact_that_no_release_has_written_down_is_absent() -> None:
    plain = entries(shown_of(chain(), Pins()))["leaf:default"]
    assert plain["title"] == "A leaf"
    assert plain["facts"] == [
        ["Image", "ghcr.io/example/notebooks/leaf:default"],
        ["Built on", "hidden:default"],
        ["Platforms", "linux/amd64"],
    ]


def test_a_release_says_digest_size_day_and_commit() -> None:
    reference = f"ghcr.io/example/notebooks/other:default-0123456789ab@{DIGEST}"
    image = ReleasedImage(DIGEST, "2026-11-20T10:00:00Z", "0123456789abcdef", {"linux/amd64": 571_400_000})
    known = shown_of(chain(), Pins())
    shown = Shown(
        chain(), known.contents, ["other:default"], {"other:default": reference}, {"other:default": image}
    )
    (other,) = entries(shown).values()
    assert other["facts"] == [
        ["Image", reference],
        ["Built on", "base:default"],
        ["Platforms", "linux/amd64 (571 MB), linux/arm64"],
        ["Released", "2026-11-20"],
        ["From commit", "0123456789ab"],
    ]


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        (ScanSummary("2026-11-29", {"CRITICAL": 1, "HIGH": 3}), "1 critical, 3 high (scan of 2026-11-29)"),
        (ScanSummary("2026-11-29", {}), "none that stops a release (scan of 2026-11-29)"),
        (ScanSummary("", {}), "none that stops a release"),
        (ScanSummary("", {"HIGH": 1}, {"linux/amd64": {}, "linux/arm64": {"HIGH": 1}}),
         "1 high (linux/amd64: none; linux/arm64: 1 high)"),
        (ScanSummary("2026-11-29", {}, {"linux/amd64": {}, "linux/arm64": None}),
         "none that stops a release (linux/amd64: none; linux/arm64: not scanned; scan of 2026-11-29)"),
        (ScanSummary("", {"LOW": 1}, {"linux/amd64": {"LOW": 1}, "linux/arm64": {"LOW": 1}}), "1 low"),
    ],
)  # fmt: skip
def test_a_release_says_what_the_last_scan_found(scan: ScanSummary, words: str) -> None:
    image = ReleasedImage(DIGEST, scan=scan)
    known = shown_of(chain(), Pins())
    shown = Shown(chain(), known.contents, ["other:default"], released={"other:default": image})
    (other,) = entries(shown).values()
    assert dict(other["facts"])["Open findings"] == words


def test_what_is_not_listed_is_said() -> None:
    project = loaded(
        matrix({"base": {"from": "lab", "pip": ["a"]}}, sources={"lab": "quay.io/example/lab:1"})
    )
    (base,) = entries(shown_of(project, Pins())).values()
    assert base["unlisted"] == ["what source lab brings", "what packages of pip need, as no lock has it"]


def test_a_tag_that_only_a_release_knows_is_no_address() -> None:
    dated = loaded(matrix({"base": {"from": "debian", "tags": ["{date}"]}}))
    (base,) = entries(shown_of(dated, Pins())).values()
    assert "Image" not in dict(base["facts"])
