"""Requests, tried again where that helps, and the network itself: the one place that knows the HTTP library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from image_matrix import __version__
from image_matrix.registry.credentials import Credentials
from image_matrix.retry import FEW, STATUSES, Again, names_rate_limit, persevere

if TYPE_CHECKING:
    import requests
    from requests import PreparedRequest

    from image_matrix.retry import Sleep

CONNECT_SECONDS, READ_SECONDS = 10, 60
ASKS_FOR_LOGIN = frozenset({401, 403})
CHUNK = 1 << 20
SILENCE = Again(attempts=FEW)
"""What a connection that fails is worth."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: Mapping[str, str] | bytes | None = field(default=None, repr=False)
    """The fields of a form, or a body as it is."""
    repeatable: bool = True
    """Doing it twice does no harm; else it is sent again only where the other side has not done it."""


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def limited(self) -> bool:
        """Whether it is about how often somebody asks; GHCR says so with 403, which has no text for HEAD."""
        if self.status == 403:
            return "retry-after" in self.headers or names_rate_limit(self.body.decode(errors="replace"))
        return self.status == 429


class ConnectionFailed(OSError):  # noqa: N818 - it is what it is called in the messages
    """No answer: refused, cut, timed out, not trusted."""

    def __init__(
        self, reason: str, *, again: Again | None = SILENCE, reached: bool = True, login: bool = False
    ) -> None:
        self.reason = reason
        self.again = again
        """What another try is worth; ``None`` where it would not help."""
        self.reached = reached
        """The host was spoken to; where it was not, its other addresses fail too."""
        self.login = login
        """The server asks for a login, or for another one."""
        super().__init__(reason)


Transport = Callable[[Request], Response]
T = TypeVar("T")


def _silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Tries again where that helps (:mod:`image_matrix.retry`), as long for a thousand addresses of a host as for one.

    A host that was waited for in vain is asked once from then on; one that cannot be reached is not asked again.
    """

    sleep: Sleep
    tell: Callable[[str], None] = _silent
    """Says for which host it waits, once for each."""
    waited: set[str] = field(default_factory=set)
    in_vain: set[str] = field(default_factory=set)
    unreachable: dict[str, ConnectionFailed] = field(default_factory=dict)

    def ask(
        self, url: str, attempt: Callable[[], T], worth: Callable[[T | ConnectionFailed], Again | None]
    ) -> T:
        """Return the result of an attempt at an address; raises :class:`ConnectionFailed`, after every try."""
        host = urlsplit(url).netloc
        if host in self.unreachable:
            raise self.unreachable[host]

        def judge(outcome: T | ConnectionFailed) -> Again | None:
            again = None if host in self.in_vain else worth(outcome)
            if again and host not in self.waited:
                self.waited.add(host)
                self.tell(f"{host} does not answer for the moment; trying again")
            return again

        outcome = persevere(lambda: _attempted(attempt), judge, self.sleep)
        if worth(outcome):
            self.in_vain.add(host)
        if not isinstance(outcome, ConnectionFailed):
            return outcome
        if not outcome.reached:
            self.unreachable[host] = outcome
        raise outcome


def patient(transport: Transport, patience: Patience) -> Transport:
    """Return a transport that tries again; after the last try it returns the answer as it is."""
    return lambda request: patience.ask(
        request.url, lambda: transport(request), lambda outcome: worth(request, outcome)
    )


def _attempted(attempt: Callable[[], T]) -> T | ConnectionFailed:
    try:
        return attempt()
    except ConnectionFailed as error:
        return error


def worth(request: Request, outcome: Response | ConnectionFailed) -> Again | None:
    """Return what another try is worth; ``None`` where it would not help, or could do something twice."""
    if isinstance(outcome, ConnectionFailed):
        return outcome.again if request.repeatable or not outcome.reached else None
    if outcome.limited or (outcome.status in STATUSES and (request.repeatable or outcome.status == 503)):
        return Again(retry_after(outcome.headers.get("retry-after", "")))
    return None


def retry_after(value: str) -> float:
    """Return the seconds that a Retry-After header asks for, a number or a date; 0 for none (RFC 9110, 10.2.3)."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    try:
        return Retry().parse_retry_after(value) if value else 0.0
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0


