from __future__ import annotations

from pathlib import Path

from image_matrix.build.progress import BUILDAH_STEP, StepCount, each_step

LOGS = Path(__file__).parent.parent / "fixtures" / "build"


def shown(text: str, width: int = 70) -> list[str]:
    lines: list[str] = []
    take = each_step(lines.append, width)
    for line in text.splitlines():
        take(line)
    return lines


def test_a_terminal_lists_the_steps_without_their_mounts() -> None:
    log = (LOGS / "parents-step.log").read_text(encoding="utf-8")
    assert [line[:55] for line in shown(log)] == [
        "#12 [leaf_default-amd64 stage-0 1/7] RUN <<EOF (rm -f /",
        '#12 ERROR: process "/bin/bash -euo pipefail -c rm -f /e',
    ]
    assert max(map(len, shown(log, 40))) == 40


def test_a_step_whose_output_goes_on_is_listed_once() -> None:
    assert shown(
        "#1 [internal] load build definition from Dockerfile\n"
        "#1 DONE 0.0s\n"
        "#2 [auth] library/debian:pull token for registry-1.docker.io\n"
        "#3 [base_default-amd64 1/2] FROM docker.io/library/debian\n"
        "#4 [other_default-amd64 2/2] RUN one\n"
        "#4 0.100 output\n"
        "\n"
        "#3 [base_default-amd64 1/2] FROM docker.io/library/debian\n"
        "#3 CACHED\n"
        "#5 exporting to image\n"
    ) == [
        "#3 [base_default-amd64 1/2] FROM docker.io/library/debian",
        "#4 [other_default-amd64 2/2] RUN one",
        "#5 exporting to image",
    ]


def test_steps_of_buildah_are_listed_and_counted() -> None:
    log = [
        "Trying to pull localhost:5000/library/debian:trixie-slim...",
        "STEP 1/2: FROM localhost:5000/library/debian:trixie-slim",
        "STEP 2/2: RUN --mount=type=tmpfs,target=/tmp one",
        "--> Using cache 079d33792be1",
        "[2/2] STEP 1/2: FROM other",
        "[2/2] STEP 2/2: RUN two",
        "output",
        "Error: building at STEP",
    ]
    lines: list[str] = []
    take, count = each_step(lines.append, 70, BUILDAH_STEP), StepCount()
    for line in log:
        take(line)
        count.read_buildah(line)
    assert lines == [*log[:2], "STEP 2/2: RUN one", *log[4:6], log[7]]
    assert (len(count.steps), len(count.cached)) == (2, 1)
