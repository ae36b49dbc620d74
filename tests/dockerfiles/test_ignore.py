"""``.dockerignore`` leaves out what Docker leaves out."""

from __future__ import annotations

import pytest

from image_matrix.dockerfiles.context_reader import is_ignored
from image_matrix.dockerfiles.ignore import read_ignore


@pytest.mark.parametrize(
    ("text", "path", "ignored"),
    [
        ("", "a", False),
        ("a", "a", True),
        ("a", "b/a", False),
        ("a", "a/b", True),
        ("/a/", "a/b", True),
        ("# a\na", "# a", False),
        ("#a", "#a", False),
        ("*.md", "README.md", True),
        ("*.md", "docs/README.md", False),
        ("**/*.md", "docs/a/README.md", True),
        ("**/*.md", "README.md", True),
        ("**/temp", "a/temp", True),
        ("**/temp", "temp", True),
        ("**/temp", "atemp", False),
        ("a/**", "a/b/c", True),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/b/b/c", True),
        ("temp?", "temp1", True),
        ("temp?", "temp", False),
        ("[ab].txt", "a.txt", True),
        ("[^ab].txt", "c.txt", True),
        ("[^ab].txt", "a.txt", False),
        ("*\n!a", "a", False),
        ("*\n!a", "b", True),
        ("*\n!a/b", "a/b", False),
        ("*\n!a/b", "a/c", True),
        ("!a\n*", "a", True),
        ("a\n!a/b\na/b/c", "a/b/c", True),
        ("./a/../b", "b", True),
        ("  a  ", "a", True),
        ("a.b", "axb", False),
        ("a+", "a+", True),
        ("\\*", "*", True),
        ("\\*", "a", False),
        ("\ufeffa", "a", True),
        ("# x\x0ca\n# y\u2028a", "a", False),
    ],
)
def test_a_path_is_ignored(text: str, path: str, ignored: bool) -> None:
    assert is_ignored(read_ignore(text), path) is ignored
