"""Trusted hosts, wrong certificates, plain HTTP and proxies, as the client sees them on real servers."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.registry.answers import Digest, Unreachable
from image_matrix.registry.client import Registry
from image_matrix.registry.credentials import Credentials
from image_matrix.registry.exchange import ConnectionFailed, HttpRequest
from image_matrix.registry.http import network
from image_matrix.registry.services import RegistryServices
from tests.certificates import issue, needs_openssl, server_context
from tests.e2e.recording_proxy import recording_proxy

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

DIGEST = f"sha256:{'1' * 64}"
NAME = "runner.example.org"


class Handler(BaseHTTPRequestHandler):
    """Answers every request; ``/elsewhere`` leads to the address that the server's ``elsewhere`` has."""

    def do_GET(self) -> None:
        elsewhere = getattr(self.server, "elsewhere", "")
        self.send_response(302 if elsewhere else 200)
        if elsewhere:
            self.send_header("Location", elsewhere)
        self.send_header("Docker-Content-Digest", DIGEST)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@contextmanager
def server(context: ssl.SSLContext | None = None, elsewhere: str = "") -> Iterator[str]:
    """Run a server on this machine, with TLS or without; yield ``HOST:PORT``."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.elsewhere = elsewhere  # type: ignore[attr-defined]
    if context:
        made.socket = context.wrap_socket(made.socket, server_side=True)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    issue(tmp_path)
    return server_context(tmp_path)


def status(host: str, trusted: tuple[str, ...] = (), ca_bundle: str | None = None) -> int:
    client = network(ca_bundle, trusted=trusted)
    with client.session:
        return client.send(HttpRequest("GET", f"https://{host}/")).status


@needs_openssl
def test_a_certificate_is_checked_unless_the_host_is_trusted(tls: ssl.SSLContext, tmp_path: Path) -> None:
    with server(tls) as host:
        assert status(host, (host,)) == 200
        assert status(host, ("127.0.0.1",)) == 200
        assert status(host, ca_bundle=str(tmp_path / "ca.pem")) == 200
        with pytest.raises(
            ConnectionFailed, match=r"not trusted; set `network.ca_bundle`.*trusted_hosts: \[127"
        ):
            status(host, ("other.example.org",))


def test_plain_http_is_tried_for_trusted_hosts_alone() -> None:
    with server() as host:
        assert status(host, (host,)) == 200
        with pytest.raises(ConnectionFailed, match=r"speaks plain HTTP.*trusted_hosts: \[127") as refused:
            status(host)
    assert "ca_bundle" not in str(refused.value)


@needs_openssl
def test_where_a_trusted_host_leads_to_is_checked(tls: ssl.SSLContext) -> None:
    with server(tls) as other, server(elsewhere=f"https://{other}/") as host:
        with pytest.raises(ConnectionFailed, match="certificate is not trusted"):
            status(host, (host,))
        assert status(host, (host, other)) == 200


def test_the_first_error_counts_where_nobody_answers() -> None:
    with server() as host:
        pass
    with pytest.raises(ConnectionFailed, match="refused"):
        status(host, (host,))


@pytest.mark.parametrize(("trusted", "answer"), [((), Unreachable), ((NAME,), Digest)])
def test_a_registry_in_plain_http_has_another_name_than_localhost(
    monkeypatch: pytest.MonkeyPatch, trusted: tuple[str, ...], answer: type
) -> None:
    with server() as host, recording_proxy(routes={f"{NAME}:5000": host}) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy.address)
        client = network(trusted=trusted)
        with client.session:
            registry = Registry(RegistryServices(client.send, lambda _: None, trusted=trusted))
            assert isinstance(registry.digest(f"{NAME}:5000/team/base:1"), answer)


ASKS = r"the proxy 127.0.0.1:\d+ asks for a login: set .*env://NAME"
CLOSED = r"the proxy 127.0.0.1:\d+ does not let this host through"


# a proxy's 403 for plain HTTP cannot be told from the server's own
@pytest.mark.parametrize(
    ("scheme", "login", "allows", "said"),
    [("http", "ada:secret", True, ASKS), ("https", "ada:secret", True, ASKS), ("https", None, False, CLOSED)],
)
def test_a_proxy_that_refuses_is_named(
    monkeypatch: pytest.MonkeyPatch, scheme: str, login: str | None, allows: bool, said: str
) -> None:
    with recording_proxy(allows=lambda _: allows, login=login) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, proxy.address)
        client = network()
        with client.session, pytest.raises(ConnectionFailed, match=said):
            client.send(HttpRequest("GET", f"{scheme}://{NAME}/"))


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with server() as gone:
        pass
    monkeypatch.setenv("https_proxy", f"http://ada:hunter2@{gone}")
    client = network()
    with client.session, pytest.raises(ConnectionFailed, match=f"the proxy {gone} refuses") as failed:
        client.send(HttpRequest("GET", f"https://{NAME}/"))
    assert "hunter2" not in str(failed.value)


def test_a_token_server_of_a_trusted_registry_needs_no_tls() -> None:
    from image_matrix.registry.exchange import Response

    def send(request: HttpRequest) -> Response:
        if request.url.startswith("http://"):
            return Response(200, {}, b'{"token": "t"}')
        if "Authorization" in request.headers:
            return Response(200, {"docker-content-digest": DIGEST})
        return Response(401, {"www-authenticate": f'Bearer realm="http://{NAME}/token"'})

    user = Credentials("me", "secret")
    services = RegistryServices(send, lambda _: user, trusted=(NAME,))
    assert Registry(services).digest(f"{NAME}/team/base:1") == Digest(DIGEST)
