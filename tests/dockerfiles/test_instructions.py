"""Dockerfiles are split as BuildKit's own parser splits them."""

from __future__ import annotations

import dockerfile as buildkit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.dockerfiles.instructions import DockerfileError, parse
from tests.laws import examples

TEXTS = {
    "continued": "FROM a\nRUN one \\\n  two \\ \n three\nRUN four\n",
    "comment inside": "FROM a\nRUN one \\\n  # comment\n\n  two\nCOPY a b\n",
    "comment before": "# a comment\n\n  # another\nFROM a\n",
    "escape": "# escape=`\nFROM a\nRUN one `\n two\nRUN C:\\\n",
    "escape is late": "# a comment\n# escape=`\nFROM a\nRUN one \\\n two\n",
    "heredoc": "FROM a\nRUN <<EOF\nFROM b\nCOPY --from=c / /\nEOF\nCOPY a b\n",
    "heredoc with tabs": "FROM a\nRUN <<-END cat\n\tFROM b\n\tEND\nCOPY a b\n",
    "quoted heredoc": 'FROM a\nCOPY <<"EOF" /a\n$X\nEOF\nRUN b\n',
    "two heredocs": "FROM a\nCOPY <<A <<B /x/\n1\nA\n2\nB\nRUN c\n",
    "no heredoc": "FROM a\nRUN cat <<<EOF\nRUN echo '<<EOF'\nENV A <<EOF\n",
    "flags": (
        'FROM --platform=linux/amd64 a\nCOPY --from=b --chown="1:2" a b\n'
        "RUN --mount=type=bind,from=c,target=/c --network=none x\n"
    ),
    "flag is not first": "FROM a\nRUN echo --from=b\nCOPY a --from=c\n",
    "heredoc of a trigger": (
        "FROM a\nONBUILD RUN <<EOF\nFROM b\nEOF\nonbuild copy --from=c / /\nONBUILD ENV a=<<EOF\nRUN b\n"
    ),
    "lower case": "from a as b\ncopy --from=b / /\n",
    "indented": "   FROM a\n\tRUN b\n",
    "byte order mark": "\ufeffFROM a\n",
    "windows": "FROM a\r\nRUN b \\\r\n c\r\n",
    "form feed": "FROM a\n# b\x0cRUN c\nRUN d\n",
    "characters that are no end of a line": "FROM a\n# b\x0b\x1c\x85\u2028\u2029 RUN c\rRUN e\nRUN d\r\n",
    "doubled escape": "FROM a\nRUN echo \\\\\nRUN b\n",
    "only an escape": "FROM a\nRUN a \\\n\\\n b\nRUN c\n",
}


def ours(text: str) -> list[tuple[str, int, list[str]]]:
    return [
        (item.name, item.line, [f"--{key}={value}" for key, value in item.flags])
        for item in parse(text).instructions
    ]


def theirs(text: str) -> list[tuple[str, int, list[str]]]:
    return [
        (item.cmd.upper(), item.start_line, [flag.replace('"', "") for flag in item.flags])
        for item in buildkit.parse_string(text)
        if item.cmd
    ]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_instructions_are_buildkits(text: str) -> None:
    assert ours(text) == theirs(text)


LINES = st.sampled_from(
    [
        "RUN a",
        "RUN a \\",
        "  b \\",
        "# c",
        "",
        "COPY <<E /x",
        "E",
        "RUN b <<-F c",
        "ONBUILD RUN <<E",
        "\tF",
        "ARG X=1",
        "RUN \\\\",
        "\\",
    ]
)


@settings(max_examples=examples(300))
@given(st.lists(LINES, max_size=12))
def test_any_lines_are_split_as_buildkit_does(lines: list[str]) -> None:
    text = "\n".join(["FROM a", *lines, ""])
    try:
        expected = theirs(text)
    except buildkit.GoParseError:
        return
    assert ours(text) == expected


def test_a_heredoc_without_end_is_an_error_at_its_line() -> None:
    with pytest.raises(DockerfileError, match="`EOF` does not end") as raised:
        parse("FROM a\nRUN <<EOF\nx\n")
    assert raised.value.line == 2


def test_directives_are_read() -> None:
    assert parse("# syntax = docker/dockerfile:1\n# escape=`\nFROM a\n").syntax == "docker/dockerfile:1"
    assert parse("FROM a\n# syntax=docker/dockerfile:1\n").syntax is None
