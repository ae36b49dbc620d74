"""Mistakes in JSON are found where they are, in words that no version of Python changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.validate.json_readers import json_reader
from image_matrix.validate.json_syntax import json_mistake
from tests.laws import examples


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ('{"a": 1,}', 7, "a comma stands behind the last entry"),
        ('{"a": [1,\n ]}', 8, "a comma stands behind the last entry"),
        ('{"a": 1 // b\n}', 8, "JSON has no comments"),
        ("/* b */ {}", 0, "JSON has no comments"),
        ("# b\n{}", 0, "JSON has no comments"),
        ("{'a': 1}", 1, "a text stands in single quotes"),
        ('{"a": True}', 6, "`True` is no word of JSON"),
        ('{"a": None}', 6, "`None` is no word of JSON"),
        ('{"a" 1}', 5, "a colon is missing before this"),
        ('{"a": 1\n "b": 2}', 9, "a comma is missing before this"),
        ("{a: 1}", 1, "this is no name in double quotes"),
        ('{"a": }', 6, "this is no value"),
        ('{"a": "x\n"}', 8, "a text has a line break or a tab"),
        ('{"a": "x', 6, "this text has no end"),
        ('{"a": "C:\\Users"}', 9, "this escape is none of JSON's"),
        ("{} {}", 3, "this stands behind the end"),
        ('{"a": 1\n\n', 6, "the file ends too early"),
        ("{", 0, "the file ends too early"),
        ("", 0, "the file is empty, not a mapping"),
        (" \n", 0, "the file is empty, not a mapping"),
        ("\ufeff{}", 0, "the file begins with a byte order mark"),
        ("{“a”: 1}", 1, "there is the character U+201C (left double quotation mark)"),
        ("[1]", 0, "the file is a list, not a mapping"),
        ("null", 0, "the file is empty, not a mapping"),
    ],
)
def test_a_mistake_has_its_place(text: str, position: int, problem: str) -> None:
    mistake = json_mistake(text, comments=False)
    assert mistake
    assert (mistake.position, mistake.problem) == (position, problem)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ('// a\n{"a": "http://x", /* b\n */ "b": [1, 2,], }\n', None),
        ('{"a": "/* no comment", "b": ",}"}', None),
        ("\ufeff{}", None),
        ('{"a": 1 /* b */ "c": 2}', 16),
        ('{"a": 1, /* b }', 9),
        ('{"a": 1, # b\n}', 9),
        ("{,,}", 1),
    ],
)
def test_settings_of_code_server_may_have_comments(text: str, position: int | None) -> None:
    mistake = json_mistake(text, comments=True)
    assert (mistake and mistake.position) == position


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('{"a": 1, /* b }', "write `*/` behind it"),
        ('{"a": 1, # b\n}', "write `//` in place of `#`"),
    ],
)
def test_a_comment_that_code_server_does_not_read_is_mended_and_not_removed(text: str, advice: str) -> None:
    mistake = json_mistake(text, comments=True)
    assert mistake
    assert (mistake.advice, mistake.comment) == (advice, False)


def test_what_python_does_not_read_is_not_judged() -> None:
    assert json_mistake(f'{{"a": {"1" * 5000}}}', comments=False) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
"""What JSON can say."""


@settings(max_examples=examples(300))
@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), st.data())
def test_whatever_python_reads_is_no_mistake_and_all_else_has_a_place(
    value: dict[str, object], data: st.DataObject
) -> None:
    text = json.dumps(value, indent=1)
    assert json_mistake(text, comments=False) is None
    assert json_mistake(text, comments=True) is None
    at = data.draw(st.integers(0, len(text)))
    changed = text[:at] + data.draw(st.text('{}[]",:/*#\\ \n\ufeff1é', max_size=3)) + text[at + 1 :]
    mistake = json_mistake(changed, comments=False)
    try:
        is_mapping = isinstance(json.loads(changed), dict)
    except ValueError:
        is_mapping = False
    assert (mistake is None) is is_mapping
    assert mistake is None or 0 <= mistake.position <= len(changed)


@settings(max_examples=examples(200))
@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=3))
def test_comments_between_entries_change_nothing(value: dict[str, object]) -> None:
    text = json.dumps(value, indent=1).replace("\n", " // {\n /* ]\n */")
    assert json_mistake(text, comments=True) is None


@pytest.mark.parametrize(
    ("path", "reader"),
    [
        ("/etc/jupyter/jupyter_server_config.json", "Jupyter"),
        ("/etc/jupyter/jupyter_config.json", "Jupyter"),
        ("/opt/venv/etc/jupyter/jupyter_server_config.d/x.json", "Jupyter"),
        ("/opt/home-template/.jupyter/jupyter_lab_config.json", "Jupyter"),
        ("/usr/share/jupyter/kernels/r/kernel.json", "Jupyter"),
        ("/usr/local/share/jupyter/lab/settings/overrides.json", "JupyterLab"),
        ("/usr/local/share/jupyter/lab/settings/overrides.d/x.json", "JupyterLab"),
        ("/etc/jupyter/labconfig/page_config.d/x.json", "JupyterLab"),
        ("/opt/home-template/.local/share/code-server/Machine/settings.json", "code-server"),
        ("/usr/local/share/jupyter/lab/settings/overrides.json5", None),
        ("/usr/local/share/jupyter/lab/settings/overrides.json.bak", None),
        ("/opt/etc-jupyter/jupyter_server_config.json", None),
        ("/etc/jupyter/custom/jupyter_server_config.json", None),
        ("/etc/jupyter/other.json", None),
        ("/opt/data/settings.json", None),
    ],
)
def test_a_path_says_what_reads_a_file(path: str, reader: str | None) -> None:
    found = json_reader(path)
    assert (found and found.name) == reader
