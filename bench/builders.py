"""One chain, built by the local engine, by a remote BuildKit over TLS and by buildah, in one run.

The remote BuildKit is the engine's own behind an address, so the difference to the local one is the way to it. What is
built without layers of before is built twice, and the second time counts: caches for packages are warm for everybody.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import IMAGE_MATRIX, REPOSITORY, table
from image_matrix.pinned.tools import native_arch
from tests.certificates import issue, server_context
from tests.e2e.bridge import buildkit
from tests.e2e.buildah_place import buildah_on_path
from tests.e2e.support import site

ROUNDS = 5
"""How often a build that finds nothing to do is repeated; the median counts."""
SITE = "site.yaml"
MATRIX = """\
version: 1
registry: {registry}
sources: {{debian: docker.io/library/debian:trixie-slim}}
defaults: {{images: {{platforms: [linux/{arch}]}}}}
images:
  base: {{from: debian, kind: base, pip: [uv==0.13.8]}}
  middle: {{from: base, pip: [six==1.17.0]}}
  leaf: {{from: middle, pip: [{leaf}]}}
"""
REMOTE = """\
network:
  builder: {{driver: remote, endpoint: "{address}", tls: {{ca: BK_CA, cert: BK_CERT, key: BK_KEY}}}}"""
FILES = {"BK_CA": "ca.pem", "BK_CERT": "cert.pem", "BK_KEY": "key.pem"}
FORCED, FROM_LAYERS, ASKED = ("--force",), ("--no-registry",), ()


@dataclass(frozen=True, slots=True)
class Builder:
    """A folder with the chain, and how it is built there."""

    folder: Path
    registry: str
    options: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)

    def write(self, leaf: str) -> None:
        """Write the matrix, with a package of its last image."""
        text = MATRIX.format(registry=self.registry, arch=native_arch(), leaf=leaf)
        (self.folder / "matrix.yaml").write_text(text)

    def seconds(self, *options: str) -> float:
        """Build and push; return the time. Raises :class:`CalledProcessError` if it fails."""
        command = (*IMAGE_MATRIX, "-q", "--overlay", SITE, "build", "--push", *self.options, *options)
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **self.variables}
        start = time.perf_counter()
        subprocess.run(command, cwd=self.folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start


def report() -> str:
    """Build the chain everywhere, change its last image, change nothing."""
    registry = os.environ.get("IMAGE_MATRIX_TEST_REGISTRY")
    if not registry:
        return "## Builders\n\nNo engine: set IMAGE_MATRIX_TEST_REGISTRY (see CONTRIBUTING.md).\n"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        certificates = folder / "certificates"
        certificates.mkdir()
        issue(certificates)
        address = stack.enter_context(buildkit(server_context(certificates, clients=True)))
        variables = stack.enter_context(buildah_on_path(folder, registry))
        builders = [
            local(folder, registry),
            remote(folder, registry, address, certificates),
            buildah(folder, registry, variables),
        ]
        return tables(measured(builders))


def place(folder: Path, name: str, registry: str) -> tuple[Path, str]:
    """Make the folder of a builder, and name a path of the registry for it alone."""
    own = f"{registry}/bench-{uuid.uuid4().hex[:8]}"
    made = folder / name
    made.mkdir()
    text = site(own).replace("sbom: false", "sbom: false, provenance: none")
    (made / SITE).write_text(text)
    return made, own


def local(folder: Path, registry: str) -> Builder:
    """The engine of this machine."""
    return Builder(*place(folder, "local", registry))


def remote(folder: Path, registry: str, address: str, certificates: Path) -> Builder:
    """The builder of the matrix, for a client without a daemon."""
    made, own = place(folder, "remote", registry)
    overlay = made / SITE
    overlay.write_text(overlay.read_text().replace("network:", REMOTE.format(address=address), 1))
    texts = {name: (certificates / file).read_text() for name, file in FILES.items()}
    return Builder(made, own, variables={"DOCKER_HOST": "unix:///nowhere/docker.sock", **texts})


def buildah(folder: Path, registry: str, variables: dict[str, str]) -> Builder:
    """Debian's buildah in a container."""
    return Builder(*place(folder, "buildah", registry), ("--engine", "buildah"), variables)


def measured(builders: list[Builder]) -> dict[str, list[float]]:
    """Return the seconds of each builder for each build."""
    for one in builders:
        one.write("tomli==2.2.1")
        one.seconds(*FORCED)
    rows = {"everything, without layers of before": [one.seconds(*FORCED) for one in builders]}
    for one in builders:
        one.write("tomli==2.3.0")
    rows["the last image changed"] = [one.seconds(*ASKED) for one in builders]
    rows["nothing changed, by the layers"] = medians(builders, FROM_LAYERS)
    rows["nothing changed, by the registry"] = medians(builders, ASKED)
    return rows


def medians(builders: list[Builder], options: tuple[str, ...]) -> list[float]:
    """Return the median of each builder, in turn so that a drifting machine hits all alike."""
    times = [[one.seconds(*options) for one in builders] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def tables(rows: dict[str, list[float]]) -> str:
    """Return the table of seconds, and of ratios to the local engine."""
    cells = [
        (name, *(f"{one:.1f}" for one in found), *(f"{one / found[0]:.2f}" for one in found[1:]))
        for name, found in rows.items()
    ]
    header = ("build of 3 images", "local s", "remote s", "buildah s", "remote / local", "buildah / local")
    return table("Builders", header, cells)
