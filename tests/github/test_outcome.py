"""What a run says of itself when its builds and scans are over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from image_matrix.github.outcome import ROOM, Leg, legs_of, outcome

PARENTS = {"base:default": (), "lab:default": ("base:default",), "gpu:default": ("lab:default",)}
JOBS = json.loads((Path(__file__).parent / "outcome_jobs.json").read_text())["jobs"]


def leg(variant: str, conclusion: str = "success", kind: str = "Build", arch: str = "amd64") -> Leg:
    return Leg(kind, variant, arch, conclusion, 6.4, "https://example.org/job")


def rows(*legs: Leg) -> list[str]:
    return [line for line in outcome(legs, PARENTS).splitlines() if line.startswith("| `")]


def test_jobs_of_both_kinds_of_workflow() -> None:
    """Those of layers name the variant; to those of images GitHub adds the values of the leg."""
    read = [(leg.kind, leg.variant, leg.arch, leg.conclusion, round(leg.minutes, 1)) for leg in legs_of(JOBS)]
    assert read == [
        ("Build", "base:python3.13", "amd64", "success", 6.5),
        ("Scan", "base:python3.13", "arm64", "failure", 1.0),
        ("Build", "team/lab_1.x:python3.13-cuda", "arm64", "failure", 60.0),
        ("Scan", "team/lab_1.x:default", "amd64", "success", 2.0),
        ("Fork", "lab:default", "", "success", 4.0),
    ]


def test_what_was_built_and_scanned() -> None:
    text = outcome([leg("base:default"), leg("base:default", kind="Scan"), leg("lab:default")], PARENTS)
    assert "**Images: 2 done.** 19 minutes of runners." in text
    assert "| `base:default` | built, tested; scanned | 13 |" in text


def test_what_failed_comes_first_with_its_log() -> None:
    broken = leg("gpu:default", "timed_out")
    assert rows(leg("base:default"), broken)[0] == (
        "| `gpu:default` | **[build or test for amd64 failed](https://example.org/job)** | 6 |"
    )


def test_a_job_over_its_time_limit_is_no_image_and_builds_nothing_above() -> None:
    """GitHub cancels it, and what is done of a run that is not cancelled is said."""
    cancelled = [{**JOBS[0], "conclusion": "cancelled"}]
    (over,) = legs_of(cancelled)
    assert (over.variant, over.conclusion) == ("base:python3.13", "cancelled")
    words = "build or test for amd64 was cancelled, for example by its time limit"
    assert rows(leg("base:default", "cancelled"))[:2] == [
        f"| `base:default` | **[{words}](https://example.org/job)** | 6 |",
        "| `lab:default` | not built for amd64: `base:default` failed |  |",
    ]


def test_what_stands_on_a_failed_image_was_not_built() -> None:
    """Whether its job did not start, or started and found no parent."""
    failed = (leg("base:default", "failure"), leg("base:default", arch="arm64"))
    blocked = leg("lab:default", "failure")
    ended = leg("gpu:default")
    assert rows(*failed, ended)[1] == "| `gpu:default` | not built for amd64: `base:default` failed | 6 |"
    assert rows(*failed, blocked, leg("lab:default", arch="arm64"))[1:] == [
        "| `lab:default` | not built for amd64: `base:default` failed; built, tested | 13 |",
        "| `gpu:default` | not built for amd64: `base:default` failed |  |",
    ]


def test_a_failed_scan_blocks_nothing() -> None:
    assert len(rows(leg("base:default"), leg("base:default", "failure", "Scan"))) == 1


def test_a_run_without_legs_says_nothing() -> None:
    assert outcome([], PARENTS) == ""


def test_a_large_run_keeps_to_its_room() -> None:
    legs = [leg(f"image-{number}:default") for number in range(400)] + [leg("last:default", "failure")]
    text = outcome(legs, {})
    assert len(text) < ROOM + 300
    assert text.index("`last:default`") < text.index("`image-0:default`")
    assert "\n… and 295 more" in text


@pytest.mark.parametrize("conclusion", ["skipped", None])
def test_jobs_that_had_nothing_to_do(conclusion: str | None) -> None:
    assert legs_of([{**JOBS[0], "conclusion": conclusion}]) == []
