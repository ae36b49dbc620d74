"""Images with the package lists of Kubeflow's, installed by the steps of its Dockerfiles, to measure ours against.

The Dockerfiles in bench/data/kubeflow are our own. Each says what stands for a part that this machine may not reach.
Versions are those of the lock, so that both sides have the same files of a package.

Source of the lists and the order of the steps: github.com/kubeflow/notebooks, components/example-notebook-servers,
branch notebooks-v1 at 177b0986.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from image_matrix.build.network_script import StepNetwork, script
from image_matrix.verify.expectations import chain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.pins import Pins

DATA = Path(__file__).parent / "data/kubeflow"
ARCH = "amd64"
SITE = (
    "--mount=type=secret,id=site,target=/run/secrets/site.sh,mode=0444 "
    "--mount=type=secret,id=ca-bundle,target=/run/secrets/ca-bundle.crt,mode=0444 "
)
SHELL = 'ARG BASH_ENV=/run/secrets/site.sh\nSHELL ["/bin/bash", "-c"]\n'
PROGRAMS = {"KUBECTL": "kubectl", "CODE_SERVER": "code-server"}
"""Build arguments of the Dockerfiles to downloads of the matrix."""


def names() -> frozenset[str]:
    """Return the images that have such a Dockerfile."""
    return frozenset(path.stem for path in DATA.glob("*.Dockerfile"))


def is_wheels(image: str) -> bool:
    """Say whether the counterpart adds the packages of our list and nothing else."""
    return image not in names() or not re.search(r"apt-get|curl", dockerfile(image))


def dockerfile(image: str) -> str:
    """Return a Dockerfile whose steps know the mirrors and certificates of the place that builds."""
    lines = (DATA / f"{image}.Dockerfile").read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(_at_site(line) for line in lines)


def _at_site(line: str) -> str:
    if line.startswith("FROM "):
        return line + SHELL
    return f"RUN {SITE}{line.removeprefix('RUN ')}" if line.startswith("RUN ") else line


def versions(pins: Pins, line: Iterable[str]) -> str:
    """Return a constraints file of pip: the locked versions of a chain of variants."""
    found = [
        text.split()[0]
        for variant in line
        for text in pins.requirements.get(variant, {}).get(ARCH, "").splitlines()
        if "==" in text and not text.startswith((" ", "#"))
    ]
    return "\n".join(found) + "\n"


def build(loaded: Loaded, pins: Pins, variant: str, tags: Mapping[str, str], folder: Path) -> None:
    """Build the counterpart of a variant, on that of its parent, both named by ``tags``.

    Raises :class:`SystemExit` with the end of the log.
    """
    line = chain(loaded.variants, variant)
    context = folder / "kubeflow"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir()
    shutil.copy(DATA / "start", context)
    (context / "versions.txt").write_text(versions(pins, (one.id for one in line)))
    (context / "Dockerfile").write_text(dockerfile(line[-1].image))
    parent = tags[line[-2].id] if len(line) > 1 else loaded.matrix.sources[line[0].root_source]
    arguments = {"PARENT": str(parent), **{name: _address(loaded, item) for name, item in PROGRAMS.items()}}
    command = [
        "docker", "build", "--provenance=false", f"--tag={tags[variant]}", *_secrets(loaded, folder),
        *(f"--build-arg={name}={value}" for name, value in arguments.items()), str(context),
    ]  # fmt: skip
    done = subprocess.run(command, text=True, check=False, capture_output=True)
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])


def _address(loaded: Loaded, download: str) -> str:
    return loaded.matrix.downloads[download].address(ARCH)


def _secrets(loaded: Loaded, folder: Path) -> list[str]:
    bundle = loaded.matrix.network.ca_bundle
    site = folder / "site.sh"
    site.write_text(script(StepNetwork(loaded.matrix.network.mirrors, ca_bundle=bundle is not None)))
    return [f"--secret=id=site,src={site}", *([f"--secret=id=ca-bundle,src={bundle}"] if bundle else [])]
