from __future__ import annotations

import pytest

from image_matrix.retry import (
    ATTEMPTS,
    FEW,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    RetryPolicy,
    names_rate_limit,
    passes,
    persevere,
    retry_policy,
)


def tries(*judgements: RetryPolicy | None) -> tuple[int, list[float]]:
    """Return how often something is tried that is judged so, and the pauses."""
    pauses: list[float] = []
    numbers = iter(range(100))
    last = persevere(lambda: next(numbers), lambda number: judgements[number], pauses.append)
    return last + 1, pauses


def test_what_needs_no_other_try() -> None:
    assert tries(None) == (1, [])


def test_pauses_double_up_to_a_minute() -> None:
    count, pauses = tries(*[RetryPolicy()] * 99)
    assert count == ATTEMPTS
    assert (pauses[0], pauses[-1]) == (FIRST_PAUSE, LONGEST_PAUSE)
    assert pauses == sorted(pauses)


def test_what_the_other_side_asks_for_is_kept_up_to_a_minute() -> None:
    assert tries(RetryPolicy(3.5), RetryPolicy(9999), None) == (3, [3.5, LONGEST_PAUSE])


def test_the_newest_judgement_says_how_many_tries_there_are() -> None:
    assert tries(RetryPolicy(), RetryPolicy(), RetryPolicy(attempts=2)) == (3, [1.0, 2.0])


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


NO_ANSWERS = [
    "fatal: unable to access 'https://github.com/o/r/': Could not resolve host: github.com",
    "fatal: unable to access 'https://github.com/o/r/': Failed to connect to github.com port 443 after 2 ms",
    "fatal: unable to access 'https://github.com/o/r/': Empty reply from server",
    "fatal: unable to access 'https://github.com/o/r/': Recv failure: Connection was reset",
    "fatal: unable to access 'https://github.com/o/r/': OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to it",
    "fatal: unable to access 'https://github.com/': gnutls_handshake(): The TLS connection was non-properly terminated",
    "error: RPC failed; curl 92 HTTP/2 stream 0 was not closed cleanly: CANCEL (err 8)",
    "fatal: early EOF",
    "fatal: the remote end hung up unexpectedly",
    "ssh: connect to host github.com port 22: Connection refused",
    "kex_exchange_identification: Connection closed by remote host",
    "ssh: Could not resolve hostname github.com: Temporary failure in name resolution",
    "dial tcp: lookup rekor.sigstore.dev on 127.0.0.53:53: no such host",
    'Get "https://ghcr.io/v2/": EOF',
]


@pytest.mark.parametrize("text", NO_ANSWERS)
def test_words_of_a_connection_that_fails(text: str) -> None:
    assert retry_policy(text) == RetryPolicy(attempts=FEW)


@pytest.mark.parametrize(
    "text",
    [
        "fatal: unable to access 'https://github.com/o/r/': The requested URL returned error: 403",
        "fatal: Authentication failed for 'https://github.com/o/r/'",
        "git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.",
        "! [remote rejected] main -> main (protected branch hook declined)",
        "! [rejected] main -> main (non-fast-forward)",
        "fatal: 'origin' does not appear to be a git repository",
        "",
    ],
)
def test_words_of_what_another_try_does_not_help(text: str) -> None:
    assert retry_policy(text) is None


def test_an_answer_that_passes_is_worth_more_than_none() -> None:
    text = "fatal: unable to access 'https://github.com/o/r/': The requested URL returned error: 503"
    assert retry_policy(text) == RetryPolicy()
