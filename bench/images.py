"""Built images: seconds to the first answer, sizes by layer, and the same packages installed the naive way.

    python -m bench.images --overlay SITE.yaml jupyter:python3.13

Naive: one Dockerfile with apt-get, a virtual environment, pip without our layers, caches and locks kept out, and a
recursive chown at the end so that the user can install more – what most hand-written Dockerfiles do.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import PYTHON, REPOSITORY, table
from generator.engine.buildx import image_bytes
from generator.matrix.load import Loaded, load
from generator.project import read_inputs
from generator.verify.engine import docker
from generator.verify.inherit import chain
from generator.verify.run import subject_of, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.matrix.model import Variant

NAIVE = """\
FROM {source}
RUN apt-get update && apt-get install -y python3 python3-venv ca-certificates curl s6 execline {apt}
RUN --mount=type=secret,id=ca python3 -m venv /opt/venv && \\
    PIP_CERT=$([ -e /run/secrets/ca ] && echo /run/secrets/ca) /opt/venv/bin/pip install {pip}
RUN useradd --uid 1000 --create-home jovyan && chown -R jovyan /opt/venv
USER 1000
"""


def naive(loaded: Loaded, line: Sequence[Variant]) -> str:
    """Return the naive Dockerfile of a chain's packages."""
    lists = {
        manager: " ".join(f"'{item}'" for one in line for item in one.packages.get(manager, ()))
        for manager in ("apt", "pip")
    }
    return NAIVE.format(source=loaded.matrix.sources[line[0].root_source], **lists)


def build(dockerfile: str, name: str, bundle: str | None) -> None:
    """Build it, fresh."""
    secret = [f"--secret=id=ca,src={bundle}"] if bundle else []
    command = [
        "docker",
        "build",
        "--no-cache",
        "--provenance=false",
        "--quiet",
        f"--tag={name}",
        *secret,
        "-",
    ]
    subprocess.run(command, input=dockerfile, text=True, check=True, stdout=subprocess.DEVNULL)


def layers(image: str) -> list[tuple[str, str]]:
    """Return size and step of every layer that has one, the largest first."""
    command = ["docker", "history", "--no-trunc", "--human=false", "--format={{json .}}", image]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in said.splitlines()]
    sized = sorted(((int(row["Size"]), str(row["CreatedBy"])) for row in rows), reverse=True)
    return [(f"{size / 1e6:.0f}", words(step)) for size, step in sized if size >= 1e6]


def words(step: str) -> str:
    """Return the start of what a step ran, without its arguments and its shell."""
    return " ".join(step.rpartition("pipefail -c ")[2].split())[:90]


def measured(loaded: Loaded, variant: str) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """Return seconds to the first answer and compressed MB of a variant and of its naive image; and its layers."""
    image = f"{loaded.matrix.registry}/{variant}"
    report = verify(docker(), subject_of(loaded, variant, image, None, 120.0))
    http = [f"{one.seconds:.1f}" for one in report.results if one.name == "http"]
    name = f"image-matrix-naive:{uuid.uuid4().hex[:12]}"
    build(naive(loaded, chain(loaded.variants, variant)), name, loaded.matrix.ca_bundle)
    try:
        ours, theirs = image_bytes(image) or 0, image_bytes(name) or 0
    finally:
        subprocess.run(["docker", "rmi", "--force", name], stdout=subprocess.DEVNULL, check=False)
    row = (
        variant, *(http or ["–"]), f"{report.seconds:.1f}", f"{ours / 1e6:.0f}", f"{theirs / 1e6:.0f}",
        f"{ours / theirs:.2f}",
    )  # fmt: skip
    return row, layers(image)


def main() -> None:
    """Measure the variants that are named; they are built first."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("variants", nargs="+")
    options.add_argument("--overlay", action="append", default=[])
    given = options.parse_args()
    overlays = [f"--overlay={Path(name).resolve()}" for name in given.overlay]
    command = [PYTHON, "-m", "generator", *overlays, "build", "--no-registry", *given.variants]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    inputs = read_inputs(REPOSITORY, overlays=tuple(given.overlay))
    loaded = load(inputs.texts, inputs.templates.kinds)
    found = [measured(loaded, name) for name in given.variants]
    header = ("image", "s to 200", "s verify", "MB", "naive MB", "ratio")
    print(table("Images", header, [row for row, _ in found]))
    for name, (_, every) in zip(given.variants, found, strict=True):
        print(table(f"Layers of {name}, uncompressed", ("MB", "step"), every))


if __name__ == "__main__":
    main()
