"""docs/guides/from-kubeflow-images.md has a row for all that Kubeflow's images install; a row says the truth."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import yaml

from image_matrix.config.package_names import package_name
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load
from image_matrix.verify.expectations import chain
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant

PAGE = (REPOSITORY / "docs/guides/from-kubeflow-images.md").read_text(encoding="utf-8")
INSTALLED: dict[str, list[str]] = yaml.safe_load(
    (REPOSITORY / "tests/tools/kubeflow_images.yaml").read_text(encoding="utf-8")
)
"""Their image to what its Dockerfile adds to its parent."""


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in a section's table: the names, the images if it says some, and the other two cells."""

    section: str
    names: tuple[str, ...]
    images: tuple[str, ...]
    here: str
    why: str

    def is_about(self, image: str, name: str) -> bool:
        of_section = self.section in ("All images", *sections(image))
        return of_section and name in self.names and image in (self.images or (image,))


def sections(image: str) -> tuple[str, ...]:
    """Return the heading that an image stands under."""
    framework = image.startswith(("jupyter-pytorch", "jupyter-tensorflow"))
    return ("Frameworks",) if framework else tuple(found for found in HEADINGS if image in found.split(", "))


HEADINGS = tuple(re.findall(r"^## (.+)$", PAGE, re.MULTILINE))


def rows() -> list[Row]:
    found = []
    for part in PAGE.split("\n## ")[1:]:
        section = part.partition("\n")[0]
        for cells in re.findall(r"^\| (.*) \| (.*) \|(?: (.*))? \|$", part, re.MULTILINE):
            theirs, _, of_images = cells[0].partition(" in `")
            names = tuple(re.sub(r" \(.*\)| of conda", "", theirs).split(", "))
            images = tuple(of_images.rstrip("`").split("`, `")) if of_images else ()
            found.append(Row(section, names, images, cells[1], cells[2]))
    return found


ROWS = rows()


def row_of(image: str, name: str) -> Row:
    found = [row for row in ROWS if row.is_about(image, name)]
    assert len(found) == 1, f"{image}: {len(found)} rows for {name}"
    return found[0]


CASES = [
    pytest.param(image, name, id=f"{image}-{name}") for image, names in INSTALLED.items() for name in names
]


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    inputs = read_inputs(REPOSITORY)
    return load(inputs.texts, inputs.templates.kinds)


@pytest.mark.parametrize(("image", "name"), CASES)
def test_what_kubeflow_installs_has_a_row(image: str, name: str) -> None:
    row = row_of(image, name)
    assert row.here.startswith("same") or row.why, f"{name} is {row.here!r} without a reason"


@pytest.mark.parametrize(("image", "name"), CASES)
def test_what_is_the_same_is_in_our_image(image: str, name: str, loaded: Loaded) -> None:
    row = row_of(image, name)
    ours = [one for one in loaded.variants.values() if one.image == image]
    assert ours
    wanted = (re.findall(r"`([^`]+)`", row.here) or [name])[0]
    for variant in ours:
        assert (wanted in contents(loaded, variant)) == row.here.startswith("same"), variant.id


def contents(loaded: Loaded, variant: Variant) -> set[str]:
    """Return the packages, downloads and extensions of a variant and its ancestors, and what Dockerfiles install."""
    line = chain(loaded.variants, variant.id)
    listed = {
        name
        for one in line
        for manager, items in one.packages.items()
        for item in items
        for name in (package_name(manager, item), re.split("[=@]", item)[0])
    }
    folder = REPOSITORY / "images"
    texts = [(folder / one.image / one.label / "Dockerfile").read_text(encoding="utf-8") for one in line]
    installed = {
        word
        for text in texts
        for word in re.findall(r"^ {4}([a-z][a-z0-9+.-]+)(?: \\)?$", text, re.MULTILINE)
    }
    return listed | installed | {name for one in line for name in one.downloads}


def test_xgboost_is_built_for_the_gpus_of_its_image(loaded: Loaded) -> None:
    """And no image has both: they are the same files."""
    has = {
        one.image: {item for item in one.packages["pip"] if item.startswith("xgboost")}
        for one in loaded.variants.values()
        if one.image.endswith(("-full", "-scipy"))
    }
    gpu = {image: items for image, items in has.items() if "-cuda" in image}
    assert gpu == {
        "jupyter-pytorch-cuda-full": {"xgboost==3.4.1"},
        "jupyter-tensorflow-cuda-full": {"xgboost==3.2.0"},
    }
    assert {*map(frozenset, (has[image] for image in has.keys() - gpu))} == {
        frozenset({"xgboost-cpu==3.2.0"})
    }


def test_versions_on_the_page_are_those_of_the_matrix() -> None:
    pins = re.findall(r"[a-z][a-z\[\]-]*==[0-9][0-9.]*", PAGE)
    assert pins
    matrix = (REPOSITORY / "matrix.yaml").read_text(encoding="utf-8")
    assert [pin for pin in pins if f"[{pin}]" not in matrix] == []
