"""What ``ONBUILD`` of an own Dockerfile copies from is pinned, too: in the builds that run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.build.buildah_commands import BuildahPlace, image_commands
from image_matrix.build.request import BuildOptions, make_request
from image_matrix.build.workspace import definition
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.lock.pins import Pins
from image_matrix.lock.read import unlocked
from image_matrix.lock.sources import used_references
from image_matrix.planning.registry_locations import Locations
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.registry.addresses import is_plain
from tests.build.support import AMD64
from tests.planning.project_keys import keys_of

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.project.inputs import Inputs

MATRIX = """\
version: 1
registry: quay.io/team
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim", uv: "ghcr.io/astral-sh/uv:0.8"}
images:
  base: {from: debian, context: base}
  lab: {from: base, context: lab}
  geo: {from: base, apt: [git]}
  more: {from: geo}
"""
WITH_TOOL = (
    MATRIX.replace("context: base}", 'context: base, contexts: {"quay.io/team/tool": tool}}')
    + """\
  tool: {from: debian, apt: [jq]}
"""
)
TOOL = "quay.io/team/tool"
BASE = """\
FROM debian:trixie-slim
ONBUILD COPY --from=ghcr.io/astral-sh/uv:0.8 /uv /bin/
ONBUILD RUN --mount=type=bind,from=quay.io/else/tools:1,target=/t true
ONBUILD COPY --from=builder /a /a
"""
UV = "ghcr.io/astral-sh/uv:0.8"


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    return read_project(tmp_path, MATRIX, BASE)


def read_project(folder: Path, matrix: str, base: str) -> Inputs:
    (folder / "matrix.yaml").write_text(matrix)
    for name, text in {"base": base, "lab": "FROM quay.io/team/base\n"}.items():
        (folder / name).mkdir()
        (folder / name / "Dockerfile").write_text(text)
    return read_inputs(folder)


def test_the_builds_that_run_them_get_the_images_of_the_sources(inputs: Inputs) -> None:
    locations = Locations(state_of(load_project(inputs)))
    legs = [(f"{image}:default", AMD64) for image in ("lab", "geo", "more")]
    request = make_request(locations, legs, {}, BuildOptions(push=False), ())
    made = definition(request)["target"]
    contexts = {name.partition("_")[0]: target["contexts"].get(UV) for name, target in made.items()}
    of_source = f"docker-image://{UV}"
    assert contexts == {"base": of_source, "lab": of_source, "geo": of_source, "more": None}
    commands = image_commands(request, BuildahPlace("buildah", is_plain), push=False)
    given = [any(UV in word for word in one.build) for one in commands]
    assert given == [True, True, True, False]


def test_the_builds_that_run_them_get_the_images_of_the_matrix(tmp_path: Path) -> None:
    inputs = read_project(tmp_path, WITH_TOOL, f"{BASE}ONBUILD COPY --from={TOOL} /a /a\n")
    locations = Locations(state_of(load_project(inputs)))
    legs = [(f"{image}:default", AMD64) for image in ("lab", "geo", "more")]
    pushed = {("tool:default", AMD64): f"{TOOL}@sha256:{'1' * 64}"}
    made = {
        where: make_request(locations, legs, existing, BuildOptions(push=False), ())
        for where, existing in {"registry": pushed, "here": {}}.items()
    }
    contexts = {
        where: {
            name.partition("_")[0]: target["contexts"].get(TOOL)
            for name, target in definition(request)["target"].items()
        }
        for where, request in made.items()
    }
    of_registry = f"docker-image://{pushed['tool:default', AMD64]}"
    assert contexts["registry"] == {"base": of_registry, "lab": of_registry, "geo": of_registry, "more": None}
    of_run = contexts["here"]["lab"]
    assert of_run.startswith("target:tool_")
    assert contexts["here"] == {"tool": None, "base": of_run, "lab": of_run, "geo": of_run, "more": None}
    commands = image_commands(made["registry"], BuildahPlace("buildah", is_plain), push=False)
    given = [any(word.startswith(f"{TOOL}=") for word in one.build) for one in commands]
    assert given == [True, True, True, False]


def test_what_no_source_has_is_reported_as_in_the_dockerfile_itself(inputs: Inputs) -> None:
    loaded = load_inputs(inputs)
    floating = [one.what for one in unlocked(loaded, Pins()) if one.image]
    assert floating == ["RUN --mount quay.io/else/tools:1 (base/Dockerfile)"]
    assert UV in used_references(loaded)


def test_a_moved_image_gives_all_that_run_it_another_key(inputs: Inputs) -> None:
    before, after = (keys_of(inputs, Pins(digests={UV: f"sha256:{digest * 64}"})) for digest in ("1", "2"))
    assert all(before[name] != after[name] for name in load_inputs(inputs).variants)
