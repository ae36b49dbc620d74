"""Texts that are not YAML: the place is that of the mistake, and a remedy that is obeyed helps."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from image_matrix.config.model import Kind
from image_matrix.config.yaml_loader import parse
from image_matrix.config.yaml_syntax import complaint_of, find_mistake
from image_matrix.diagnostics import catalogue as rules
from image_matrix.project.load import load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from image_matrix.config.yaml_mistakes import Mistake

TESTS = Path(__file__).parent.parent
TEMPLATES = ("base", "jupyter")
CASES = {case.name: case / "matrix.yaml" for case in sorted((TESTS / "fixtures/bad").glob("yaml-*"))}
CORRECTED = [
    "yaml-apostrophe-in-quotes", "yaml-bad-indentation", "yaml-braces-and-text", "yaml-comment-of-another-language",
    "yaml-dash-without-space", "yaml-equals-sign", "yaml-markdown-fence", "yaml-missing-space", "yaml-name-too-deep",
    "yaml-no-break-space", "yaml-no-colon", "yaml-no-space-before-list", "yaml-no-space-behind-key",
    "yaml-not-deep-enough", "yaml-percent", "yaml-quote-open-in-list", "yaml-quote-open-to-the-next",
    "yaml-quotes-in-quotes", "yaml-tab-below-text", "yaml-tab-in-list", "yaml-tabs", "yaml-text-in-brackets",
    "yaml-text-like-block", "yaml-too-deep", "yaml-too-deep-below-entry", "yaml-unclosed-quote",
]  # fmt: skip
SAMPLE = random.Random(5)  # noqa: S311


def lines_of(name: str) -> list[str]:
    return CASES[name].read_text(encoding="utf-8").split("\n")


def mistake_in(lines: Sequence[str]) -> tuple[int, Mistake] | None:
    text = "\n".join(lines)
    with pytest.raises(yaml.YAMLError) as raised:
        list(yaml.parse(text, Loader=yaml.CSafeLoader))
    return find_mistake(lines, complaint_of(raised.value, text))


@pytest.mark.parametrize("name", CORRECTED)
def test_the_corrected_line_makes_a_matrix(name: str) -> None:
    lines = lines_of(name)
    while (found := mistake_in(lines)) is not None:
        number, mistake = found
        assert lines[number] != mistake.corrected
        lines[number] = mistake.corrected
        document, problems = parse("\n".join(lines), "matrix.yaml")
        if document is not None:
            assert problems == []
            break
    load({"matrix.yaml": "\n".join(lines)}, TEMPLATES, traits=dict.fromkeys(TEMPLATES, Kind()))


def test_the_first_of_several_mistakes_is_shown() -> None:
    lines = lines_of("yaml-no-space-behind-key")
    at = lines.index("    from:base")
    lines[at + 1 : at + 4] = ["    pip:[jupyterlab==4.6.6]"]
    found = mistake_in([*lines[:-1], "    env: {A: b}"])
    assert found is not None
    assert (found[0], found[1].corrected) == (at, "    from: base")


def test_a_quote_that_was_opened_far_above() -> None:
    lines = lines_of("yaml-quote-open-to-the-next")
    at = next(number for number, line in enumerate(lines) if line.endswith('"JupyterLab'))
    lines[at + 1 : at + 1] = [f"    # {number}" for number in range(60)]
    found = mistake_in(lines)
    assert found is not None
    assert found[0] == at


def test_a_long_file_is_parsed_a_few_times_only() -> None:
    lines = lines_of("yaml-no-space-behind-key")
    assert mistake_in([*lines, *("# " + "x" * 1000 for _ in range(30_000))]) is None


def replaced(pattern: str, by: str) -> Callable[[str], str]:
    return lambda line: re.sub(pattern, by, line, count=1)


EXACT = {
    "no space behind a colon": replaced(r"(\w): (\S)", r"\1:\2"),
    "no space behind a dash": replaced(r"^( *)- ", r"\1-"),
    "a tab": replaced(r"^ {4}", "\t"),
    "a no-break space": replaced(r"^ {4}", "\u00a0   "),
    "an open quote": replaced(r'(: "[^"]*)"$', r"\1"),
    "an open bracket": replaced(r"(: \[[^\]]*)\]$", r"\1"),
    "an open brace": replaced(r"(: \{[^{}]*)\}$", r"\1"),
    "a bracket too many": replaced(r"(: \[[^\]]*\])$", r"\1]"),
    "braces": replaced(r": \w[^#,\[\]{}]*$", ": {{ x }} y"),
    "a colon in a text": replaced(r": \w[^#,\[\]{}]*$", ": one: two"),
    "an apostrophe": replaced(r": \w[^#,\[\]{}]*$", ": 'It's x'"),
    "no colon": replaced(r"^(  +\w+): (\w+)$", r"\1 \2"),
}
"""What a mistake makes of a line; its place is that line."""


@pytest.mark.parametrize("name", EXACT)
def test_the_place_is_the_line_with_the_mistake(name: str) -> None:
    lines = (TESTS / "config/every_field.yaml").read_text(encoding="utf-8").split("\n")
    wrong = [(at, EXACT[name](line)) for at, line in enumerate(lines) if not line.lstrip().startswith("#")]
    wrong = [(at, line) for at, line in wrong if line != lines[at]]
    assert wrong
    for at, line in SAMPLE.sample(wrong, min(6, len(wrong))):
        _, problems = parse("\n".join([*lines[:at], line, *lines[at + 1 :]]), "matrix.yaml")
        places = [item.place.line for item in problems if item.code == rules.YAML_SYNTAX.code]
        assert places in ([], [at + 1]), line  # without a space behind its colon it may be text
