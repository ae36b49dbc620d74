"""Our images and their counterparts with Kubeflow's lists, built here: sizes by layer, seconds to the first page.

python -m bench.images [VARIANT…]     without names: those whose files a machine without GitHub reaches

What stands on one of them is computed from the lock.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from bench import kubeflow
from bench.computed import Bytes, computed
from bench.first_page import DEADLINE, first_page
from bench.image_tables import Measured, Side, tables
from bench.layers import layers
from bench.measure import IMAGE_MATRIX, REPOSITORY, run
from bench.wheels import index
from image_matrix.lock.read import pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load
from image_matrix.verify.contract import PREFIX
from image_matrix.verify.engine import Engine, docker
from image_matrix.verify.expectations import chain
from image_matrix.verify.run import subject_of
from tests.e2e.place import overlay_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.pins import Pins

BUILT = ("base", "jupyter", "jupyter-scipy", "jupyter-tensorflow", "codeserver", "codeserver-python")
VARIANTS = tuple(f"{image}:python3.13" for image in BUILT)
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Place:
    """This repository as it is built at this place, on this engine."""

    engine: Engine
    folder: Path
    overlay: Path
    loaded: Loaded
    pins: Pins


def report(variants: Sequence[str] = VARIANTS) -> str:
    """Build the variants and their counterparts, start them, and print three tables."""
    registry = os.environ.get("IMAGE_MATRIX_TEST_REGISTRY")
    if not registry:
        return "## Images\n\nNo engine: set IMAGE_MATRIX_TEST_REGISTRY (see CONTRIBUTING.md).\n"
    engine = docker()
    with tempfile.TemporaryDirectory() as top, overlay_at(Path(top), registry, engine) as overlay:
        whole(overlay, f"{registry}/bench-{os.getpid()}")
        inputs = read_inputs(REPOSITORY, overlays=(str(overlay),))
        loaded = load(inputs.texts, inputs.templates.kinds)
        place = Place(engine, Path(top), overlay, loaded, pins(inputs.lock, loaded))
        try:
            found = [measured(place, name) for name in variants]
            return tables(found, on_top(place, found))
        finally:
            remove(place)


def remove(place: Place) -> None:
    """Take what was measured out of the engine's store again."""
    listed = place.engine.call(("images", "--format={{.Repository}}:{{.Tag}}"), None, 30.0).out.split()
    made = [name for name in listed if name.startswith(f"{place.loaded.matrix.registry}/")]
    place.engine.call(("rmi", "--force", *made), None, 120.0)


def whole(overlay: Path, registry: str) -> None:
    """Measure images with all their packages, also those that tests leave out, under names of their own."""
    content = yaml.safe_load(overlay.read_text(encoding="utf-8"))
    content["images"].pop("jupyter-scipy")
    overlay.write_text(yaml.safe_dump({**content, "registry": registry}), encoding="utf-8")


def names(place: Place, variant: str) -> tuple[str, str]:
    """Return the names of a variant and of its counterpart in the engine's store."""
    registry = place.loaded.matrix.registry
    return f"{registry}/{variant}", f"{registry}/kubeflow/{variant}"


def measured(place: Place, variant: str) -> Measured:
    """Build one variant and its counterpart, and measure both; each takes minutes where nothing is cached."""
    both = names(place, variant)
    build(place, variant)
    say(f"{variant}: starting both")
    seconds = started(place, variant, both)
    ours, theirs = (Side(layers(name), found) for name, found in zip(both, seconds, strict=True))
    return Measured(variant, ours, theirs)


def started(place: Place, variant: str, both: tuple[str, str]) -> tuple[float | None, float | None]:
    """Return the median seconds to the first page of both, started in turn; none for images without an IDE."""
    if not subject_of(place.loaded, variant, both[0], None, DEADLINE).ide:
        return None, None
    # code-server of Kubeflow knows no prefix: its mesh takes it away
    paths = f"{PREFIX}/", "/" if variant.startswith("codeserver") else f"{PREFIX}/"
    rounds = [
        [first_page(place.engine, image, path) for image, path in zip(both, paths, strict=True)]
        for _ in range(ROUNDS)
    ]
    ours, theirs = zip(*rounds, strict=True)
    return statistics.median(ours), statistics.median(theirs)


def build(place: Place, variant: str) -> None:
    """Build a variant and its counterpart, parents first."""
    say(f"{variant}: building")
    command = (*IMAGE_MATRIX, f"--overlay={place.overlay}", "build", "--no-registry", variant)
    if run(command).code:
        raise SystemExit(f"{variant} was not built: {' '.join(command)}")
    say(f"{variant}: building with Kubeflow's lists")
    line = chain(place.loaded.variants, variant)
    tags = {one.id: names(place, one.id)[1] for one in line}
    for one in line:
        kubeflow.build(place.loaded, place.pins, one.id, tags, place.folder)


def say(text: str) -> None:
    """Tell on stderr what is going on."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def on_top(place: Place, found: Sequence[Measured]) -> dict[str, Bytes]:
    """Return the computed sizes of what stands on measured images."""
    requirements = {
        name: texts[kubeflow.ARCH]
        for name, texts in place.pins.requirements.items()
        if kubeflow.ARCH in texts and kubeflow.is_wheels(place.loaded.variants[name].image)
    }
    known = {one.id: Bytes(one.ours.bytes, one.theirs.bytes) for one in found}
    return computed(place.loaded.variants, requirements, known, index())


if __name__ == "__main__":
    print(report(sys.argv[1:] or VARIANTS))
