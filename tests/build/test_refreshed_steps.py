"""The day in the Dockerfiles of users: in each stage that runs something, and never in what is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.build.buildah_failure import build_failure
from image_matrix.build.failure import BuildFailed, failure
from image_matrix.build.refreshed_steps import line_of_user, with_day
from image_matrix.build.request import BuildOptions, BuildRequest, make_request
from image_matrix.build.workspace import write_workspace
from image_matrix.dockerfiles.instructions import parse
from image_matrix.lock.pins import Pins
from image_matrix.planning.keys import compute_keys, dockerfile_inputs
from image_matrix.planning.plan import State
from image_matrix.planning.registry_locations import Locations
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.project.render import render_builds

if TYPE_CHECKING:
    from pathlib import Path

DAY = "2026-11-30"
ARG = f"ARG IMAGE_MATRIX_REFRESHED={DAY}"
PARTS = st.lists(
    st.sampled_from(
        (
            "FROM a",
            "FROM b \\\n  # why\n  AS c",
            "RUN true",
            "RUN <<EOF\nFROM x\nRUN y\nEOF",
            "COPY a \\\n  b",
            "# ARG",
            "# why\x0cRUN no",
            "# \u2028# why\x0b\x85 \r not",
            "",
            "ENV A=\xfc",
        )
    )
)


def dated(text: str) -> list[str]:
    return with_day(text.encode(), DAY).decode().split("\n")


def test_each_stage_that_runs_something_has_the_day() -> None:
    text = "# syntax=a/b:1\nARG A=1\nFROM a AS one\n\n# why\nRUN true\n"
    text += "FROM b\nCOPY --from=one /a /\nFROM one\nENV A=1\nRUN x\n"
    assert dated(text) == [
        *("# syntax=a/b:1", "ARG A=1", "FROM a AS one", "", "# why", ARG, "RUN true"),
        *("FROM b", "COPY --from=one /a /", "FROM one", ARG, "ENV A=1", "RUN x", ""),
    ]


def test_a_dockerfile_without_steps_stays() -> None:
    text = b"FROM a\r\nCOPY a \xff\r\nFROM b"
    assert with_day(text, DAY) == text
    assert with_day(text + b"\r\nRUN true", DAY) == text + f"\r\n{ARG}\nRUN true".encode()


def test_only_a_line_feed_ends_a_line() -> None:
    """A form feed parts old listings into pages; U+2028 comes with copied text."""
    text = "FROM a\n# one\x0cRUN two\n# three\u2028four\r\nRUN true\n"
    assert with_day(text.encode(), DAY).decode() == text.replace("RUN true", f"{ARG}\nRUN true")
    assert line_of_user(with_day(text.encode(), DAY).decode(), 5) == 4


@given(PARTS)
def test_only_the_day_is_added_and_lines_are_found_again(parts: list[str]) -> None:
    text = "\n".join(["FROM a", *parts])
    lines = dated(text)
    assert [line for line in lines if line != ARG] == text.split("\n")
    before, after = parse(text).instructions, parse("\n".join(lines)).instructions
    kept = [item for item in after if not item.text.startswith("IMAGE_MATRIX_REFRESHED=")]
    assert [(one.name, one.text) for one in kept] == [(one.name, one.text) for one in before]
    assert [line_of_user("\n".join(lines), item.line) for item in kept] == [item.line for item in before]
    has_day = False
    for item in after:
        has_day = item.name != "FROM" and (has_day or item.text == ARG.removeprefix("ARG "))
        assert item.name != "RUN" or has_day


MATRIX = """\
version: 1
registry: registry.example.org/team
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images: {own: {from: debian, context: own, refresh_days: 30}}
"""
OWN = "FROM debian:trixie-slim AS one\nRUN true\n\n# why\nFROM debian:trixie-slim\nUSER 0\nRUN echo no; exit 3\n"
BUILDX_LOG = """\
------
 > [own_default-amd64 stage-1 2/2] RUN echo no; exit 3:
0.225 no
------
Dockerfile:9
--------------------
   7 |     ARG IMAGE_MATRIX_REFRESHED=2026-11-30
   8 |     USER 0
   9 | >>> RUN echo no; exit 3
--------------------
ERROR: failed to solve: process "/bin/sh -c echo no; exit 3" did not complete successfully: exit code: 3
"""
BUILDAH_LOG = """\
[2/2] STEP 4/4: RUN echo no; exit 3
no
Error: building at STEP "RUN echo no; exit 3": while running runtime: exit status 3
"""


@pytest.fixture
def request_of_own(tmp_path: Path) -> BuildRequest:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/Dockerfile").write_text(OWN)
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    inputs = read_inputs(tmp_path)
    loaded, pins = load_inputs(inputs), Pins(refreshed={"own:default": DAY})
    rendered = render_builds(loaded, pins, inputs.templates)
    keys = compute_keys(loaded.variants, rendered, dockerfile_inputs(loaded, pins))
    state = State(loaded, pins, inputs.templates, rendered, keys)
    return make_request(Locations(state), [("own:default", "linux/amd64")], {}, BuildOptions(push=False), ())


def test_the_engine_gets_the_day_and_messages_have_the_lines_of_the_user(
    request_of_own: BuildRequest, tmp_path: Path
) -> None:
    write_workspace(tmp_path / "workspace", request_of_own)
    written = (tmp_path / "workspace/images/own/default/Dockerfile").read_text()
    assert written == OWN.replace("RUN true", f"{ARG}\nRUN true").replace("USER 0", f"{ARG}\nUSER 0")
    assert (tmp_path / "own/Dockerfile").read_text() == OWN
    for failed in (
        failure(request_of_own, BUILDX_LOG),
        build_failure(request_of_own, request_of_own.legs[0], BUILDAH_LOG),
    ):
        assert isinstance(failed, BuildFailed)
        assert failed.place == ("own/Dockerfile", 7)
