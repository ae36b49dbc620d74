"""The slip that is shown is one whose remedy mends the matrix."""

from __future__ import annotations

from pathlib import Path

import pytest

from image_matrix.config.yaml_hints.rank import applied, slip_in
from image_matrix.project.load import load

BAD = Path(__file__).parent.parent / "fixtures" / "bad"
TEMPLATES = ("base", "jupyter")
CASES = {case.name: (case / "matrix.yaml") for case in sorted(BAD.iterdir()) if case.name.startswith("yaml-")}
NO_GUESS = {
    "yaml-anchored-nowhere-merge", "yaml-at-sign", "yaml-backslash", "yaml-bracket-open-at-end", "yaml-colon-in-value",
    "yaml-complex-key", "yaml-control-character", "yaml-empty", "yaml-merge-conflict", "yaml-merge-of-text",
    "yaml-missing-comma", "yaml-template-braces", "yaml-two-documents", "yaml-unclosed-bracket", "yaml-unclosed-list",
    "yaml-undefined-alias",
}  # fmt: skip
"""What the parser itself says well, or what is YAML."""


def lines_of(name: str) -> list[str]:
    return CASES[name].read_text(encoding="utf-8").split("\n")


@pytest.mark.parametrize("name", sorted({*CASES} - NO_GUESS))
def test_the_remedy_mends(name: str) -> None:
    lines = lines_of(name)
    found = slip_in(lines)
    assert found is not None
    assert found.mended[found.line] == found.slip.mended
    load({"matrix.yaml": "\n".join(applied(lines, found))}, TEMPLATES)


@pytest.mark.parametrize("name", sorted(NO_GUESS))
def test_nothing_is_guessed_where_nothing_helps(name: str) -> None:
    assert slip_in(lines_of(name)) is None


def test_the_first_of_several_slips_is_shown() -> None:
    lines = lines_of("yaml-no-space-behind-key")
    at = lines.index("    parent:base")
    lines[at + 1] = "    pip:[jupyterlab==4.6.6]"
    del lines[at + 2 : at + 4]
    found = slip_in([*lines[:-1], "    env: {A: b}"])
    assert found is not None
    assert (found.line, found.slip.mended) == (at, "    parent: base")


def test_a_slip_high_above_is_found() -> None:
    lines = lines_of("yaml-quote-open-to-the-next")
    at = next(number for number, line in enumerate(lines) if line.endswith('"JupyterLab'))
    lines[at + 1 : at + 1] = [f"    # {number}" for number in range(60)]
    found = slip_in(lines)
    assert found is not None
    assert found.line == at


def test_a_long_file_costs_few_tries() -> None:
    """Each try parses the file: what is found in a short one is left to the parser in one of megabytes."""
    lines = lines_of("yaml-no-space-behind-key")
    assert slip_in([*lines, *("# " + "x" * 1000 for _ in range(30_000))]) is None
