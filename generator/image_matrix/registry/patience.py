"""Sends requests again where that helps, within a patience that the hosts of a run share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from image_matrix.registry.exchange import ConnectionFailed, HttpRequest, Response, Transport
from image_matrix.retry import STATUSES, RetryPolicy, persevere

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.retry import Sleep

T = TypeVar("T")


def _discard(_: str) -> None:
    """Ignore a message."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Retries requests (:mod:`image_matrix.retry`); the time for a host does not grow with the number of its addresses.

    After all retries for a host have failed, each further request is sent once. A host that cannot be reached gets no
    further requests.
    """

    sleep: Sleep
    log: Callable[[str], None] = _discard
    """Receives a message for each host that it waits for, once."""
    waited: set[str] = field(default_factory=set)
    gave_up: set[str] = field(default_factory=set)
    unreachable: dict[str, ConnectionFailed] = field(default_factory=dict)

    def ask(
        self,
        url: str,
        attempt: Callable[[], T],
        policy_of: Callable[[T | ConnectionFailed], RetryPolicy | None],
    ) -> T:
        """Return the result of a request to an address; raises :class:`ConnectionFailed` after all attempts."""
        host = urlsplit(url).netloc
        if host in self.unreachable:
            raise self.unreachable[host]

        def judge(outcome: T | ConnectionFailed) -> RetryPolicy | None:
            retry = None if host in self.gave_up else policy_of(outcome)
            if retry and host not in self.waited:
                self.waited.add(host)
                self.log(f"{host} does not answer for the moment; trying again")
            return retry

        outcome = persevere(lambda: _attempted(attempt), judge, self.sleep)
        if policy_of(outcome):
            self.gave_up.add(host)
        if not isinstance(outcome, ConnectionFailed):
            return outcome
        if not outcome.reached:
            self.unreachable[host] = outcome
        raise outcome


def patient(transport: Transport, patience: Patience) -> Transport:
    """Return a transport with retries; after the last attempt it returns the response unchanged."""
    return lambda request: patience.ask(
        request.url, lambda: transport(request), lambda outcome: retry_policy(request, outcome)
    )


def _attempted(attempt: Callable[[], T]) -> T | ConnectionFailed:
    try:
        return attempt()
    except ConnectionFailed as error:
        return error


def retry_policy(request: HttpRequest, outcome: Response | ConnectionFailed) -> RetryPolicy | None:
    """Return the retries for an outcome; ``None`` if a retry does not help, or could do something twice."""
    if isinstance(outcome, ConnectionFailed):
        return outcome.retry if request.repeatable or not outcome.reached else None
    if outcome.limited or (outcome.status in STATUSES and (request.repeatable or outcome.status == 503)):
        return RetryPolicy(retry_after(outcome.headers.get("retry-after", "")))
    return None


def retry_after(value: str) -> float:
    """Return the seconds of a Retry-After header, which has a number or a date; 0 without it (RFC 9110, 10.2.3)."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    try:
        return Retry().parse_retry_after(value) if value else 0.0
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0


def retry_of_transfer(outcome: object) -> RetryPolicy | None:
    """Return the retries for a transfer."""
    return outcome.retry if isinstance(outcome, ConnectionFailed) else None
