"""Decides when to retry and how long to wait: one policy for HTTP requests and for programs.

urllib3's loop (``Retry`` in a connection pool) is not enough. It sees neither the body of a response, which says that a
403 of GHCR is a rate limit, nor a connection that breaks while a body is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

Sleep = Callable[[float], None]
T = TypeVar("T")

ATTEMPTS = 8
"""The number of attempts if the server reports that it is unavailable: two minutes of waiting."""
FEW = 4
"""The number of attempts if there is no answer: the connection is refused or breaks."""
FIRST_PAUSE = 1.0
"""Seconds before the second attempt; each pause is twice as long as the one before."""
LONGEST_PAUSE = 60.0
"""The longest pause in seconds, even if a Retry-After header asks for more."""
STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Status codes of HTTP to retry, besides a 403 whose text names a rate limit."""
NUMBERS = "|".join(str(status) for status in sorted(STATUSES))
"""The same as alternatives of a pattern."""
RATE_LIMIT = r"rate.?limit|too ?many ?requests|rate exceeded|abuse detection"
"""The words of registries and GitHub for a rate limit; the case does not matter."""
PASSING = rf"\b(?:{NUMBERS})\b|time[d ]*out|deadline exceeded|connection reset|broken pipe|unexpected EOF|TLS handshake"
"""The output of programs whose failure is worth a retry; the case does not matter."""
NO_ANSWER = (
    r"could not resolve host|name resolution|no such host|connection refused|failed to connect to \S+ port"
    r"|empty reply from server|recv failure|SSL_ERROR_SYSCALL|TLS connection was non-properly terminated"
    r"|RPC failed|early EOF|hung up unexpectedly|connection closed by|\": EOF"
)
"""The output of programs if there is no answer or the connection breaks: git over HTTPS and SSH, programs in Go."""
PATIENCE = "wait a few minutes and run it again; `docker login` raises the limit of most registries"
"""The help for a rate limit that lasts longer than all retries."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long and how often to retry a failed attempt."""

    after: float = 0.0
    """Seconds that the server asks us to wait; 0 if it does not say."""
    attempts: int = ATTEMPTS
    """The number of attempts for such a failure."""


def persevere(attempt: Callable[[], T], judge: Callable[[T], RetryPolicy | None], sleep: Sleep) -> T:
    """Return the first result for which ``judge`` asks for no retry, or the result of the last attempt."""
    for number in count(1):
        result = attempt()
        policy = judge(result)
        if policy is None or number >= policy.attempts:
            break
        sleep(min(LONGEST_PAUSE, policy.after or FIRST_PAUSE * 2 ** (number - 1)))
    return result


def names_rate_limit(text: str) -> bool:
    """Say whether the text of a refusal names a rate limit.

    Docker Hub: ``toomanyrequests: You have reached your pull rate limit``. GHCR: ``You have exceeded a secondary rate
    limit``, with the code DENIED and the status 403 (docs.github.com, "Rate limits for the REST API").
    """
    return re.search(RATE_LIMIT, text, re.IGNORECASE) is not None


def passes(text: str) -> bool:
    """Say whether the output of a program names a reason that may be over at the next attempt."""
    return names_rate_limit(text) or re.search(PASSING, text, re.IGNORECASE) is not None


def retry_policy(text: str) -> RetryPolicy | None:
    """Return the retries for the output of a failed program; ``None`` if a retry does not help."""
    if passes(text):
        return RetryPolicy()
    return RetryPolicy(attempts=FEW) if re.search(NO_ANSWER, text, re.IGNORECASE) else None


def reason(text: str) -> str:
    """Return the line of a program's output that gives the reason of its failure.

    It is the last line that names a rate limit, since such answers have several lines; else it is the first line. The
    reason of an empty text is empty.
    """
    lines = [line.strip() for line in text.strip().splitlines()] or [""]
    return next((line for line in reversed(lines) if names_rate_limit(line)), lines[0])
