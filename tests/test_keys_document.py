"""docs/keys.md is enough to compute a key: this file does it from the page alone, without ``planning/keys.py``."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.output_tree.files import File
from image_matrix.output_tree.tree import apply, compare
from image_matrix.planning.keys import compute_keys
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load

REPOSITORY = Path(__file__).parent.parent
PAGE = (REPOSITORY / "docs/keys.md").read_text(encoding="utf-8")
RECORDS = re.findall(r"^```json\n(.*)\n```$", PAGE, flags=re.MULTILINE)
KEYS = re.findall(r"`([0-9a-f]{64})`", PAGE)
MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
defaults: {images: {platforms: [linux/amd64]}}
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian, kind: base, pip: [uv==0.13.8]}
  child: {from: base}
"""
CONTEXTS = {
    "images/base/default/Dockerfile": File(b"FROM docker.io/library/debian:trixie-slim\n"),
    "images/rootfs/base/etc/motd": File("caf\u00e9\n".encode(), executable=True),
    "images/child/default/Dockerfile": File(b"FROM parent.invalid/base:default\n"),
}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def hash_of(record: dict[str, Any]) -> str:
    return sha256(json.dumps(record, sort_keys=True, separators=(",", ":")).encode("ascii"))


def entry(path: Path) -> list[str]:
    if path.is_symlink():
        return ["120000", sha256(str(path.readlink()).encode())]
    executable = bool(path.stat().st_mode & 0o100)
    return ["100755" if executable else "100644", sha256(path.read_bytes())]


def entries(folder: Path, above: Path) -> dict[str, list[str]]:
    return {
        path.relative_to(above).as_posix(): entry(path)
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def key_of(folder: Path, platform: str, parent: str | None) -> str:
    """The rules of the page, over a build context and the copied files on disk."""
    arch = platform.removeprefix("linux/")
    files = entries(folder, folder)
    images = folder.parents[1]
    for kind in re.findall(r"COPY --from=rootfs.invalid/(\S+)", (folder / "Dockerfile").read_text()):
        files |= entries(images / "rootfs" / kind, images)
    own = {
        path: found
        for path, found in files.items()
        if path.partition("/")[0] not in ("requirements", "conda") or path.endswith(f"/{arch}.txt")
    }
    return hash_of({"format": 1, "platform": platform, "parent": parent, "files": own})


@pytest.mark.parametrize(
    ("record", "key"), [*zip(RECORDS, KEYS, strict=True)], ids=["base", "child", "index"]
)
def test_a_records_hash_is_the_key_beside_it(record: str, key: str) -> None:
    assert sha256(record.encode("ascii")) == key
    assert hash_of(json.loads(record)) == key


def test_the_example_is_what_is_computed() -> None:
    loaded = load({"matrix.yaml": MATRIX}, frozenset({"base", "generic"}))
    keys = compute_keys(loaded.variants, CONTEXTS)
    base, child, index = KEYS
    assert keys["base:default"].platforms == {"linux/amd64": base}
    assert keys["child:default"].platforms == {"linux/amd64": child}
    assert keys["child:default"].index == index
    assert f"`{keys['child:default'].tag}`" in PAGE
    assert f"`{keys['child:default'].platform_tag('linux/amd64')}`" in PAGE


def test_the_keys_of_the_reference_matrix_follow_from_its_files(tmp_path: Path) -> None:
    state = state_of(load_project(read_inputs(REPOSITORY)))
    apply(tmp_path, compare(tmp_path, state.rendered))
    found: dict[tuple[str, str], str] = {}
    for item in state.loaded.variants.values():
        for platform in item.platforms:
            parent = found[item.parent, platform] if item.parent else None
            found[item.id, platform] = key_of(tmp_path / item.folder, platform, parent)
    computed = {
        (name, platform): key for name, keys in state.keys.items() for platform, key in keys.platforms.items()
    }
    assert found == computed
