"""The page for users and what is in images, for 25 and 150 variants: seconds, and bytes.

150 variants are this repository's images six times, in families that share nothing but the sources. Every package of
a family has a version of its own, and has moved since the release before.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from bench.measure import IMAGE_MATRIX, REPOSITORY, interleaved, table
from image_matrix.inventory.contents import inventories
from image_matrix.inventory.difference import ImageState
from image_matrix.inventory.record import read_record, record_text
from image_matrix.lock.read import pins_of
from image_matrix.lock.text import read
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.publish.last_changes import last_changes
from image_matrix.render.docs.catalog import catalog_page
from image_matrix.render.docs.catalog_data import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.inventory.model import Inventory
    from image_matrix.project.inputs import Inputs

FAMILIES = (1, 6)
ROUNDS = 5
SHARED = "{from}-full"


def report() -> str:
    """Measure the inventory, the record of a release, the page of the repository and the page of a release."""
    body = [_size(families) for families in FAMILIES]
    head = ("variants", "inventory s", "page s", "page MB", "record s", "page of a release s", "MB", "goal")
    (seconds,) = interleaved([(*IMAGE_MATRIX, "-q", "packages", "scikit-learn")], ROUNDS)
    command = table("One package", ("command", "s"), [("packages scikit-learn", f"{seconds:.2f}")])
    return table("Pages", head, body) + "\n" + command


def _size(families: int) -> tuple[str, ...]:
    inputs = family_inputs(families)
    loaded = load_inputs(inputs)
    pins = pins_of(read(inputs.lock), loaded)
    start = time.perf_counter()
    known = inventories(loaded.matrix, loaded.variants, pins)
    inventory = time.perf_counter() - start
    contents = {name: _with_versions(one, name) for name, one in known.items()}
    shown = Shown(loaded, contents, loaded.variants)
    start = time.perf_counter()
    page = catalog_page(shown, inputs.templates)
    rendered = time.perf_counter() - start
    now = {
        name: ImageState(one, {}, loaded.variants[name].parent, loaded.variants[name].platforms, "sha256:1")
        for name, one in contents.items()
    }
    start = time.perf_counter()
    before = read_record(record_text(now))
    recorded = time.perf_counter() - start
    before = {name: _moved(one) for name, one in before.items()}
    start = time.perf_counter()
    released = replace(shown, changes=last_changes(now, [before]))
    page_of_release = catalog_page(released, inputs.templates)
    release = time.perf_counter() - start
    return (
        f"{len(known)}",
        f"{inventory:.2f}",
        f"{rendered:.2f}",
        f"{len(page.content) / 1e6:.2f}",
        f"{recorded:.2f}",
        f"{release:.2f}",
        f"{len(page_of_release.content) / 1e6:.2f}",
        "< 2 s, < 2 MB",
    )


def family_inputs(families: int) -> Inputs:
    """Return this repository with so many copies of its images, and what its lock says of each."""
    inputs = read_inputs(REPOSITORY)
    matrix: dict[str, Any] = yaml.safe_load(inputs.texts["matrix.yaml"])
    lock: dict[str, Any] = yaml.safe_load(inputs.lock or "")
    images = dict(matrix["images"])
    shared = images.pop(SHARED)
    for number in range(1, families):
        for name, image in list(images.items()):
            if name in matrix["images"]:
                images[_copy(name, number)] = {**image, "from": _of(image["from"], number, matrix)}
    full = [_of(name, number, matrix) for number in range(families) for name in shared["from"]]
    images[SHARED] = {key: item for key, item in {**shared, "from": full}.items() if key != "overrides"}
    python = {
        _of_variant(name, number): item for number in range(families) for name, item in lock["python"].items()
    }
    texts = {"matrix.yaml": yaml.safe_dump({**matrix, "images": images}, sort_keys=False)}
    return replace(inputs, texts=texts, lock=yaml.safe_dump({**lock, "python": python}))


def _copy(name: str, number: int) -> str:
    return f"{name}-{number}" if number else name


def _of(name: str, number: int, matrix: Mapping[str, Any]) -> str:
    return _copy(name, number) if name in matrix["images"] else name


def _of_variant(name: str, number: int) -> str:
    image, _, label = name.partition(":")
    return f"{_copy(image.removesuffix('-full'), number)}{'-full' if image.endswith('-full') else ''}:{label}"


def _with_versions(inventory: Inventory, name: str) -> Inventory:
    """Give each package a version that the other families do not have."""
    digits = [part for part in name.partition(":")[0].split("-") if part.isdigit()]
    end = f".{digits[0]}" if digits else ""
    return _changed(inventory, lambda version: f"{version}{end}")


def _moved(state: ImageState) -> ImageState:
    return replace(
        state, inventory=_changed(state.inventory, lambda version: f"{version}.0"), digest="sha256:0"
    )


def _changed(inventory: Inventory, version: Callable[[str], str]) -> Inventory:
    contents = {
        package: replace(one, versions={arch: version(text) for arch, text in one.versions.items()})
        for package, one in inventory.contents.items()
    }
    return replace(inventory, contents=contents)
