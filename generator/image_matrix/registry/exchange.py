"""What a request and its response are, and the error of one without a response."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from image_matrix.retry import FEW, RetryPolicy, names_rate_limit

SILENCE = RetryPolicy(attempts=FEW)
"""The retries of a connection that fails."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: Mapping[str, str] | bytes | None = field(default=None, repr=False)
    """The fields of a form, or the bytes of a body."""
    repeatable: bool = True
    """Whether it can be sent twice without harm; otherwise it is repeated only if the server has not processed it."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    url: str = ""
    """The address that answered, after redirects."""

    @property
    def limited(self) -> bool:
        """Whether it reports a rate limit; GHCR does so with 403, which has no text for HEAD."""
        if self.status == 403:
            return "retry-after" in self.headers or names_rate_limit(self.body.decode(errors="replace"))
        return self.status == 429


class ConnectionFailed(OSError):  # noqa: N818 - messages use this word
    """There is no response: the connection is refused, broken, timed out or not trusted."""

    def __init__(
        self,
        reason: str,
        *,
        retry: RetryPolicy | None = SILENCE,
        reached: bool = True,
        login: bool = False,
        status: int | None = None,
    ) -> None:
        self.reason = reason
        self.retry = retry
        """The retries; ``None`` if a retry does not help."""
        self.reached = reached
        """Whether there was a connection to the host; without one, requests for its other addresses fail as well."""
        self.login = login
        """Whether the server requires a login, or another one."""
        self.status = status
        """The status of HTTP, if there was a response."""
        super().__init__(reason)


class OtherContent(ConnectionFailed):
    """The registry has sent bytes whose digest is another one than that which was asked for."""

    def __init__(self) -> None:
        super().__init__("the content does not match its digest", retry=None)


@dataclass(frozen=True, slots=True)
class OpenResponse:
    """A response whose body has not been read yet; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    """The body as it arrives; raises :class:`ConnectionFailed` where the transfer breaks."""
    url: str = ""
    """The address that answered, after redirects."""

    def read(self) -> Response:
        """Return the response with its whole body."""
        return Response(self.status, self.headers, b"".join(self.chunks), self.url)


Transport = Callable[[HttpRequest], Response]

StreamingTransport = Callable[[HttpRequest], AbstractContextManager[OpenResponse]]
