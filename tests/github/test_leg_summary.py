"""What the summary of a run says of a leg."""

from __future__ import annotations

import pytest

from image_matrix.build.progress import StepCount
from image_matrix.github.leg_summary import built_line, size_line

LOG = """\
#1 [internal] load build definition from Dockerfile
#5 [base_python3-13-amd64 stage-0 1/3] FROM docker.io/library/debian
#5 CACHED
#6 [base_python3-13-amd64 stage-0 2/3] RUN apt-get update
#6 0.100 CACHED is a word of this line
#6 DONE 2.0s
#7 [base_python3-13-amd64 stage-0 3/3] COPY a b
#6 [base_python3-13-amd64 stage-0 2/3] RUN apt-get update
#7 CACHED
#8 [auth] library/debian:pull token for registry-1.docker.io
#9 importing cache manifest from registry
#9 CACHED
"""


def counted(log: str) -> StepCount:
    steps = StepCount()
    for line in log.splitlines():
        steps.read(line)
    return steps


def test_steps_of_dockerfiles_are_counted_once() -> None:
    steps = counted(LOG)
    assert built_line("base:x", "linux/amd64", 125.0, steps) == (
        "- `base:x` (amd64): built in 2.1 min, 2 of 3 steps from the cache\n"
    )
    assert built_line("base:x", "linux/arm64", 9.6, StepCount()) == "- `base:x` (arm64): built in 10 s\n"


@pytest.mark.parametrize(
    ("released", "words"),
    [
        (None, "not released before"),
        (400_000_000, "12 MB more than the released image"),
        (512_000_000, "100 MB less than the released image"),
        (412_100_000, "as large as the released image"),
    ],
)
def test_the_size_is_compared_with_what_users_have(released: int | None, words: str) -> None:
    assert (
        size_line("base:x", "linux/amd64", 412_000_000, released)
        == f"- `base:x` (amd64): 412 MB compressed, {words}\n"
    )
