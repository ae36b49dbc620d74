from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from image_matrix.verify.culling import culling, shown

EARLY, LATE = "2026-05-01T10:00:00Z", "2026-05-01T10:00:03.5Z"
OLDEST = datetime(2026, 5, 1, 9, 59, 59, tzinfo=UTC).timestamp()


def answer(*moments: Any, status: int = 200, state: str = "idle") -> dict[str, Any]:
    found = [{"last_activity": moment, "execution_state": state} for moment in moments]
    return {"status": status, "body": json.dumps(found)}


def judged(before: dict[str, Any], after: dict[str, Any], again: dict[str, Any]) -> str:
    return culling(before, after, again, OLDEST)


def test_an_activity_that_follows_a_page_and_then_rests() -> None:
    assert not judged(answer(EARLY), answer(LATE), answer(LATE))


@pytest.mark.parametrize(
    "body",
    [
        '{"message": "no"}',
        "<html>",
        '[{"id": 1}]',
        "[1]",
        "[null]",
        '[{"last_activity": 1}]',
        f'[{{"last_activity": "{LATE}"}}]',
        f'[{{"last_activity": "{LATE}", "execution_state": null}}]',
        "",
        "[" * 100_000,
    ],
)
def test_what_is_no_list_of_kernels(body: str) -> None:
    wrong = {"status": 200, "body": body}
    assert "is not a list of kernels" in judged(answer(EARLY), wrong, wrong)


@pytest.mark.parametrize(
    "moment",
    [None, "never", 0, "", "2026-05-01", "2026-05-01T10:00:03", "2026-13-01T10:00:03Z", "20260501T100003Z"],
)
def test_a_time_that_kubeflow_cannot_read(moment: object) -> None:
    assert "RFC 3339" in judged(answer(EARLY), answer(moment), answer(moment))


@pytest.mark.parametrize("moment", [LATE, "2026-05-01T12:00:03.123456789+02:00", "2026-05-01T10:00:03-00:00"])
def test_times_that_kubeflow_reads(moment: str) -> None:
    assert not judged(answer(EARLY), answer(moment), answer(moment))


def test_a_time_before_the_container() -> None:
    past = answer("1970-01-01T00:00:00Z")
    assert "1970-01-01T00:00:00+00:00, before the container" in judged(past, past, past)


def test_an_empty_list_says_nothing() -> None:
    nothing = answer()
    assert "empty list" in judged(nothing, nothing, nothing)


def test_an_activity_that_does_not_move() -> None:
    assert "still 2026-05-01T10:00:00+00:00" in judged(answer(EARLY), answer(EARLY), answer(EARLY))


def test_an_activity_that_the_culler_itself_moves() -> None:
    later = "2026-05-01T10:00:03.7Z"
    assert "the culler never stops the server" in judged(answer(EARLY), answer(LATE), answer(later))
    assert not judged(answer(EARLY), answer(LATE), answer(later, state="busy"))


def test_no_answer() -> None:
    refused = {**answer(status=0), "error": "ConnectionRefusedError"}
    assert judged(refused, answer(LATE), answer(LATE)) == "no answer (ConnectionRefusedError)"
    assert judged(answer(EARLY), answer(status=502), answer(LATE)) == "answers 502"
    assert judged(answer(status=404), answer(LATE), answer(LATE)) == "answers 404"


def test_what_a_good_answer_says() -> None:
    assert shown(answer("2026-05-01T12:00:03+02:00", LATE)) == (
        "idle since 2026-05-01 10:00:03, idle since 2026-05-01 10:00:03"
    )
