"""How the images of a pull request are run, as its comment says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.github.comment import LIMIT as COMMENT_LIMIT
from image_matrix.github.comment import comment
from image_matrix.github.event import Event
from image_matrix.github.run_plan import RunPlan
from image_matrix.github.staged import StagedImage, run_section
from image_matrix.planning.plan import Plan
from tests.workflow.matrices import loaded, matrix

if TYPE_CHECKING:
    from tests.github.support import Place

EVENT = Event("pull_request", pull_request=1)
MATRIX = loaded(matrix({"base": {"from": "debian"}})).matrix


def images(count: int) -> list[StagedImage]:
    name = "ghcr.io/example/notebooks/staging/jupyter-pytorch-cuda"
    return [
        StagedImage(f"jupyter:p{number}", "linux/amd64", f"{name}:p{number}-0123456789ab-amd64", serves=True)
        for number in range(count)
    ]


def test_an_image_with_a_page_publishes_its_port_to_this_machine_alone() -> None:
    text = run_section(images(1))
    assert "# jupyter:p0 (amd64)\ndocker run --rm -p 127.0.0.1:8888:8888 ghcr.io/" in text
    plain = run_section([StagedImage("base:x", "linux/amd64", "ghcr.io/a/base:x", serves=False)])
    assert "\ndocker run --rm -it ghcr.io/a/base:x\n" in plain
    assert run_section([]) == ""


def test_many_images_fit_below_a_long_report() -> None:
    text = comment("line\n" * COMMENT_LIMIT, EVENT, RunPlan(Plan(())), MATRIX, images(480))
    assert len(text) < 65_536
    assert "more: the log of a job names its image." in text
    assert text.count("<details>") == text.count("\n</details>\n")
    assert len(re.findall("^```", text, re.MULTILINE)) == 2


def test_nothing_is_offered_that_is_not_built() -> None:
    for stopped in (RunPlan(Plan(()), outdated=("x",)), RunPlan(Plan(()), read_only=True)):
        assert "docker run" not in comment("", EVENT, stopped, MATRIX, images(1))


def test_a_pull_request_names_what_it_builds_and_what_it_built(place: Place) -> None:
    before = place.git("rev-parse", "HEAD")
    place.change("six==1.17.0", "six==1.16.0")
    name = re.compile(r"docker run --rm -it (127\S+/staging/leaf\S+)")
    code, text, _ = place.plan(before)
    assert code == 0
    (tag,) = name.findall(text)
    assert re.search(r":python3\.13-[0-9a-f]{12}-amd64$", tag)
    place.held.add(tag.partition("/notebooks/")[2])
    code, text, _ = place.plan(before)
    assert code == 0
    assert "(already built)" in text
    (digest,) = name.findall(text)
    assert re.search(r"staging/leaf@sha256:[0-9a-f]{64}$", digest)
