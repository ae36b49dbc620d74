"""Kinds of edits: is what is planned exactly what changed?

Each edit is made to a copy of this repository that is committed before. What changed is taken from the rendered
contexts themselves, with what is built on them; what is planned is what ``plan --since HEAD`` says.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.measure import IMAGE_MATRIX, PYTHON, REPOSITORY, interleaved, table
from bench.synthetic import commit

Edit = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of edit."""

    name: str
    make: Edit


def replaced(file: str, old: str, new: str) -> Edit:
    """Return an edit that replaces the first ``old`` in a file, which must be there."""

    def make(folder: Path) -> None:
        path = folder / file
        text = path.read_text()
        if old not in text:
            message = f"{file} has no {old!r}"
            raise ValueError(message)
        path.write_text(text.replace(old, new, 1))

    return make


def moved(folder: Path) -> None:
    """Move the entry of one image to the end of the images."""
    path = folder / "matrix.yaml"
    text = path.read_text()
    entry = re.search(r"(?m)^  rstudio-tidyverse:\n(?:    .*\n)+", text)
    if entry is None:
        message = "there is no entry to move"
        raise ValueError(message)
    images = re.search(r"(?ms)^images:\n.*?(?=^\S|\Z)", text)
    assert images is not None
    section = images.group()
    without = section.replace(entry.group(), "").rstrip("\n")
    path.write_text(text.replace(section, f"{without}\n{entry.group()}\n"))


def relocked(folder: Path) -> None:
    """Give one source another digest in the lock."""
    path = folder / "matrix.lock.yaml"
    text = path.read_text()
    entry = re.search(r"(?m)^  docker\.io/library/debian:bookworm-slim:(?:\n    .*)+", text)
    entry = entry or re.search(r"(?m)^  debian-bookworm:(?:\n    .*)+", text)
    if entry is None:
        message = "the lock has no bookworm"
        raise ValueError(message)
    path.write_text(
        text.replace(entry.group(), re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, entry.group()), 1)
    )


KINDS = (
    Kind("nothing", lambda _: None),
    Kind("package of a leaf", replaced("matrix.yaml", "openpyxl==3.1.5", "openpyxl==3.1.4")),
    Kind("package of base (a bundle)", replaced("matrix.yaml", "bzip2, ", "")),
    Kind("package of the full bundle", replaced("matrix.yaml", "dill==0.4.1", "dill==0.4.0")),
    Kind("one axis value more", replaced("matrix.yaml", '["3.13", "3.11"]', '["3.13", "3.12", "3.11"]')),
    Kind("accelerator's version", replaced("matrix.yaml", 'version: "13.0"', 'version: "13.2"')),
    Kind(
        "template of one kind",
        replaced("templates/dockerfiles/codeserver.Dockerfile.j2", "mode=2775", "mode=0775"),
    ),
    Kind(
        "file of one kind",
        replaced("templates/rootfs/codeserver/etc/services.d/nginx/run", "\n", "\n# edited\n"),
    ),
    Kind("comment", replaced("matrix.yaml", "\nimages:", "\n# edited\nimages:")),
    Kind("moved entry", moved),
    Kind(
        "description of a profile",
        replaced("matrix.yaml", "PyTorch or TensorFlow on", "TensorFlow or PyTorch on"),
    ),
    Kind("lock of one source", relocked),
)


def report() -> str:
    """Make every edit and compare; then the time of ``plan --since`` against ``check``."""
    with tempfile.TemporaryDirectory() as top:
        rows = [row for kind in KINDS if (row := _row(Path(top), kind))]
        times = _times(_copy(Path(top) / "times"))
    header = ("edit", "variants planned", "variants changed", "missing", "too many")
    return table("Edits", header, rows) + "\n" + times


def _row(top: Path, kind: Kind) -> tuple[object, ...] | None:
    folder = _copy(top / re.sub(r"\W+", "-", kind.name))
    before = _contexts(folder)
    try:
        kind.make(folder)
    except (ValueError, FileNotFoundError) as error:
        return kind.name, f"not made: {error}", "", "", ""
    planned = {
        entry["variant"]
        for entry in json.loads(_output(folder, "plan", "--since", "HEAD", "--format", "json"))["build"]
    }
    changed = _below(folder, {name for name, files in _contexts(folder).items() if before.get(name) != files})
    return kind.name, len(planned), len(changed), len(changed - planned), len(planned - changed)


def _copy(folder: Path) -> Path:
    """Copy the inputs of this repository into a new one with a commit."""
    folder.mkdir()
    for name in ("matrix.yaml", "matrix.lock.yaml"):
        if (REPOSITORY / name).exists():
            shutil.copy(REPOSITORY / name, folder)
    shutil.copytree(REPOSITORY / "templates", folder / "templates")
    commit(folder)
    return folder


def _contexts(folder: Path) -> dict[str, dict[str, bytes]]:
    """Render, and return every variant's files."""
    _output(folder, "render", "--force")
    found: dict[str, dict[str, bytes]] = {}
    for path in sorted((folder / "images").rglob("*")):
        if path.is_file() and path.name != "docker-bake.json":
            image, label, *rest = path.relative_to(folder / "images").parts
            found.setdefault(f"{image}:{label}", {})["/".join(rest)] = path.read_bytes()
    return found


def _below(folder: Path, changed: set[str]) -> set[str]:
    """Add everything that is built on what changed."""
    parents = {
        node["variant"]: node["parent"] for node in json.loads(_output(folder, "graph", "--format", "json"))
    }
    known = {name for name in changed if name in parents}
    for name, parent in parents.items():  # parents come first
        if parent in known:
            known.add(name)
    return known


def _output(folder: Path, *arguments: str) -> str:
    command = [PYTHON, "-m", "image_matrix", "-q", *arguments]
    environment = {"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


def _times(folder: Path) -> str:
    _output(folder, "render")
    check, plan = interleaved(
        [(*IMAGE_MATRIX, "check"), (*IMAGE_MATRIX, "plan", "--since", "HEAD")], 7, folder
    )
    rows = [("plan --since HEAD", f"{plan * 1000:.0f}", "check", f"{plan / check:.2f}", "< 2")]
    return table("Plan", ("command", "ms", "against", "ratio", "goal"), rows)
