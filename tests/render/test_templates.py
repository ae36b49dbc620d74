"""The filters: a value arrives as it is, and as one value."""

from __future__ import annotations

import shlex
import subprocess

import dockerfile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.diagnostics import MatrixError
from image_matrix.render.templates import (
    comment,
    dockerfile_value,
    environment,
    get_template,
    json_text,
    render,
    shell,
    word,
)
from tests.laws import examples

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
ONE_LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]))


@given(st.lists(TEXTS))
def test_shell_words_are_what_shlex_reads(texts: list[str]) -> None:
    assert shlex.split(" ".join(shell(text) for text in texts)) == texts


@settings(max_examples=examples(25))
@given(st.lists(TEXTS, max_size=20))
def test_shell_words_are_what_bash_reads(texts: list[str]) -> None:
    script = "printf '%s\\0' " + " ".join(shell(text) for text in texts)
    shown = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout
    assert shown == b"".join(text.encode() + b"\0" for text in texts or [""])


@given(ONE_LINE)
def test_an_env_value_is_one_word_of_a_dockerfile(text: str) -> None:
    quoted = dockerfile_value(text)
    (command,) = dockerfile.parse_string(f"ENV NAME={quoted}\n")
    assert tuple(command.value) == ("NAME", str(quoted))


@given(ONE_LINE)
def test_an_env_value_expands_nothing_and_is_the_text(text: str) -> None:
    """Undone by the rules of BuildKit's shell lexer within double quotes: a backslash frees the next sign."""
    quoted = str(dockerfile_value(text))
    assert quoted[0] == quoted[-1] == '"'
    found, escaped = "", False
    for char in quoted[1:-1]:
        if escaped or char != "\\":
            assert escaped or char not in '"$'
            found += char
            escaped = False
        else:
            escaped = True
    assert not escaped
    assert found == text


@given(st.text())
def test_a_comment_is_one_line(text: str) -> None:
    assert len(f"# {comment(text)}.".splitlines()) == 1


@given(st.text(alphabet="ab1_/.:@+- $;\"'\n{}", max_size=8))
def test_a_word_passes_whole_or_not_at_all(text: str) -> None:
    made = environment({"t": "{{ value | word }}"})
    try:
        assert render(get_template(made, "t"), value=text) == text
    except MatrixError:
        return
    assert not set(text) & set(" $;\"'\n{}")


@pytest.mark.parametrize("value", ["", "-x", "@x", "a b", "a\n", "a$b", "a;b", "a`b"])
def test_what_is_no_word(value: str) -> None:
    with pytest.raises(Exception, match="must be quoted here"):
        word(value)


def test_json_is_json() -> None:
    assert json_text({"a": ["é", 1]}) == '{"a": ["é", 1]}'


def test_a_text_without_a_filter_is_refused() -> None:
    made = environment({"t": "{{ value }}"})
    with pytest.raises(MatrixError, match="unquoted"):
        render(get_template(made, "t"), value="x")


def test_what_a_macro_returns_is_quoted_already() -> None:
    made = environment({"t": "{% macro m(x) %}echo {{ x | sh }}{% endmacro %}{{ m(value) }}"})
    assert render(get_template(made, "t"), value="a'b <&>") == "echo " + shlex.quote("a'b <&>")


@pytest.mark.parametrize(
    "text", ["{{ missing }}", "{{ value.missing | sh }}", "{% include 'none' %}", "{{ 1 / 0 }}"]
)
def test_an_error_names_the_line(text: str) -> None:
    made = environment({"x.Dockerfile.j2": f"FROM a\n\n{text}\n"})
    with pytest.raises(MatrixError) as caught:
        render(get_template(made, "x.Dockerfile.j2"), value="v")
    place = caught.value.diagnostics[0].place
    assert (place.file, place.line, place.source) == ("templates/dockerfiles/x.Dockerfile.j2", 3, text)


def test_a_sandbox() -> None:
    made = environment({"t": "{{ value.__class__.__mro__ | sh }}"})
    with pytest.raises(MatrixError, match="unsafe"):
        render(get_template(made, "t"), value="x")
