"""Jobs for images: which of them need not wait for what another leg of the run builds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.render.workflow_ready import ready_outputs
from tests.workflow.matrices import ONE_PLATFORM, loaded, matrix

if TYPE_CHECKING:
    from collections.abc import Collection

SAID = matrix(
    {"base": {"from": "debian", "axes": ["python"]}, "lab": {"from": "base"}, "tool": {"from": "debian"}},
    axes={"python": ["3.13", "3.11"]},
    defaults=ONE_PLATFORM,
)
AMD = "linux/amd64"


def ready(legs: set[str], scans: Collection[str] = ()) -> str:
    model = loaded(SAID)
    written = ready_outputs(
        model.matrix, model.variants, {(name, AMD) for name in legs}, {(name, AMD) for name in scans}
    )
    return written["ready"]


def test_what_is_built_on_images_of_this_run_waits() -> None:
    assert ready({"base:python3.13", "lab:python3.13"}) == ""
    assert ready({"base:python3.13", "base:python3.11", "lab:python3.13", "lab:python3.11"}) == ""


def test_what_is_built_on_an_image_that_is_there_does_not_wait() -> None:
    assert ready({"lab:python3.13"}) == ",lab-amd64<base-amd64,"
    assert ready({"base:python3.13", "lab:python3.13", "lab:python3.11"}) == ",lab-amd64<base-amd64,"


def test_a_scan_waits_for_the_build_of_its_image_alone() -> None:
    assert ready({"base:python3.13"}, {"base:python3.13"}) == ""
    assert ready({"base:python3.13"}, {"base:python3.13", "base:python3.11"}) == ",scan_base,"
    assert ready({"tool:default"}, {"lab:python3.11"}) == ",scan_lab,"
