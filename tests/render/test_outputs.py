from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import dockerfile
import pytest

from image_matrix.config.extensions import extension_address
from image_matrix.diagnostics import MatrixError
from image_matrix.lock.pins import Pins
from image_matrix.output_tree.files import File
from image_matrix.project import render as outputs
from image_matrix.project.inputs import read_inputs, read_templates
from image_matrix.project.load import load, load_inputs
from image_matrix.render.bake import definition
from image_matrix.render.dockerfile import PARENT_HOST
from image_matrix.render.docs.graph_text import dot, mermaid, tree
from image_matrix.render.docs.images_page import image_sources
from tests.deploy.support import reference

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

FULL = (Path(__file__).parent / "full.json").read_text(encoding="utf-8")
TEMPLATES = read_templates(Path(__file__).parent)
SCRIPTS = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  base: {from: debian, kind: base, scripts: [one.sh, two.sh], refresh_days: 30}
  plain: {from: debian, scripts: [one.sh, two.sh], apt: [git], refresh_days: 30}
  undated: {from: debian, scripts: [one.sh, two.sh]}
"""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load({"matrix.yaml": FULL}, TEMPLATES.kinds)


def texts(loaded: Loaded, pins: Pins) -> dict[str, str]:
    found = outputs.render_all(loaded, pins, TEMPLATES)
    return {path: file.content.decode() for path, file in found.items() if path.endswith("Dockerfile")}


def test_two_outputs_with_one_path_are_an_error() -> None:
    found = {"a": File(b"1")}
    with pytest.raises(MatrixError) as caught:
        outputs._add(found, {"a": File(b"2")})
    assert caught.value.diagnostics[0].code == "IM502"


def test_outputs_are_sorted_and_end_with_a_line_break(loaded: Loaded) -> None:
    found = outputs.render_all(loaded, Pins(), TEMPLATES)
    assert list(found) == sorted(found)
    assert all(
        file.content.endswith(b"\n") for path, file in found.items() if path.endswith(("Dockerfile", ".md"))
    )


def test_a_parent_cannot_be_a_strangers_image(loaded: Loaded) -> None:
    """A host that never resolves, and a context in the bake file that stands in for it."""
    bake = definition(loaded.matrix, loaded.variants, TEMPLATES.rootfs)
    for path, text in texts(loaded, Pins()).items():
        base = next(
            command.value[0] for command in dockerfile.parse_string(text) if command.cmd.upper() == "FROM"
        )
        target = next(item for item in bake["target"].values() if f"{item['context']}/Dockerfile" == path)
        if base.startswith(PARENT_HOST):
            assert target["contexts"].pop(base).removeprefix("target:") in bake["target"]
        else:
            assert base in loaded.matrix.sources.values()
        copied = re.findall(r"^COPY --from=(\S+)", text, flags=re.MULTILINE)
        assert target.get("contexts", {}) == {
            name: f"images/rootfs/{name.removeprefix('rootfs.invalid/')}" for name in copied
        }


def test_the_last_user_is_a_number(loaded: Loaded) -> None:
    for text in texts(loaded, Pins()).values():
        users = [
            command.value[0] for command in dockerfile.parse_string(text) if command.cmd.upper() == "USER"
        ]
        assert users[-1] in ("1000", "${NB_UID:-1000}")


def test_pins_reach_the_dockerfile(loaded: Loaded) -> None:
    digest = "sha256:" + "1" * 64
    extension = extension_address("ms-python.python@2026.4.0")
    pins = Pins(
        digests={"docker.io/library/debian:trixie-slim": digest, "docker.io/docker/dockerfile:1": digest},
        checksums={extension: "2" * 64},
        requirements={"all:python3.13": {"amd64": "scipy==1.17.1 --hash=sha256:00\n", "arm64": "never"}},
        cran_snapshot="2026-11-01",
        apt_snapshots={"debian-trixie": "20261101T000000Z"},
    )
    found = outputs.render_all(loaded, pins, TEMPLATES)
    base = found["images/base/python3.13/Dockerfile"].content.decode()
    child = found["images/all/python3.13/Dockerfile"].content.decode()
    assert base.startswith(f"# syntax=docker.io/docker/dockerfile:1@{digest}\n")
    assert f"FROM docker.io/library/debian:trixie-slim@{digest}\n" in base
    assert "20261101T000000Z" in base
    assert "--require-hashes" in child
    assert "2" * 64 in child
    assert "2026-11-01" in child
    assert (
        found["images/all/python3.13/requirements/amd64.txt"].content == b"scipy==1.17.1 --hash=sha256:00\n"
    )
    assert "images/all/python3.13/requirements/arm64.txt" not in found


def test_the_day_of_scripts_is_in_each_of_their_steps_and_in_no_other(tmp_path: Path) -> None:
    for name in ("one.sh", "two.sh"):
        (tmp_path / name).write_text("#!/bin/sh\ntrue\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "matrix.yaml").write_text(SCRIPTS)
    family = load_inputs(read_inputs(tmp_path))
    before = texts(family, Pins())
    after = texts(family, Pins(refreshed=dict.fromkeys(("base:default", "plain:default"), "2026-11-30")))
    line = "# Run again on 2026-11-30: no layer of before has what it fetches now\n"
    counts = {path.split("/")[1]: text.count(line) for path, text in after.items()}
    assert counts == {"base": 2, "plain": 2, "undated": 0}
    assert {path: text.replace(line, "") for path, text in after.items()} == before


def test_every_graph_has_what_an_image_needs_beside_its_parent() -> None:
    parents, others = {"base": None, "tools": None, "lab": "base"}, {"lab": ("tools",)}
    sources = {"base": "debian", "tools": "debian", "lab": "cuda"}
    assert "lab ╾ cuda, tools" in tree(parents, sources, others)
    assert "  n_tools -.-> n_lab" in mermaid(parents, sources, others=others)
    assert '  "tools" -> "lab" [style=dashed];' in dot(parents, sources, others)


def test_mermaid_draws_small_trees_first_and_from_left_to_right() -> None:
    parents = {"base": None, "other": None, "jupyter": "base", "more": "other", "scipy": "jupyter"}
    lines = mermaid(parents, {"base": "debian", "other": "ubuntu"}).splitlines()
    assert lines[0] == "graph LR"
    names = [line.split('"')[1] for line in lines if "[" in line]
    assert names == ["ubuntu", "debian", "other", "more", "base", "jupyter", "scipy"]
    assert "  n_jupyter --> n_scipy" in lines
    assert len(lines) == 1 + len(names) + 5


def test_an_image_on_several_sources_shows_them_all() -> None:
    """A source of some variants only was in no graph."""
    sources = image_sources(reference().variants)
    assert sources["base"] == "debian-trixie, debian-bookworm"
    drawn = mermaid({"base": None}, sources)
    (node,) = (line for line in drawn.splitlines() if "bookworm" in line and "[" in line)
    name = node.split("(")[0].strip()
    assert re.fullmatch(r"\w+", name)
    assert f"  {name} --> n_base" in drawn


def test_graphs_as_text() -> None:
    parents, sources = {"base": None, "jupyter-lab": "base", "end": "jupyter-lab"}, {"base": "debian"}
    drawn = mermaid(parents, sources, marked=["end"])
    assert '  n_end["end"]\n' in drawn
    assert "  source_n_debian --> n_base\n  n_base --> n_jupyter_lab\n  n_jupyter_lab --> n_end\n" in drawn
    assert drawn.endswith("  class n_end marked;\n")
    assert dot(parents, sources).count(" -> ") == 3


def test_bake_is_complete(loaded: Loaded) -> None:
    bake = json.loads(json.dumps(definition(loaded.matrix, loaded.variants, TEMPLATES.rootfs)))
    listed = bake["group"]["default"]["targets"]
    assert listed == list(bake["target"]) == [item.target for item in loaded.variants.values()]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in listed)


LATE_UV = """\
version: 1
registry: ghcr.io/example/notebooks
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian, kind: base}
  lab: {from: base, pip: [uv==0.13.8, jupyterlab==4.6.6]}
  more: {from: lab, pip: [uv==0.13.8, six==1.17.0]}
