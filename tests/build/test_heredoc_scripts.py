from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.build.heredoc_scripts import CONTEXT, without_scripts
from image_matrix.dockerfiles.instructions import parse
from tests.laws import examples

SCRIPT = """\
FROM debian
RUN --mount=type=cache,target=/var/cache/apt \\
    --mount=type=tmpfs,target=/tmp <<EOF
#!/bin/sh -eu
echo "$0"
EOF
# a comment
USER 1000
"""


def test_a_script_becomes_a_file_that_its_interpreter_runs() -> None:
    made = without_scripts(SCRIPT)
    content = b'#!/bin/sh -eu\necho "$0"\n'
    name = hashlib.sha256(content).hexdigest()[:16]
    assert made.scripts == {name: content}
    step = parse(made.text).instructions[1]
    assert step.text == '["/bin/sh", "-eu", "/run/image-matrix-step"]'
    assert [value for _, value in step.flags] == [
        "type=cache,target=/var/cache/apt",
        "type=tmpfs,target=/tmp",
        f"type=bind,from={CONTEXT},source={name},target=/run/image-matrix-step",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nRUN <<EOF\necho no shebang\nEOF\n",
        "FROM a\nRUN python3 <<EOF\n#!not a shebang of the step\nEOF\n",
        "FROM a\nCOPY <<EOF /usr/local/bin/x\n#!/bin/sh\nEOF\n",
        "FROM a\nRUN cat <<A <<B\n#!/bin/sh\nA\n#!/bin/sh\nB\n",
        'FROM a\nRUN ["<<EOF"]\nCMD x\n',
    ],
)
def test_everything_else_stays(text: str) -> None:
    made = without_scripts(text)
    assert (made.text, dict(made.scripts)) == (text, {})


STEPS = st.lists(
    st.sampled_from(
        [
            "RUN echo a; \\\n  echo b",
            "RUN <<EOF\n#!/bin/sh\necho c\nEOF",
            "RUN --mount=type=tmpfs,target=/tmp <<-'END'\n\t#!/usr/bin/env python3\n\tprint()\n\tEND",
            "# comment",
            "ENV A=b",
            "RUN <<EOF\necho d\nEOF",
        ]
    )
)


@settings(max_examples=examples(100))
@given(STEPS)
def test_each_instruction_keeps_its_number(steps: list[str]) -> None:
    text = "\n".join(["FROM debian", *steps]) + "\n"
    before, after = parse(text).instructions, parse(without_scripts(text).text).instructions
    assert [one.name for one in before] == [one.name for one in after]
    assert not any(content.startswith("#!") for one in after for content in one.heredocs)
