"""Where the HTTP client follows a redirect, and what it takes along."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, cast

import pytest
import requests

from image_matrix.registry.exchange import ConnectionFailed, HttpRequest, Response
from image_matrix.registry.http import HttpClient, network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests.adapters import BaseAdapter

START = "https://registry.example.org/start"
LOGIN = {"Authorization": "Basic YTpi"}


@dataclass
class Adapter:
    """Redirects from the start to an address, which answers; keeps what was sent."""

    status: int
    location: str
    sent: list[tuple[str, object, object]] = field(default_factory=list)

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        self.sent.append((str(request.url), request.headers.get("Authorization"), request.body))
        answer = requests.Response()
        answer.status_code = self.status if request.url == START else 200
        answer.headers["Location"] = self.location
        answer.url, answer.request, answer.raw = str(request.url), request, BytesIO()
        return answer

    def close(self) -> None:
        """Do nothing."""


def sent_on(
    adapter: Adapter, method: str = "GET", content: Mapping[str, str] | bytes | None = None
) -> Response:
    client: HttpClient = network()
    for scheme in ("https://", "http://"):
        client.session.mount(scheme, cast("BaseAdapter", adapter))
    return client.send(HttpRequest(method, START, LOGIN, content))


@pytest.mark.parametrize(
    ("location", "login"),
    [
        ("https://registry.example.org/next", LOGIN["Authorization"]),
        ("http://registry.example.org/next", None),
        ("https://registry.example.org:8443/next", None),
        ("https://other.example.net/next", None),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_login_stays_with_scheme_and_host(status: int, location: str, login: str | None) -> None:
    adapter = Adapter(status, location)
    answer = sent_on(adapter)
    assert (answer.status, answer.url) == (200, location)
    assert adapter.sent == [(START, LOGIN["Authorization"], None), (location, login, None)]


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("content", [b"blob", {"refresh_token": "secret"}], ids=["blob", "form"])
def test_a_body_never_leaves_tls(status: int, content: Mapping[str, str] | bytes) -> None:
    adapter = Adapter(status, "http://registry.example.org/next")
    with pytest.raises(ConnectionFailed, match=r"on to plain HTTP, at registry\.example\.org") as caught:
        sent_on(adapter, "POST", content)
    assert caught.value.retry is None
    assert [url for url, *_ in adapter.sent] == [START]


@pytest.mark.parametrize(
    ("status", "location"),
    [(303, "http://registry.example.org/next"), (307, "https://other.example.net/next")],
)
def test_what_has_no_body_or_keeps_tls_goes_on(status: int, location: str) -> None:
    adapter = Adapter(status, location)
    assert sent_on(adapter, "POST", b"blob").url == location
    assert adapter.sent[-1][1:] == (None, None if status == 303 else b"blob")


@pytest.mark.parametrize("content", [None, b"blob"])
def test_a_redirect_to_no_address_is_an_answer(content: bytes | None) -> None:
    with pytest.raises(ConnectionFailed, match="Invalid IPv6 URL") as caught:
        sent_on(Adapter(307, "https://[x/next"), "POST", content)
    assert caught.value.retry is None
