"""The URL prefix of a container: what is accepted, what is refused, and that nothing gets around it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples

SCRIPT = Path(__file__).parents[2] / "templates/rootfs/base/usr/local/lib/image-matrix/prefix.sh"
PLAIN = re.compile(r"(/[A-Za-z0-9._~@:+,=-]+)*")


def web_prefix(value: str, shell: str = "sh") -> subprocess.CompletedProcess[str]:
    """Runs the shell function on VALUE."""
    return subprocess.run(
        [shell, "-c", '. "$1"; web_prefix "$2"', shell, str(SCRIPT), value],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(
    ("value", "prefix"),
    [
        ("", ""),
        ("/", ""),
        ("///", ""),
        ("/notebook/ns/name", "/notebook/ns/name\n"),
        ("/notebook/ns/name/", "/notebook/ns/name\n"),
        ("notebook/ns/name", "/notebook/ns/name\n"),
        ("/a.b/..c/d..", "/a.b/..c/d..\n"),
    ],
)
def test_a_plain_path_is_accepted(shell: str, value: str, prefix: str) -> None:
    done = web_prefix(value, shell)
    assert (done.returncode, done.stdout, done.stderr) == (0, prefix, "")


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize(
    "value",
    [
        "/..", "/a/../b", "..", "../a", "/a/..", "/./a", "/a/.", "//evil.example", "/a//b",
        "/a b", "/a?b", "/a#b", "/a\nb", "/a\tb", "/a\x01b", "/a%2e%2e/b", "/a;b", "/a{b}", "/$a", "/a'b", '/a"b',
        "/a\\b", "/a|b", "/a&b", "/é",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_a_reason(shell: str, value: str) -> None:
    done = web_prefix(value, shell)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith("image-matrix: NB_PREFIX is refused: ")


@settings(max_examples=examples(60), deadline=None)
@given(st.text(alphabet="ab/.%?# \n;$é~", max_size=12))
def test_what_comes_out_is_always_a_plain_path(value: str) -> None:
    done = web_prefix(value)
    result = done.stdout.removesuffix("\n")
    assert done.returncode in (0, 78)
    assert PLAIN.fullmatch(result)
    assert not {".", ".."} & set(result.split("/"))
