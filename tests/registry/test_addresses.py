"""Which addresses that a registry's answers name are its own, and get its login."""

from __future__ import annotations

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.addresses import is_of_registry, named_address
from image_matrix.registry.client import Registry
from image_matrix.registry.credentials import Credentials
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.reference import parse_reference
from image_matrix.registry.repositories import Inaccessible, list_tags
from image_matrix.registry.services import RegistryServices
from image_matrix.registry.upload import upload_blob
from tests.registry.test_upload import client
from tests.registry.writable import Behaviour, serving

PLACE = parse_reference("registry.example.org/a/b")
ASKED = "https://registry.example.org/v2/a/b/tags/list"
USER = Credentials("robot", "s3cret")

OWN = {
    "?last=a": f"{ASKED}?last=a",
    "/v2/a/b/x": "https://registry.example.org/v2/a/b/x",
    "": ASKED,
    "http://registry.example.org/x?a=b%20c": "https://registry.example.org/x?a=b%20c",
    "http://registry.example.org:80/x": "https://registry.example.org/x",
    "HTTPS://Registry.example.org:443/x": "https://registry.example.org/x",
}

ELSEWHERE = [
    "https://other.example.net/x",
    "//other.example.net/x",
    "https://registry.example.org:8443/x",
    "http://registry.example.org:443/x",
    "https://registry.example.org.example.net/x",
    "https://robot@registry.example.org/x",
    "https://registry.example.org@other.example.net/x",
    "https://other.example.net\\@registry.example.org/x",
    "https://registry.example.org\\x.example.net/",
    "ftp://registry.example.org/x",
]


@pytest.mark.parametrize(("named", "url"), OWN.items())
def test_what_is_on_the_same_host_is_asked_as_the_registry_is(named: str, url: str) -> None:
    assert named_address(ASKED, named, PLACE) == url
    assert is_of_registry(url, PLACE)


@pytest.mark.parametrize("named", ELSEWHERE)
def test_another_place_is_not_the_registry(named: str) -> None:
    assert not is_of_registry(named_address(ASKED, named, PLACE), PLACE)


def test_a_registry_without_tls_stays_as_it_is() -> None:
    place = parse_reference("localhost:5000/a")
    asked = "http://localhost:5000/v2/a/blobs/uploads/"
    assert named_address(asked, "http://localhost:5000/x", place) == "http://localhost:5000/x"
    assert not is_of_registry("https://localhost:5000/x", place)
    assert not is_of_registry("http://localhost:5001/x", place)


@pytest.mark.parametrize("named", ["http://[::1", "https://a\u2100b/"])
def test_what_is_no_address(named: str) -> None:
    with pytest.raises(EnvironmentFailure, match=r"registry\.example\.org names an address that is none"):
        named_address(ASKED, named, PLACE)


class Fake:
    """A registry with a login that sends on to an address; what it and others were sent."""

    def __init__(self, sends_on_to: str, *, elsewhere: int = 200) -> None:
        self.sends_on_to, self.elsewhere = sends_on_to, elsewhere
        self.seen: list[tuple[str, str, str | None]] = []

    def __call__(self, request: HttpRequest) -> Response:
        login = request.headers.get("Authorization")
        self.seen.append((request.method, request.url, login))
        if not request.url.startswith("https://registry.example.org/"):
            challenge = {"www-authenticate": 'Basic realm="x"'}
            return Response(self.elsewhere, challenge, b'{"tags": ["c"]}')
        if login is None:
            return Response(401, {"www-authenticate": 'Basic realm="x"'})
        link = {"link": f'<{self.sends_on_to}>; rel="next"'} if request.url == ASKED else {}
        answers = {
            "GET": Response(200, link, b'{"tags": ["b"]}'),
            "HEAD": Response(404, {}),
            "POST": Response(202, {"location": self.sends_on_to}),
        }
        return answers.get(request.method, Response(201, {}))

    @property
    def registry(self) -> Registry:
        return Registry(RegistryServices(self, lambda _host: USER))


def test_a_next_page_elsewhere_gets_no_login() -> None:
    fake = Fake("https://other.example.net/x")
    assert list_tags(fake.registry, PLACE.name) == ["b", "c"]
    assert fake.seen[-1] == ("GET", "https://other.example.net/x", None)


def test_a_next_page_elsewhere_that_asks_for_a_login_is_named() -> None:
    fake = Fake("https://other.example.net/x", elsewhere=401)
    with pytest.raises(Inaccessible, match=r"sends on to other\.example\.net, which asks for a login"):
        list_tags(fake.registry, PLACE.name)
    assert [login for _, url, login in fake.seen if "other" in url] == [None]


def test_an_upload_behind_a_proxy_that_ends_tls_keeps_tls_and_login() -> None:
    fake = Fake("http://registry.example.org/upload?state=a")
    digest = upload_blob(fake.registry, PLACE.name, b"x").replace(":", "%3A")
    url = f"https://registry.example.org/upload?state=a&digest={digest}"
    assert fake.seen[-1] == ("PUT", url, USER.basic)


def test_a_redirect_gets_no_login() -> None:
    """What answers there names no token server for the registry's login, either."""

    def send(request: HttpRequest) -> Response:
        asked.append((request.url, request.headers.get("Authorization")))
        challenge = {"www-authenticate": 'Bearer realm="https://other.example.net/token"'}
        return Response(401, challenge, url="https://other.example.net/v2/a/b/tags/list")

    asked: list[tuple[str, str | None]] = []
    registry = Registry(RegistryServices(send, lambda _host: USER))
    with pytest.raises(Inaccessible, match=r"sends on to other\.example\.net, which asks for a login"):
        list_tags(registry, PLACE.name)
    assert asked == [(ASKED, None)]


def test_plain_http_asks_for_no_login_where_tls_was_asked_for() -> None:
    answered = f"http{ASKED.removeprefix('https')}"
    asked: list[str] = []

    def send(request: HttpRequest) -> Response:
        asked.append(request.url)
        if request.url != ASKED:
            return Response(200, {}, b'{"token": "a"}')
        if "Authorization" in request.headers:
            return Response(200, {}, b'{"tags": ["b"]}')
        challenge = {"www-authenticate": 'Bearer realm="https://auth.example.org/token"'}
        return Response(401, challenge, url=answered)

    with pytest.raises(Inaccessible, match=r"sends on to registry\.example\.org"):
        list_tags(Registry(RegistryServices(send, lambda _host: USER)), PLACE.name)
    assert asked == [ASKED]
    trusting = RegistryServices(send, lambda _host: USER, trusted=("registry.example.org",))
    assert list_tags(Registry(trusting), PLACE.name) == ["b"]


def test_a_token_server_without_an_address() -> None:
    challenge = {"www-authenticate": 'Bearer realm="https://[x"'}
    registry = Registry(RegistryServices(lambda _: Response(401, challenge), lambda _host: USER))
    with pytest.raises(Inaccessible, match="a token server whose address is none"):
        list_tags(registry, PLACE.name)


def test_the_http_library_takes_no_login_along_to_another_host() -> None:
    with serving() as other, serving(Behaviour(login=USER.basic, moved=other.host)) as server:
        assert list_tags(client(), f"{server.host}/team/deploy") == []
        assert server.authorizations == ["Bearer team/deploy:pull"]
        assert other.authorizations == [None]
