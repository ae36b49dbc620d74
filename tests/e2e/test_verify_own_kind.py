"""The kind of image that docs/templates.md shows, as it stands there: built, and verified."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import HOME

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Site

pytestmark = pytest.mark.e2e

VARIANT = "marimo:python3.13"
FILE = re.compile(r"^`(\S+)`\n\n```\w+\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def repository(root: Path) -> None:
    """Make this repository's matrix and templates with the page's files on top of them."""
    shutil.copytree(HOME / "templates", root / "templates")
    files = dict(FILE.findall((HOME / "docs/templates.md").read_text()))
    added = files.pop("matrix.yaml")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for name in ("matrix.yaml", "matrix.lock.yaml"):
        shutil.copy(HOME / name, root)
    (root / "added.yaml").write_text(added)


def test_a_kind_of_one_s_own_passes(site: Site, tmp_path: Path) -> None:
    repository(tmp_path)
    overlays = ("--overlay", str(site.overlay), "--overlay", str(tmp_path / "added.yaml"))
    command = (sys.executable, "-m", "image_matrix", "-C", str(tmp_path), *overlays)
    built = subprocess.run([*command, "build", "--no-registry", VARIANT], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr[-6000:]
    done = subprocess.run([*command, "verify", VARIANT, "--format", "json"], capture_output=True, text=True)
    assert done.stdout, done.stderr
    (report,) = json.loads(done.stdout)
    assert [result["name"] for result in report["results"] if result["status"] != "passed"] == ["no-prefix"]
    names = {result["name"] for result in report["results"]}
    assert {
        "http",
        "cors",
        "inside-prefix",
        "ports",
        "trailing-slash",
        "no-prefix",
        "alone",
        "hub-ide",
    } <= names
