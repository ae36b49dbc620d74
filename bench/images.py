"""Images that are built here: seconds to the first page, sizes, and the same packages installed the naive way.

python -m bench.images [VARIANT…]     the five images that CI verifies, where none is named
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import naive
from bench.layers import Layer, push
from bench.measure import IMAGE_MATRIX, REPOSITORY, run, table
from image_matrix.errors import EnvironmentFailure
from image_matrix.lock.read import pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load
from image_matrix.verify.contract import FS_GROUP, PORT, PREFIX
from image_matrix.verify.engine import Engine, Spec, docker
from image_matrix.verify.expectations import chain
from image_matrix.verify.run import subject_of, verify
from image_matrix.verify.volume import Volume
from tests.e2e.place import overlay_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.pins import Pins

VARIANTS = tuple(
    f"{image}:python3.13" for image in ("base", "jupyter", "jupyter-scipy", "codeserver", "codeserver-python")
)
ROUNDS = 3
DEADLINE = 120.0
"""Seconds that an IDE has for its first page."""


@dataclass(frozen=True, slots=True)
class Place:
    """This repository as it is built at this place, on this engine."""

    engine: Engine
    folder: Path
    overlay: Path
    loaded: Loaded
    pins: Pins


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found of one variant."""

    id: str
    first_page: float | None
    verified: float
    ours: tuple[Layer, ...]
    naive: tuple[Layer, ...]


def report(variants: Sequence[str] = VARIANTS) -> str:
    """Build the variants and their naive counterparts, start them, and print three tables."""
    registry = os.environ.get("IMAGE_MATRIX_TEST_REGISTRY")
    if not registry:
        return "## Images\n\nNo engine: set IMAGE_MATRIX_TEST_REGISTRY (see CONTRIBUTING.md).\n"
    engine = docker()
    with tempfile.TemporaryDirectory() as top, overlay_at(Path(top), registry, engine) as overlay:
        inputs = read_inputs(REPOSITORY, overlays=(str(overlay),))
        loaded = load(inputs.texts, inputs.templates.kinds)
        place = Place(engine, Path(top), overlay, loaded, pins(inputs.lock, loaded))
        return tables([measured(place, name) for name in variants])


def measured(place: Place, variant: str) -> Measured:
    """Build one variant and its naive counterpart, and measure both; each takes minutes where nothing is cached."""
    say(f"{variant}: building")
    command = (*IMAGE_MATRIX, f"--overlay={place.overlay}", "build", "--no-registry", variant)
    if run(command).code:
        raise SystemExit(f"{variant} was not built: {' '.join(command)}")
    image = f"{place.loaded.matrix.registry}/{variant}"
    other = f"{place.loaded.matrix.registry}/naive/{variant}"
    say(f"{variant}: building the naive way")
    line = chain(place.loaded.variants, variant)
    naive.build(naive.dockerfile(place.loaded, place.pins, line), other, place.loaded, place.folder)
    say(f"{variant}: starting and verifying")
    subject = subject_of(place.loaded, variant, image, None, DEADLINE)
    starts = [first_page(place.engine, image) for _ in range(ROUNDS)] if subject.ide else []
    verified = verify(place.engine, subject).seconds
    say(f"{variant}: pushing both")
    found = Measured(
        variant, statistics.median(starts) if starts else None, verified, push(image), push(other)
    )
    place.engine.call(("rmi", "--force", other), None, 60.0)
    return found


def say(text: str) -> None:
    """Tell on stderr what is going on."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def first_page(engine: Engine, image: str) -> float:
    """Return the seconds from ``docker run``, on an empty volume, to HTTP 200 under the prefix."""
    spec = Spec(
        image, None, {"NB_PREFIX": PREFIX}, groups=(FS_GROUP,), volume=Volume(gid=FS_GROUP), network="bridge"
    )
    began = time.monotonic()
    with engine.container(spec) as container:
        form = "--format={{.NetworkSettings.IPAddress}}"
        address = engine.call(("inspect", form, container.id), None, 30.0).out.strip()
        while time.monotonic() - began < DEADLINE:
            if answers(f"http://{address}:{PORT}{PREFIX}/"):
                return time.monotonic() - began
            time.sleep(0.02)
        raise EnvironmentFailure(f"no page of {image} after {DEADLINE:.0f} s: {container.log()}")


def answers(url: str) -> bool:
    """Say whether a page is there, redirects followed."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def tables(found: Sequence[Measured]) -> str:
    """Return start times and sizes, what all images take together, and the layers of each."""
    family = [size({layer for one in found for layer in getattr(one, side)}) for side in ("ours", "naive")]
    rows = [
        (
            one.id, seconds(one.first_page), seconds(one.verified), *sizes(size(one.ours), size(one.naive)),
            largest(one.ours), largest(one.naive),
        )
        for one in found
    ]  # fmt: skip
    header = ("image", "s to 200", "s verify", "MB", "naive MB", "ratio", "largest layer MB", "naive")
    return "\n".join(
        [
            table("Images, compressed", header, rows),
            table("All of them on one node", ("MB", "naive MB", "ratio"), [sizes(*family)]),
            table("Layers of 1 MB and more", ("image", "MB", "step"), steps(found)),
        ]
    )


def steps(found: Sequence[Measured]) -> list[tuple[str, str, str]]:
    """Return the layers of every image and of its naive counterpart; what an image has from another is said once."""
    rows, seen = [], set()
    for one in found:
        for name, layers in ((one.id, one.ours), (f"{one.id}, naive", one.naive)):
            rows += [
                (name, megabytes(layer.bytes), layer.step)
                for layer in layers
                if layer.digest not in seen and layer.bytes >= 1e6
            ]
            seen |= {layer.digest for layer in layers}
    return rows


def size(layers: set[Layer] | tuple[Layer, ...]) -> int:
    """Return bytes."""
    return sum(layer.bytes for layer in layers)


def largest(layers: tuple[Layer, ...]) -> str:
    return megabytes(max(layer.bytes for layer in layers))


def sizes(ours: int, theirs: int) -> tuple[str, str, str]:
    return megabytes(ours), megabytes(theirs), f"{ours / theirs:.2f}"


def megabytes(count: int) -> str:
    return f"{count / 1e6:.0f}"


def seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


if __name__ == "__main__":
    print(report(sys.argv[1:] or VARIANTS))