def worth_of_transfer(outcome: object) -> Again | None:
    """Return what another try of a whole transfer is worth."""
    return outcome.again if isinstance(outcome, ConnectionFailed) else None


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
            return _read(answer)

    def stream(self, url: str) -> Iterator[bytes]:
        """Yield a file's bytes; raises :class:`ConnectionFailed`, for an answer that is not 200 too."""
        request = Request("GET", url, {"Accept-Encoding": "identity", **_login(url, self.logins)})
        with self._open(request) as answer:
            if answer.status_code != 200:
                raise _no_file(request, _read(answer))
            try:
                yield from answer.iter_content(CHUNK)
            except OSError as error:
                raise _failed(error) from error

    def whole(self, url: str, sleep: Sleep) -> list[bytes]:
        """Return a file's bytes, begun again where a transfer breaks; raises :class:`ConnectionFailed`."""
        return Patience(sleep).ask(url, lambda: [*self.stream(url)], worth_of_transfer)

    def _open(self, request: Request) -> requests.Response:
        try:
            return self.session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.content,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                verify=self.verify,
                stream=True,
                auth=_as_given,
            )
        except OSError as error:  # requests' errors are OSErrors
            raise _failed(error) from error


def _read(answer: requests.Response) -> Response:
    try:
        body = answer.content
    except OSError as error:
        raise _failed(error) from error
    return Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)


def _no_file(request: Request, response: Response) -> ConnectionFailed:
    """Return why an answer is not the file that was asked for; a rate limit is no refusal."""
    again = worth(request, response)
    login = response.status in ASKS_FOR_LOGIN and again is None
    said = f"it asks for a login (HTTP {response.status})" if login else f"HTTP {response.status}"
    return ConnectionFailed(said, again=again, login=login)


def _login(url: str, logins: str | None) -> dict[str, str]:
    """Return the header that logs in where a netrc file has an address' host; raises :class:`ConnectionFailed`."""
    import netrc

    if logins is None:
        return {}
    try:
        found = netrc.netrc(logins).authenticators(urlsplit(url).hostname or "")
    except netrc.NetrcParseError as error:
        raise ConnectionFailed(f"{logins}:{error.lineno}: {error.msg}", again=None) from error
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

    session = requests.Session()
    session.headers["User-Agent"] = f"image-matrix/{__version__}"
    adapter = requests.adapters.HTTPAdapter(pool_connections=16, pool_maxsize=16)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return Network(session, ca_bundle or os.environ.get("SSL_CERT_FILE") or True, logins)


def _as_given(request: PreparedRequest) -> PreparedRequest:
    """Keep requests from putting credentials of ~/.netrc in the place of ours."""
    return request


def _failed(error: OSError) -> ConnectionFailed:
    """Say in a few words what went wrong."""
    import requests

    text = str(error)
    if isinstance(error, requests.exceptions.SSLError):
        return ConnectionFailed(
            "the certificate is not trusted; set `network.ca_bundle` or SSL_CERT_FILE",
            again=None,
            reached=False,
        )
    if "Name or service not known" in text or "NameResolutionError" in text or "Failed to resolve" in text:
        return ConnectionFailed("the name is not known here (DNS)", again=None, reached=False)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        # the system has tried several times by then: a firewall that drops what it does not let through
        return ConnectionFailed("it cannot be reached: no answer in time", again=None, reached=False)
    if isinstance(error, requests.exceptions.Timeout):
        return ConnectionFailed("no answer in time")
    if "refused" in text:
        return ConnectionFailed("connection refused", reached=False)
    invalid = isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema))
    return ConnectionFailed(
        "the connection was cut" if not invalid else text, again=None if invalid else SILENCE
    )
