"""Images from outside that a user's Dockerfile names are locked if a source has their reference, and reported else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.lock.pins import Pins
from image_matrix.lock.read import unlocked
from image_matrix.lock.sources import used_references
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.config.loaded import Loaded

MATRIX = """\
version: 1
registry: quay.io/team
workflow: none
sources: {{debian: "docker.io/library/debian:trixie-slim", golang: "docker.io/library/golang:1.24"}}
images:
  base: {{from: debian, context: base}}
  tool: {{from: golang, context: tool}}
  lab: {{from: base, context: lab{more}}}
"""
LAB = """\
{syntax}FROM golang:1.24 AS build
FROM alpine:3.22@sha256:{digest} AS pinned
FROM busybox AS unused
FROM quay.io/team/base
COPY --from=build /a /a
COPY --from=pinned /a /a
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/
COPY --from=quay.io/team/tool /t /t
RUN --mount=type=bind,from=biuld,target=/b true
"""


def loaded(root: Path, more: str = "", syntax: str = "") -> Loaded:
    lab = LAB.format(syntax=syntax, digest="1" * 64)
    files = {"base": "FROM debian:trixie-slim\n", "tool": "FROM golang:1.24\n", "lab": lab}
    (root / "matrix.yaml").write_text(MATRIX.format(more=more))
    for name, text in files.items():
        (root / name).mkdir(exist_ok=True)
        (root / name / "Dockerfile").write_text(text)
    return load_inputs(read_inputs(root))


def reported(state: Loaded) -> dict[str, str]:
    """The remedy of each image that floats in a Dockerfile, by what names it."""
    items = [item.diagnostic(state.documents) for item in unlocked(state, Pins()) if item.image]
    assert {item.code for item in items} <= {"IM611"}
    assert {item.place.file for item in items} <= {"lab/Dockerfile"}
    return {item.message.removesuffix(": not locked"): item.help for item in items}


def test_what_nothing_pins_is_reported_with_what_to_write(tmp_path: Path) -> None:
    assert reported(loaded(tmp_path)) == {
        "COPY --from ghcr.io/astral-sh/uv:0.9": (
            'write `sources: {uv: "ghcr.io/astral-sh/uv:0.9"}` in matrix.yaml, then run `image-matrix lock`'
        ),
        "COPY --from quay.io/team/tool": (
            'write `contexts: {"quay.io/team/tool": tool}` at `images.lab` in matrix.yaml'
        ),
        "RUN --mount biuld": "did you mean `build`?",
    }


def test_what_contexts_replaces_is_not(tmp_path: Path) -> None:
    more = ', contexts: {"quay.io/team/tool": tool, "ghcr.io/astral-sh/uv:0.9": golang, biuld: golang}'
    assert reported(loaded(tmp_path, more)) == {}


def test_a_source_that_only_a_dockerfile_names_is_used_and_locked(tmp_path: Path) -> None:
    state = loaded(tmp_path)
    assert state.warnings == ()
    assert used_references(state).keys() == {
        "docker.io/library/debian:trixie-slim",
        "docker.io/library/golang:1.24",
    }
    assert {"source debian", "source golang"} <= {item.what for item in unlocked(state, Pins())}


DIGESTS = f"""\
# syntax=docker/dockerfile:1@sha256:{"3" * 64}
FROM debian:trixie-slim AS moving
FROM debian:trixie-slim@sha256:{"1" * 64} AS pinned
FROM debian:trixie-slim@sha256:{"2" * 64} AS unknown
FROM quay.io/team/base
COPY --from=moving /a /a
COPY --from=pinned /a /b
COPY --from=unknown /a /c
"""


def test_a_digest_in_a_dockerfile_is_built_and_not_what_the_lock_has_for_its_tag(tmp_path: Path) -> None:
    loaded(tmp_path)
    pinned = f'one: "docker.io/library/debian:trixie-slim@sha256:{"1" * 64}", debian'
    matrix = (tmp_path / "matrix.yaml").read_text()
    (tmp_path / "matrix.yaml").write_text(matrix.replace("debian", pinned, 1))
    (tmp_path / "lab" / "Dockerfile").write_text(DIGESTS)
    state = load_inputs(read_inputs(tmp_path))
    build = state.variants["lab:default"].build
    assert build
    assert build.sources == {
        "debian:trixie-slim": "debian",
        f"debian:trixie-slim@sha256:{'1' * 64}": "one",
    }
    assert not reported(state)
    assert not state.uses_frontend
    assert state.context_files["lab:default"].syntax == f"docker/dockerfile:1@sha256:{'3' * 64}"


SAME_NAMES = """\
FROM debian:bookworm AS one
FROM example.org/team/debian:bookworm AS two
FROM example.org/other/debian:bookworm AS three
FROM docker.io/library/debian:bookworm AS one_again
FROM example.org/tool:1 AS four
FROM example.org/team/none:1 AS five
FROM quay.io/team/base
COPY --from=one /a /a
COPY --from=two /a /a
COPY --from=three /a /a
COPY --from=one_again /a /a
COPY --from=four /a /a
COPY --from=five /a /a
"""


def test_what_is_to_be_declared_has_names_of_its_own(tmp_path: Path) -> None:
    loaded(tmp_path)
    (tmp_path / "lab" / "Dockerfile").write_text(SAME_NAMES)
    lines = [advice.split("`")[1] for advice in reported(load_inputs(read_inputs(tmp_path))).values()]
    assert lines == [
        'sources: {debian-bookworm: "docker.io/library/debian:bookworm"}',
        'sources: {debian-bookworm-2: "example.org/team/debian:bookworm"}',
        'sources: {debian-bookworm-3: "example.org/other/debian:bookworm"}',
        'sources: {debian-bookworm: "docker.io/library/debian:bookworm"}',
        'sources: {tool-1: "example.org/tool:1"}',
        'sources: {none-1: "example.org/team/none:1"}',
    ]
    # what they say, done all at once
    declared = "".join(f", {line}" for line in dict.fromkeys(line[len("sources: {") : -1] for line in lines))
    matrix = (tmp_path / "matrix.yaml").read_text()
    (tmp_path / "matrix.yaml").write_text(matrix.replace('1.24"}', f'1.24"{declared}}}'))
    assert reported(load_inputs(read_inputs(tmp_path))) == {}


@pytest.mark.parametrize(
    ("syntax", "floating"),
    [
        ("# syntax=docker/dockerfile:1\n", False),
        ("# syntax=example.org/frontend:1\n", True),
        (f"# syntax=example.org/frontend:1@sha256:{'1' * 64}\n", False),
    ],
)
def test_a_frontend_is_the_matrix_one_or_reported(tmp_path: Path, syntax: str, floating: bool) -> None:
    state = loaded(tmp_path, syntax=syntax)
    assert ("the frontend example.org/frontend:1" in reported(state)) is floating
    assert state.uses_frontend is syntax.startswith("# syntax=docker/")
