from __future__ import annotations

import pytest

from image_matrix.retry import (
    ATTEMPTS,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Again,
    names_rate_limit,
    passes,
    persevere,
)


def tries(*judgements: Again | None) -> tuple[int, list[float]]:
    """Return how often something is tried that is judged so, and the pauses."""
    pauses: list[float] = []
    numbers = iter(range(100))
    last = persevere(lambda: next(numbers), lambda number: judgements[number], pauses.append)
    return last + 1, pauses


def test_what_needs_no_other_try() -> None:
    assert tries(None) == (1, [])


def test_pauses_double_up_to_a_minute() -> None:
    count, pauses = tries(*[Again()] * 99)
    assert count == ATTEMPTS
    assert (pauses[0], pauses[-1]) == (FIRST_PAUSE, LONGEST_PAUSE)
    assert pauses == sorted(pauses)


def test_what_the_other_side_asks_for_is_kept_up_to_a_minute() -> None:
    assert tries(Again(3.5), Again(9999), None) == (3, [3.5, LONGEST_PAUSE])


def test_the_newest_judgement_says_how_many_tries_there_are() -> None:
    assert tries(Again(), Again(), Again(attempts=2)) == (3, [1.0, 2.0])


@pytest.mark.parametrize(
    "text",
    [
        "toomanyrequests: You have reached your pull rate limit.",
        "TOOMANYREQUESTS: retry-after: 10.305464ms, allowed: 2000/minute",
        "429 Too Many Requests",
        "denied: You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        "You have triggered an abuse detection mechanism.",
        "toomanyrequests: Rate exceeded",
    ],
)
def test_words_of_a_rate_limit(text: str) -> None:
    assert names_rate_limit(text)
    assert passes(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("received unexpected HTTP status: 502 Bad Gateway", True),
        ("net/http: TLS handshake timeout", True),
        ("read tcp: connection reset by peer", True),
        ("context deadline exceeded", True),
        ("denied: permission_denied: write_package", False),
        ("unauthorized: authentication required", False),
        ("sha256:4294290550050250350440842500 not found", False),
        ("", False),
    ],
)
def test_words_of_what_passes(text: str, expected: bool) -> None:
    assert passes(text) is expected
    assert not names_rate_limit(text)
