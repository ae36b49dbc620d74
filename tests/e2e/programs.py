"""The programs that ``.ci/programs`` has built from the modules in tests/cluster/programs, and images of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import requests

from tests.e2e.support import HOME, REGISTRY


def folder(family: str) -> Path | None:
    """Return the folder of a family; ``None`` where it is not built."""
    found = find(family)
    return Path(found.stdout.strip()) if found.returncode == 0 else None


def find(family: str) -> subprocess.CompletedProcess[str]:
    command = [str(HOME / ".ci" / "programs"), "--find", family]
    return subprocess.run(command, capture_output=True, text=True)


def built(family: str, program: str) -> Path:
    """Return a program of a family; skips the test where it is not there."""
    found = find(family)
    if found.returncode:
        pytest.skip(found.stderr.strip())
    return Path(found.stdout.strip()) / program


def buildkit_image(pinned: str) -> str:
    """Return the image of the test registry that stands for a pinned one; skips the test where it is missing."""
    tag = pinned.partition("@")[0].rpartition(":")[2]
    kinds = {"Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"}
    url = f"http://{REGISTRY}/v2/moby/buildkit/manifests/{tag}"
    if not REGISTRY or not requests.head(url, headers=kinds, timeout=10).ok:
        pytest.skip(f"the registry has no moby/buildkit:{tag}; `.ci/buildkit up` makes it")
    return f"{REGISTRY}/moby/buildkit:{tag}"
