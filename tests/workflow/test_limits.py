"""GitHub's limits: what they count, and that a matrix over one of them is refused."""

from __future__ import annotations

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.render.workflow_limits import NODE_LIMIT, check_file, nodes
from tests.workflow.matrices import reference, rendered, times, wide

FILE = ".github/workflows/images.yaml"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 4),
        ("a", 5),
        ("a: 1", 8),
        ("[a, b]", 8),
        ("a: {b: c}", 11),
        ("a: &x [1, 2]\nb: *x\nc: *x", 4 + 2 + 3 + 3 * 4),
        ("a: &x {k: v}\nb: &y [*x, *x]\nc: *y", 4 + 2 + 3 + 4 + 2 * (2 + 2 * 4)),
    ],
)
def test_nodes_are_counted_as_github_counts_them(text: str, number: int) -> None:
    """An alias counts each time, with everything below it."""
    assert nodes(text.encode()) == number


def test_a_workflow_with_too_many_nodes_is_refused() -> None:
    shared = "&x [" + ",".join("1" * 998) + "]"
    fits = f"a: {shared}\nb: [" + ", ".join(["*x"] * 48) + "]\n"
    check_file("x.yaml", fits.encode())
    with pytest.raises(MatrixError) as caught:
        check_file("x.yaml", fits.replace("b: [", "b: [*x, ").encode())
    (one,) = caught.value.diagnostics
    assert one.code == "IM801"
    assert "x.yaml has 50,010 YAML nodes, and GitHub reads no workflow over 50,000 of them" in one.message


@pytest.mark.slow
def test_steps_of_jobs_are_in_an_action() -> None:
    """200 images fit on two platforms, and the reference ten times."""
    assert nodes(rendered(wide(199))[FILE].content) < NODE_LIMIT
    assert nodes(rendered(times(10))[FILE].content) < NODE_LIMIT
    assert nodes(rendered(reference())[FILE].content) < 4_000


def test_actions_read_no_matrix() -> None:
    """A job's environment reaches every program that runs workflows; its matrix does not."""
    files = rendered(reference())
    texts = [file.content.decode() for path, file in files.items() if path.startswith(".github/actions/")]
    assert len(texts) == 2
    assert not any("${{ matrix." in text or "${{ secrets." in text for text in texts)
