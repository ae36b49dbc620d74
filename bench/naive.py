"""The same packages as an image has, in the one Dockerfile that most people would write by hand.

apt-get with what it recommends, a virtual environment, one ``pip install`` that keeps its cache, and a recursive
``chown`` at the end so that the user can install more. Versions are those of the lock.
"""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

from image_matrix.build.site import SiteSettings, script
from image_matrix.config.extensions import extension_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Download, Variant
    from image_matrix.lock.pins import Pins

ARCH = "amd64"
START = (
    "python3",
    "python3-venv",
    "ca-certificates",
    "curl",
    "s6",
    "execline",
    "procps",
    "tzdata",
    "xz-utils",
)
"""What templates/dockerfiles/macros.j2 installs into every root."""
SITE = (
    "--mount=type=secret,id=site,target=/run/secrets/site.sh "
    "--mount=type=secret,id=ca-bundle,target=/run/secrets/ca-bundle.crt"
)


def dockerfile(loaded: Loaded, pins: Pins, line: Sequence[Variant]) -> str:
    """Return the naive Dockerfile of a variant, given as its chain from the root."""
    matrix = loaded.matrix
    apt = [*START, *(item for one in line for item in one.packages.get("apt", ()))]
    downloads = [matrix.downloads[name] for one in line for name in one.downloads]
    extensions = [item for one in line for item in one.packages.get("extensions", ())]
    steps = [
        f"apt-get update && apt-get install -y {shlex.join(apt)}",
        *(_fetched(item) for item in downloads if not item.deb),
        "python3 -m venv /opt/venv",
        f"/opt/venv/bin/pip install {shlex.join(_pip(pins.requirements, line))}",
        *(_extension(item) for item in extensions),
    ]
    return "\n".join(
        [
            f"FROM {matrix.sources[line[0].root_source]}",
            "ARG BASH_ENV=/run/secrets/site.sh",
            'SHELL ["/bin/bash", "-c"]',
            *(f"RUN {SITE} {step}" for step in steps),
            "RUN useradd --uid 1000 --create-home jovyan && chown -R jovyan /opt",
            "USER 1000",
            "",
        ]
    )


def _pip(requirements: Mapping[str, Mapping[str, str]], line: Sequence[Variant]) -> list[str]:
    """Return everything that the lock has for a chain, or what the matrix says where it has nothing."""
    found: dict[str, None] = {}
    for one in line:
        locked = requirements.get(one.id, {}).get(ARCH, "").splitlines()
        names = [text.split()[0] for text in locked if "==" in text and not text.startswith((" ", "#"))]
        found |= dict.fromkeys(names or one.packages.get("pip", ()))
    return list(found)


def _fetched(item: Download) -> str:
    address = shlex.quote(item.address(ARCH))
    if item.to:
        return f"curl -fsSL {address} -o {item.to} && chmod +x {item.to}"
    return f"mkdir -p {item.unpack} && curl -fsSL {address} | tar -xz --strip-components={item.strip} -C {item.unpack}"


def _extension(item: str) -> str:
    address = shlex.quote(extension_address(item))
    return (
        f"curl -fsSL {address} -o /tmp/{item}.vsix && /opt/code-server/bin/code-server "
        f"--extensions-dir /opt/code-server/extensions --install-extension /tmp/{item}.vsix"
    )


def build(text: str, name: str, loaded: Loaded, folder: Path) -> None:
    """Build it, fresh, with the mirrors and certificates of this place."""
    bundle = loaded.matrix.network.ca_bundle
    site = folder / "site.sh"
    site.write_text(script(SiteSettings(loaded.matrix.network.mirrors, ca_bundle=bundle is not None)))
    secrets = [f"--secret=id=site,src={site}", *([f"--secret=id=ca-bundle,src={bundle}"] if bundle else [])]
    command = ["docker", "build", "--no-cache", "--provenance=false", f"--tag={name}", *secrets, "-"]
    done = subprocess.run(command, input=text, text=True, check=False, capture_output=True)
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])
