from __future__ import annotations

import pytest

from image_matrix.output_tree.merge_detection import first_unknown_line, is_marker

ONE, TWO = b"a\nb\nc\n", b"a\nd\nc\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"a\n<<<<<<< HEAD\nb\n=======\nd\n>>>>>>> branch\nc\n", None),
        (b"a\n<<<<<<< HEAD\nb\n||||||| 0123456\n=======\nd\n>>>>>>> branch\nc\n", None),
        (b"a\nb\nd\nc\n", None),
        (b"", None),
        (b"a\nmine\nb\n", 2),
        (b"a\nb \n", 2),
        (b"a\nb\nc\nmine", 4),
    ],
)
def test_a_line_of_nobodys(text: bytes, line: int | None) -> None:
    assert first_unknown_line(text, [ONE, TWO]) == line


@pytest.mark.parametrize("line", [b"=======>", b"======== ", b"<<<<<< HEAD", b" <<<<<<< HEAD", b"<<<<<<<<"])
def test_what_only_looks_like_a_marker(line: bytes) -> None:
    assert not is_marker(line)
