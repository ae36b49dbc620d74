"""When another try helps and how long to wait before it: one policy for HTTP requests and for programs.

The loop is not urllib3's own (``Retry`` in a connection pool), which sees neither of two things that matter here: the
body of an answer, where GHCR says that its 403 is a rate limit, and a connection that is cut while a body is read.
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
"""Tries in all, where the other side says that it cannot answer for the moment: two minutes of waiting."""
FEW = 4
"""Tries in all, where there is no answer: nobody listens, or the connection is cut."""
FIRST_PAUSE = 1.0
"""Seconds before the second try; each pause is twice the one before."""
LONGEST_PAUSE = 60.0
"""Seconds; a server that asks for more by Retry-After is not waited for longer."""
STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers of HTTP that another try may change; besides 403 where its text names a rate limit."""
NUMBERS = "|".join(str(status) for status in sorted(STATUSES))
"""The same as alternatives of a pattern."""
RATE_LIMIT = r"rate.?limit|too ?many ?requests|rate exceeded|abuse detection"
"""How registries and GitHub call a limit of how often somebody asks; for any case of letters."""
PASSING = rf"\b(?:{NUMBERS})\b|time[d ]*out|deadline exceeded|connection reset|broken pipe|unexpected EOF|TLS handshake"
"""What programs print where another try may help; for any case of letters."""
NO_ANSWER = (
    r"could not resolve host|name resolution|no such host|connection refused|failed to connect to \S+ port"
    r"|empty reply from server|recv failure|SSL_ERROR_SYSCALL|TLS connection was non-properly terminated"
    r"|RPC failed|early EOF|hung up unexpectedly|connection closed by|\": EOF"
)
"""What programs print where nobody answers or the connection is cut: git over HTTPS and SSH, and programs in Go."""
PATIENCE = "wait a few minutes and run it again; `docker login` raises the limit of most registries"
"""What helps against a rate limit that was waited for in vain."""


@dataclass(frozen=True, slots=True)
class Again:
    """Another try may help."""

    after: float = 0.0
    """Seconds that the other side asks us to wait; 0 where it does not say."""
    attempts: int = ATTEMPTS
    """Tries in all that such a failure is worth."""


def persevere(attempt: Callable[[], T], judge: Callable[[T], Again | None], sleep: Sleep) -> T:
    """Return the first result that another try would not change, or the last one; ``judge`` tells them apart."""
    for number in count(1):
        result = attempt()
        again = judge(result)
        if again is None or number >= again.attempts:
            break
        sleep(min(LONGEST_PAUSE, again.after or FIRST_PAUSE * 2 ** (number - 1)))
    return result


def names_rate_limit(text: str) -> bool:
    """Say whether a refusal, in its own words, is about how often somebody asks.

    Docker Hub: ``toomanyrequests: You have reached your pull rate limit``. GHCR: ``You have exceeded a secondary rate
    limit``, with the code DENIED and the status 403 (docs.github.com, "Rate limits for the REST API").
    """
    return re.search(RATE_LIMIT, text, re.IGNORECASE) is not None


def passes(text: str) -> bool:
    """Say whether what a program prints names a reason that may be over at the next try."""
    return names_rate_limit(text) or re.search(PASSING, text, re.IGNORECASE) is not None


def worth(text: str) -> Again | None:
    """Return what another try is worth, by what a program printed when it failed; ``None`` where it would not help."""
    if passes(text):
        return Again()
    return Again(attempts=FEW) if re.search(NO_ANSWER, text, re.IGNORECASE) else None


def reason(text: str) -> str:
    """Return the line of a program's last words that says why it failed.

    That is the last one that names a rate limit, whose answers have several lines; without one it is the first line.
    An empty text has no reason.
    """
    lines = [line.strip() for line in text.strip().splitlines()] or [""]
    return next((line for line in reversed(lines) if names_rate_limit(line)), lines[0])
