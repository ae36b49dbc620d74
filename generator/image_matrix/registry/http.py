"""Requests with retries, and the network itself: the one place that knows the HTTP library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

ATTEMPTS = 6
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 60.0
"""Seconds; a server that asks for more by Retry-After is not waited for longer."""
CONNECT_SECONDS, READ_SECONDS = 10, 60
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class ConnectionFailed(OSError):  # noqa: N818 - it is what it is called in the messages
    """No answer: refused, cut, timed out, not trusted."""

    def __init__(self, reason: str, *, lasting: bool = False, reached: bool = True) -> None:
        self.reason = reason
        self.lasting = lasting
        """Another try would not help."""
        self.reached = reached
        """The host was spoken to; where it was not, its other addresses fail too."""
        super().__init__(reason)


Transport = Callable[[Request], Response]
Sleep = Callable[[float], None]


def with_retries(transport: Transport, sleep: Sleep) -> Transport:
    """Return a transport that tries again on 429, 5xx and cut connections, waiting twice as long each time.

    ``Retry-After`` wins over our own pause. After the last try the answer is returned as it is, or
    :class:`ConnectionFailed` raised.
    """

    def send(request: Request) -> Response:
        for attempt in range(1, ATTEMPTS + 1):
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))
            try:
                response = transport(request)
            except ConnectionFailed as error:
                if error.lasting or attempt == ATTEMPTS:
                    raise
            else:
                if response.status not in RETRIED or attempt == ATTEMPTS:
                    return response
                pause = retry_after(response.headers.get("retry-after", "")) or pause
            sleep(pause)
        raise AssertionError  # the last attempt returns or raises

    return send


def retry_after(value: str) -> float | None:
    """Return the seconds of a Retry-After header, or ``None`` for none (RFC 9110, 10.2.3; dates are not waited for)."""
    try:
        seconds = float(value)
    except ValueError:
        return None
    return min(LONGEST_PAUSE, seconds) if seconds > 0 else None


@dataclass(frozen=True, slots=True)
class Network:
    """The real network: one pool of connections, trusting one CA bundle."""

    session: requests.Session
    verify: str | bool
    logins: str | None = None
    """A netrc file, for files; registries have logins of their own."""

    def send(self, request: Request) -> Response:
        """Send one request and read the whole answer; raises :class:`ConnectionFailed`."""
        with self._open(request) as answer:
            try:
                body = answer.content
            except OSError as error:
                raise _failed(error) from error
            return Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)

    def stream(self, url: str) -> Iterator[bytes]:
        """Yield a file's bytes; raises :class:`ConnectionFailed`, for an answer that is not 200 too."""
        request = Request("GET", url, {"Accept-Encoding": "identity", **_login(url, self.logins)})
        with self._open(request) as answer:
            if answer.status_code != 200:
                raise ConnectionFailed(
                    f"HTTP {answer.status_code}", lasting=answer.status_code not in RETRIED
                )
            try:
                yield from answer.iter_content(CHUNK)
            except OSError as error:
                raise _failed(error) from error

    def _open(self, request: Request) -> requests.Response:
        try:
            return self.session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.form,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                verify=self.verify,
                stream=True,
                auth=_as_given,
            )
        except OSError as error:  # requests' errors are OSErrors
            raise _failed(error) from error


def _login(url: str, logins: str | None) -> dict[str, str]:
    """Return the header that logs in where a netrc file has an address' host; raises :class:`ConnectionFailed`."""
    import netrc
    from urllib.parse import urlsplit

    from image_matrix.registry.credentials import Credentials

    if logins is None:
        return {}
    try:
        found = netrc.netrc(logins).authenticators(urlsplit(url).hostname or "")
    except netrc.NetrcParseError as error:
        raise ConnectionFailed(f"{logins}:{error.lineno}: {error.msg}", lasting=True) from error
    if found is None:
        return {}
    user, _, password = found
    return {"Authorization": Credentials(user, password).basic}


def network(ca_bundle: str | None = None, logins: str | None = None) -> Network:
    """Open the network; proxies come from the environment, certificates from ``ca_bundle`` or SSL_CERT_FILE.

    ``logins`` is the path of a netrc file.
    """
    import os

    import requests

    from image_matrix import __version__

    session = requests.Session()
    session.headers["User-Agent"] = f"image-matrix/{__version__}"
    adapter = requests.adapters.HTTPAdapter(pool_connections=16, pool_maxsize=16)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return Network(session, ca_bundle or os.environ.get("SSL_CERT_FILE") or True, logins)


def _as_given(request: Any) -> Any:  # noqa: ANN401 - requests' interface
    """Keep requests from putting credentials of ~/.netrc in the place of ours."""
    return request


def _failed(error: OSError) -> ConnectionFailed:
    """Say in a few words what went wrong."""
    import requests

    text = str(error)
    if isinstance(error, requests.exceptions.SSLError):
        return ConnectionFailed(
            "the certificate is not trusted; set `ca_bundle` or SSL_CERT_FILE", lasting=True, reached=False
        )
    if "Name or service not known" in text or "NameResolutionError" in text or "Failed to resolve" in text:
        return ConnectionFailed("the name is not known here (DNS)", lasting=True, reached=False)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        # the system has tried several times by then: a firewall that drops what it does not let through
        return ConnectionFailed("it cannot be reached: no answer in time", lasting=True, reached=False)
    if isinstance(error, requests.exceptions.Timeout):
        return ConnectionFailed("no answer in time")
    if "refused" in text:
        return ConnectionFailed("connection refused", reached=False)
    invalid = isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema))
    return ConnectionFailed("the connection was cut" if not invalid else text, lasting=invalid)
