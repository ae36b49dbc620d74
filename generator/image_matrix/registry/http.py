"""Sends HTTP requests; no other module uses the HTTP library."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

from image_matrix import __version__
from image_matrix.diagnostics.redact import conceal
from image_matrix.registry.connection_faults import proxy_fault, proxy_status, tls_fault
from image_matrix.registry.credentials import Credentials
from image_matrix.registry.exchange import ConnectionFailed, HttpRequest, OpenResponse, Response
from image_matrix.registry.host_log import HostLog
from image_matrix.registry.patience import Patience, retry_of_transfer, retry_policy
from image_matrix.registry.redirects import refuse_plain
from image_matrix.registry.trusting import trust

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import requests
    from requests import PreparedRequest

    from image_matrix.retry import Sleep

CONNECT_SECONDS, READ_SECONDS = 10, 60
ASKS_FOR_LOGIN = frozenset({401, 403})
CHUNK = 1 << 20
BAD_LOGIN = "the login has a line break, or another character that a header cannot have"
"""Of all headers, logins alone come from outside."""


@dataclass(frozen=True, slots=True)
class HttpClient:
    """A client with one pool of connections and one CA bundle."""

    session: requests.Session
    verify: str | bool
    logins: str | None = None
    """A netrc file with logins for downloads; registries have separate logins."""
    host_log: HostLog = field(default_factory=HostLog)
    """Which hosts sent requests on to others."""

    def send(self, request: HttpRequest) -> Response:
        """Send one request and read the whole response; raises :class:`ConnectionFailed`."""
        with self._open(request) as answer:
            return _read(answer)

    @contextmanager
    def opened(self, request: HttpRequest) -> Iterator[OpenResponse]:
        """Send one request, and give the response before its body arrives; raises :class:`ConnectionFailed`."""
        with self._open(request) as answer:
            yield OpenResponse(answer.status_code, _headers(answer), _chunks(answer), answer.url)

    def stream(self, url: str) -> Iterator[bytes]:
        """Yield a file's bytes; raises :class:`ConnectionFailed`, also for a status other than 200."""
        request = HttpRequest("GET", url, {"Accept-Encoding": "identity", **_login(url, self.logins)})
        with self.opened(request) as answer:
            if answer.status != 200:
                raise not_ok(request, answer.read())
            yield from answer.chunks

    def touch(self, url: str) -> None:
        """Ask for a file without reading it, so that the log has the hosts it comes from.

        Raises :class:`ConnectionFailed`, also for a status other than 200.
        """
        request = HttpRequest("GET", url, {"Accept-Encoding": "identity", **_login(url, self.logins)})
        with self.opened(request) as answer:
            if answer.status != 200:
                raise not_ok(request, answer.read())

    def tail(self, url: str, count: int) -> bytes:
        """Return the last bytes of a file; none from a server that does not serve parts (RFC 9110, 14.2).

        Raises :class:`ConnectionFailed`, also for a status of an error.
        """
        part = {"Accept-Encoding": "identity", "Range": f"bytes=-{count}"}
        request = HttpRequest("GET", url, {**part, **_login(url, self.logins)})
        with self.opened(request) as answer:
            if answer.status not in (200, 206):
                raise not_ok(request, answer.read())
            return b"".join(answer.chunks) if answer.status == 206 else b""

    def whole(self, url: str, sleep: Sleep) -> list[bytes]:
        """Return a file's bytes, with retries if the transfer breaks; raises :class:`ConnectionFailed`."""
        return Patience(sleep).ask(url, lambda: [*self.stream(url)], retry_of_transfer)

    def _open(self, request: HttpRequest) -> requests.Response:
        try:
            answer = self.session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.content,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                verify=self.verify,
                stream=True,
                auth=_as_given,
                hooks={"response": refuse_plain},
            )
        except ConnectionFailed:
            raise
        except (
            OSError,
            ValueError,
        ) as error:  # requests' errors; ValueError: a redirect to no address
            raise _failed(error, request.url) from error
        if fault := proxy_status(request.url, answer.status_code, getproxies()):
            answer.close()
            raise ConnectionFailed(fault, retry=None, reached=False)
        passed = [step.url for step in (*answer.history, answer)]
        self.host_log.note(request.url, passed, answer.headers.get("www-authenticate", ""))
        return answer


