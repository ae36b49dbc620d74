"""A remedy is made of what somebody wrote; a password in it is not printed, however it is split, quoted or cut."""

from __future__ import annotations

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.diagnostics.report import github, terminal
from image_matrix.project.load import load

START = """version: 1
registry: ghcr.io/example/notebooks
sources:
  debian: docker.io/library/debian:trixie-slim
mirrors:
  apt: {"http://archive.example.org": "http://mirror.example.org"}
"""
END = """images:
  base:
    from: debian
"""
ADDRESS = "https://somebody:hunter2@mirror.example.org/simple"
LONG = f"https://somebody:{'hunter2' * 12}@mirror.example.org/simple"
BLANK = "https://somebody:hunter2 x@mirror.example.org/simple"
COMMA = "https://somebody:hunter2,hunter2@mirror.example.org/simple"


@pytest.mark.parametrize("address", [ADDRESS, LONG, BLANK, COMMA])
@pytest.mark.parametrize(
    "line",
    [
        "  pip:{}", "  pip {}", "  pip = {}", "  pip: '{}", "  pip: '{}' x", '  pip: "{}', "  pip: [{}", "  pip: [{}]]",
        "  pip: - {}", "  pip: {},", "  - {}", "   pip: {}", "\tpip: {}", "  pip:\n  {}", "  pip: {{{}", "  pip: > {}",
        "  pip: [x # {}]", "  pip: {{{}}} x", "  {}", "  pip: [{}]", "  pip: #{}", "  npm: #{}", "  pip_indexes: {}",
        "  pip_indexes: [{}]", "+  pip: {}", "  // {}", '  pip: ["{}, "x"]', "  pip: {{a: {} b: c}}",
        "  registries: {}",
    ],
)  # fmt: skip
def test_in_an_address_of_a_mirror(line: str, address: str) -> None:
    assert "hunter2" not in said(f"{START}{line.format(address)}\n{END}")


# none with a comma: in brackets YAML ends the value there, and what is left of it is no address with a user
@pytest.mark.parametrize("address", [ADDRESS, LONG, BLANK, "somebody:hunter2@mirror.example.org"])
@pytest.mark.parametrize(
    "line",
    [
        "pip: {}", "pip: [{}]", "apt: {}", "apt: git, {}", "apt: |\n      git\n      {}", "from: {}", "from: [{}]",
        "env: {}", "env: [{}]", "max_size: [{}]", "description: #{}", "axes: {}", "downloads: {}", "{}", "exclude: {}",
        "tests: {{commands: {}}}", "tests: {{files: {}}}", "parent {}: x", "pip: [git\n      {}\n      x]",
    ],
)  # fmt: skip
def test_in_an_image(line: str, address: str) -> None:
    assert "hunter2" not in said(f"{START}{END}    {line.format(address)}\n  jupyter: {{from: base}}\n")


@pytest.mark.parametrize("address", [ADDRESS, LONG, BLANK, COMMA, "somebody:hunter2@mirror.example.org"])
def test_in_a_name_that_an_overlay_removes(address: str) -> None:
    overlay = f'images:\n  "{address}":\nmirrors:\n  apt:\n    "{address}":\n'
    assert "hunter2" not in said(START + END, overlay)


def said(matrix: str, overlay: str = "") -> str:
    texts = {"matrix.yaml": matrix} | ({"overlay.yaml": overlay} if overlay else {})
    try:
        found = load(texts, ["base"]).warnings
    except MatrixError as error:
        found = error.diagnostics
    return terminal(found) + github(found)