workflow: none
"""


def test_uv_is_installed_by_the_first_image_of_a_chain_that_lists_it() -> None:
    installing = "/opt/venv/bin/python -m pip install --no-cache-dir"
    made = texts(load({"matrix.yaml": LATE_UV}, TEMPLATES.kinds), Pins())
    with_uv = {path for path, text in made.items() if installing in text}
    assert with_uv == {"images/lab/default/Dockerfile"}
    text = made["images/lab/default/Dockerfile"]
    assert text.index("requirement=uv==0.13.8") < text.index(installing) < text.index("uv pip install")


def test_kinds_that_install_python_packages_in_their_own_way_need_no_uv() -> None:
    folder = Path(__file__).parent / "own_pip"
    inputs = read_inputs(folder)
    kinds = inputs.templates.kinds
    assert inputs.templates.custom_pip == {"own", "theirs"}
    assert set(load(inputs.texts, kinds, custom_pip={"own", "theirs"}).variants) > {"on-top-of-it:default"}
    with pytest.raises(MatrixError) as caught:
        load(inputs.texts, kinds)
    assert [item.code for item in caught.value.diagnostics] == ["IM404", "IM404"]


HALF_LOCKED = """\
version: 1
registry: ghcr.io/team/notebooks
defaults: {images: {platforms: [linux/amd64, linux/arm64]}}
sources: {debian: docker.io/library/debian:trixie-slim}
downloads: {tool: {version: "1", url: "https://files.invalid/tool-{arch}", to: /usr/local/bin/tool}}
images: {base: {from: debian, kind: base, downloads: [tool]}}
workflow: none
"""


def test_a_checksum_of_one_architecture_is_verified_there(tmp_path: Path) -> None:
    """The lock could get one file and not the other: the one that it has does not float."""
    content = b"the tool for amd64"
    pins = Pins(checksums={"https://files.invalid/tool-amd64": hashlib.sha256(content).hexdigest()})
    text = texts(load({"matrix.yaml": HALF_LOCKED}, TEMPLATES.kinds), pins)["images/base/default/Dockerfile"]
    step = re.search(r"(case .*?)install -D", text, re.DOTALL)
    assert step
    script = step[1].replace("/tmp/download", str(tmp_path / "file"))  # noqa: S108 - what the Dockerfile has
    script = "set -euo pipefail\ncurl() { :; }\n" + script
    for arch, found, code in (("amd64", content, 0), ("amd64", b"else", 1), ("arm64", b"whatever", 0)):
        (tmp_path / "file").write_bytes(found)
        done = subprocess.run(["bash", "-c", script], env={**os.environ, "TARGETARCH": arch}, check=False)
        assert done.returncode == code, (arch, found)
