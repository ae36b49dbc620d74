"""Finished indexes: signed, then tagged, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import Failure
from image_matrix.publish.finish import FinishTools, finish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DIGESTS = {f"localhost/{name}:x": f"sha256:{number * 64}" for name, number in zip("abc", "123", strict=True)}
A, B, C = (f"{name.partition(':')[0]}@{digest}" for name, digest in DIGESTS.items())


def in_turn(work: Callable[[str], None], items: Iterable[str]) -> None:
    for item in items:
        work(item)


def tools(steps: list[str], fails: str = "") -> FinishTools:
    def sign(_: str, image: str) -> None:
        if image == fails:
            raise Failure("no signature")
        steps.append(f"sign {image}")

    return FinishTools(
        sign,
        lambda reference, image: steps.append(f"tag {reference} {image}"),
        in_turn,
    )


def test_an_index_is_finished_before_the_next_one() -> None:
    steps: list[str] = []
    with pytest.raises(Failure, match="no signature"):
        finish(DIGESTS, set(), set(), tools(steps, fails=C))
    assert steps == [f"sign {A}", f"tag localhost/a:x {A}", f"sign {B}", f"tag localhost/b:x {B}"]


def test_what_a_release_finished_is_not_signed_again() -> None:
    steps: list[str] = []
    finish(DIGESTS, {"localhost/a:x"}, {"localhost/a:x", "localhost/b:x"}, tools(steps))
    assert steps == [f"sign {B}", f"sign {C}", f"tag localhost/c:x {C}"]
