"""A download has the address that the matrix names; it is a program, or data without the mode of one.

A changed mode is named in plans.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.plan import State, make_plan
from image_matrix.project.inputs import Inputs, read_templates

if TYPE_CHECKING:
    from pathlib import Path

MATRIX = """\
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
downloads:
  jar: {version: "1", url: "https://example.org/{version}.jar", to: /opt/x.jar, executable: EXECUTABLE}
images:
  plain: {from: debian, downloads: [jar]}
  base: {from: debian, kind: base, downloads: [jar]}
"""


def state(root: Path, executable: str) -> State:
    text = MATRIX.replace("EXECUTABLE", executable)
    return state_of(load_project(Inputs({"matrix.yaml": text}, read_templates(root))))


@pytest.mark.parametrize(("executable", "mode"), [("true", "0755"), ("false", "0644")])
def test_the_mode_of_a_file(tmp_path: Path, executable: str, mode: str) -> None:
    rendered = state(tmp_path, executable).rendered
    plain, base = (
        rendered[f"images/{name}/default/Dockerfile"].content.decode() for name in ("plain", "base")
    )
    assert f"install -D -m {mode} /tmp/download /opt/x.jar\n" in plain
    assert f"install -D --mode={mode} /tmp/download /opt/x.jar\n" in base


def test_a_plan_names_the_download_whose_mode_changes(tmp_path: Path) -> None:
    plan = make_plan(state(tmp_path, "false"), state(tmp_path, "true"), None)
    assert {entry.why for entry in plan.build} == {"download jar"}


def test_a_brace_of_an_address_is_no_set_of_addresses(tmp_path: Path) -> None:
    """curl would ask for `a.jar` and `b.jar`, and for `x` in place of `{x}`."""
    text = MATRIX.replace("EXECUTABLE", "true").replace("{version}.jar", "{version}/{{a,b}}{{x}}.jar")
    rendered = state_of(load_project(Inputs({"matrix.yaml": text}, read_templates(tmp_path)))).rendered
    for name in ("plain", "base"):
        content = rendered[f"images/{name}/default/Dockerfile"].content.decode()
        assert "url=https://example.org/1/%7Ba,b%7D%7Bx%7D.jar\n" in content