def _read(answer: requests.Response) -> Response:
    try:
        body = answer.content
    except OSError as error:
        raise _failed(error) from error
    return Response(answer.status_code, _headers(answer), body, answer.url)


def _headers(answer: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _chunks(answer: requests.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(CHUNK)
    except OSError as error:
        raise _failed(error) from error


def not_ok(request: HttpRequest, response: Response) -> ConnectionFailed:
    """Return why a response is not the requested file; a rate limit does not count as a missing login."""
    retry = retry_policy(request, response)
    login = response.status in ASKS_FOR_LOGIN and retry is None
    problem = f"it asks for a login (HTTP {response.status})" if login else f"HTTP {response.status}"
    return ConnectionFailed(problem, retry=retry, login=login, status=response.status)


def _login(url: str, logins: str | None) -> dict[str, str]:
    """Return the login header if a netrc file has the address' host; raises :class:`ConnectionFailed`."""
    import netrc

    if logins is None:
        return {}
    try:
        entry = netrc.netrc(logins).authenticators(urlsplit(url).hostname or "")
    except netrc.NetrcParseError as error:
        raise ConnectionFailed(f"{logins}:{error.lineno}: {error.msg}", retry=None) from error
    if entry is None:
        return {}
    user, _, password = entry
    return {"Authorization": Credentials(user, password).basic}


def network(
    ca_bundle: str | None = None,
    logins: str | None = None,
    trusted: Collection[str] = (),
    host_log: HostLog | None = None,
) -> HttpClient:
    """Return a client; proxies come from the environment, certificates from ``ca_bundle`` or SSL_CERT_FILE.

    ``logins`` is the path of a netrc file, ``trusted`` are hosts as in ``network.trusted_hosts``; ``host_log`` gets the
    hosts that answer.
    """
    import os

    import requests

    session = requests.Session()
    session.headers["User-Agent"] = f"image-matrix/{__version__}"
    adapter = requests.adapters.HTTPAdapter(pool_connections=16, pool_maxsize=16)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    trust(session, adapter, trusted)
    return HttpClient(
        session, ca_bundle or os.environ.get("SSL_CERT_FILE") or True, logins, host_log or HostLog()
    )


def _as_given(request: PreparedRequest) -> PreparedRequest:
    """Return a request unchanged, so that requests does not replace our credentials with those of ~/.netrc."""
    return request


def _failed(error: OSError | ValueError, url: str = "") -> ConnectionFailed:
    """Return the reason of an error in a few words."""
    import requests

    if isinstance(error, (requests.exceptions.InvalidHeader, UnicodeEncodeError)):
        return ConnectionFailed(BAD_LOGIN, retry=None)  # their text quotes the login
    text = str(error)
    if isinstance(error, requests.exceptions.ProxyError):
        return ConnectionFailed(proxy_fault(url, text, getproxies()), retry=None, reached=False)
    if isinstance(error, requests.exceptions.SSLError):
        return ConnectionFailed(tls_fault(urlsplit(url).netloc, text), retry=None, reached=False)
    if "Name or service not known" in text or "NameResolutionError" in text or "Failed to resolve" in text:
        return ConnectionFailed("the name is not known here (DNS)", retry=None, reached=False)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        # the system has already tried several times; probably a firewall drops the packets
        return ConnectionFailed("it cannot be reached: no answer in time", retry=None, reached=False)
    if isinstance(error, requests.exceptions.Timeout):
        return ConnectionFailed("no answer in time")
    if "refused" in text:
        return ConnectionFailed("connection refused", reached=False)
    if isinstance(error, ValueError):  # requests' errors about addresses are that, too
        return ConnectionFailed(conceal(text), retry=None)
    return ConnectionFailed("the connection was cut")
