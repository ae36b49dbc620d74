"""The client against real HTTP servers that misbehave in every way that registries do."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from image_matrix.registry import http
from image_matrix.registry.answers import Absent, Denied, Digest, ImageConfig, Manifest, Unreachable, words
from image_matrix.registry.client import CONCURRENCY, INDEX_TYPES, Registry, RegistryServices, open_registry
from image_matrix.registry.credentials import Credentials
from image_matrix.registry.http import ConnectionFailed, HttpRequest, Patience, Response, network, patient
from image_matrix.retry import ATTEMPTS, FEW, LONGEST_PAUSE, PATIENCE
from tests.running_server import running
from tests.workflow.matrices import loaded
from tests.workflow.matrices import matrix as any_matrix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def manifest(name: str) -> bytes:
    entries = [
        {"digest": f"sha256:{hashlib.sha256((name + arch).encode()).hexdigest()}", "platform": platform}
        for arch, platform in (
            ("amd64", {"os": "linux", "architecture": "amd64"}),
            ("arm64", {"os": "linux", "architecture": "arm64", "variant": "v8"}),
            ("arm", {"os": "linux", "architecture": "arm", "variant": "v7"}),
            ("attestation", {"os": "unknown", "architecture": "unknown"}),
        )
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPES[0], "manifests": entries}).encode()


NAMES = [f"team/image-{number}" for number in range(30)]
HELD = {name: manifest(name) for name in NAMES[:20]}
DIGESTS = {name: f"sha256:{hashlib.sha256(body).hexdigest()}" for name, body in HELD.items()}


@dataclass
class Behaviour:
    """What the server does besides answering."""

    failures: tuple[int | str, ...] = ()
    """A status, or ``cut``, for every third request in turn, but never so often that a client has to give up."""
    every: int = 3
    retry_after: str | None = None
    login: str | None = None
    """``basic`` or ``bearer``."""
    digest_header: bool = True
    head: bool = True
    forbidden: frozenset[str] = frozenset()
    limits: int = 0
    """The first of all requests that are refused as GHCR refuses them for a secondary rate limit."""
    limited_tokens: bool = False
    """The token server refuses so."""
    tokens_last: int = 10**9
    """Requests that a token is good for."""
    guarded_blobs: bool = False
    """Blobs need the login, too."""
    held: dict[str, bytes] = field(default_factory=lambda: dict(HELD), repr=False)
    blobs: dict[str, bytes] = field(default_factory=dict, repr=False)


LIMIT = json.dumps(
    {"errors": [{"code": "DENIED", "message": "You have exceeded a secondary rate limit."}]}
).encode()
USER = Credentials("robot", "s3cret:with colon")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = behaviour
        self.lock = threading.Lock()
        self.seen: Counter[tuple[str, str]] = Counter()
        self.failed: Counter[str] = Counter()
        self.count = 0
        self.tokens: dict[str, int] = {}
        self.scopes: list[str] = []
        self.now = self.most = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:  # a cut connection is meant
        pass


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class has it
        pass

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert form["grant_type"] == ["refresh_token"]
        self.token(form["scope"][0], good=form["refresh_token"] == ["identity"])

    def answer(self) -> None:
        with self.server.lock:
            self.server.seen[self.command, self.path] += 1
            self.server.now += 1
            self.server.most = max(self.server.most, self.server.now)
            self.server.count += 1
            turn = self.server.count
        try:
            if turn <= self.server.behaviour.limits:
                self.reply(403, LIMIT)
            elif not self.misbehave(turn):
                self.registry()
        finally:
            with self.server.lock:
                self.server.now -= 1

    def misbehave(self, turn: int) -> bool:
        failures = self.server.behaviour.failures
        if not failures or turn % self.server.behaviour.every:
            return False
        with self.server.lock:
            self.server.failed[self.path] += 1
            if self.server.behaviour.every > 1 and self.server.failed[self.path] >= FEW:
                return False
        failure = failures[turn // self.server.behaviour.every % len(failures)]
        if failure == "cut":
            if self.command != "HEAD":  # whose response would be whole, and its connection used once more
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
                self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(2)
        else:
            after = self.server.behaviour.retry_after
            self.reply(int(failure), headers={"Retry-After": after} if after else {})
        return True

    def registry(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/token":
            good = self.headers.get("Authorization") in (None, USER.basic)
            return self.token(parse_qs(url.query)["scope"][0], good=good)
        if url.path.startswith("/storage/"):
            assert "Authorization" not in self.headers or self.server.behaviour.login is None
            return self.reply(200, self.server.behaviour.blobs[url.path.removeprefix("/storage/")])
        if "/blobs/" in url.path:  # most registries have them elsewhere
            name = url.path.removeprefix("/v2/").partition("/blobs/")[0]
            if self.server.behaviour.guarded_blobs and not self.logged_in(name):
                return None
            storage = f"http://localhost:{self.server.server_address[1]}/storage/"
            return self.reply(307, headers={"Location": f"{storage}{url.path.rpartition('/')[2]}"})
        name, _, version = url.path.removeprefix("/v2/").partition("/manifests/")
        if not self.logged_in(name):
            return None
        if name in self.server.behaviour.forbidden:
            return self.reply(403, b'{"errors": [{"code": "DENIED", "message": "not for you"}]}')
        if self.command == "HEAD" and not self.server.behaviour.head:
            return self.reply(405)
        assert INDEX_TYPES[0] in self.headers["Accept"]
        body = self.server.behaviour.blobs.get(version, self.server.behaviour.held.get(name))
        if body is None or version not in ("1", f"sha256:{hashlib.sha256(body).hexdigest()}"):
            return self.reply(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
        digest = (
            {"Docker-Content-Digest": DIGESTS.get(name, "")} if self.server.behaviour.digest_header else {}
        )
        return self.reply(200, body, {"Content-Type": INDEX_TYPES[0], **digest})

    def logged_in(self, name: str) -> bool:
        login, given = self.server.behaviour.login, self.headers.get("Authorization", "")
        if login is None or (login == "basic" and given == USER.basic):
            return True
        with self.server.lock:
            left = self.server.tokens.get(given, 0)
            self.server.tokens[given] = left - 1
        if login == "bearer" and left > 0 and given.startswith(f"Bearer {name}-"):
            return True
        bearer = (
            f'Bearer realm="http://{self.server.host}/token",service="a, b",scope="repository:{name}:pull"'
        )
        self.reply(401, headers={"WWW-Authenticate": bearer if login == "bearer" else 'Basic realm="here"'})
        return False

    def token(self, scope: str, *, good: bool) -> None:
        if self.server.behaviour.limited_tokens:
            return self.reply(403, LIMIT)
        if not good:
            return self.reply(401)
        with self.server.lock:
            self.server.scopes.append(scope)
            text = f"{scope.split(':')[1]}-{len(self.server.scopes)}"
            self.server.tokens[f"Bearer {text}"] = self.server.behaviour.tokens_last
        return self.reply(200, json.dumps({"token": text}).encode())

    def reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Server]:
    with running(Server(behaviour)) as server:
        yield server


@contextmanager
def client(
    credentials: Credentials | None = None, sleeps: list[float] | None = None, **world: Any
) -> Iterator[Registry]:
    """A client over the real network that notes its pauses instead of taking them."""
    net = network()
    paused = sleeps if sleeps is not None else []
    try:
        yield Registry(
            RegistryServices(patient(net.send, Patience(paused.append)), lambda _host: credentials, **world)
        )
    finally:
        net.session.close()


def answers(server: Server, registry: Registry) -> dict[str, object]:
    references = {name: f"{server.host}/{name}:1" for name in NAMES}
    found = registry.digests(references.values())
    return {name: found[reference] for name, reference in references.items()}


EXPECTED = {name: Digest(DIGESTS[name]) if name in HELD else Absent() for name in NAMES}


CASES = {
    "well": (Behaviour(), None),
    "429 and 500": (Behaviour(failures=(429, 500)), None),
    "retry-after": (Behaviour(failures=(503, "cut", 429), retry_after="1"), None),
    "cut": (Behaviour(failures=("cut",)), None),
    "token": (Behaviour(login="bearer"), None),
    "token, user, failures": (Behaviour(login="bearer", failures=(500, 429, "cut")), USER),
    "token runs out": (Behaviour(login="bearer", tokens_last=1), USER),
    "identity token": (Behaviour(login="bearer"), Credentials(identity_token="identity")),
    "basic": (Behaviour(login="basic"), USER),
    "no digest header": (Behaviour(digest_header=False), None),
    "no HEAD": (Behaviour(head=False), None),
    "no digest header, failures": (Behaviour(digest_header=False, failures=("cut", 500)), None),
}


@pytest.mark.slow
@pytest.mark.parametrize(("behaviour", "credentials"), CASES.values(), ids=CASES)
def test_the_answers_are_the_same(behaviour: Behaviour, credentials: Credentials | None) -> None:
    with serving(behaviour) as server, client(credentials) as registry:
        assert answers(server, registry) == EXPECTED
        assert server.most <= CONCURRENCY


def test_a_name_is_asked_for_once() -> None:
    with serving(Behaviour()) as server, client() as registry:
        for _ in range(3):
            answers(server, registry)
        assert set(server.seen.values()) == {1}
        assert {method for method, _ in server.seen} == {"HEAD"}


def test_a_token_is_asked_for_once_for_a_repository() -> None:
    with serving(Behaviour(login="bearer")) as server, client() as registry:
        registry.digest(f"{server.host}/{NAMES[0]}:1")
        registry.digest(f"{server.host}/{NAMES[0]}:2")
        assert server.scopes == [f"repository:{NAMES[0]}:pull"]


@pytest.mark.parametrize("login", ["basic", "bearer"])
def test_wrong_credentials_are_not_absence(login: str) -> None:
    with serving(Behaviour(login=login)) as server, client(Credentials("robot", "wrong")) as registry:
        found = registry.digest(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(found, Denied)
        assert "does not" in words(found)


def test_forbidden_is_not_absent() -> None:
    with serving(Behaviour(forbidden=frozenset(NAMES[:1]))) as server, client() as registry:
        reference = f"{server.host}/{NAMES[0]}:1"
        assert isinstance(registry.digest(reference), Denied)
        assert registry.manifest(reference) == Denied("not for you")


def test_a_server_that_never_recovers_is_unreachable() -> None:
    sleeps: list[float] = []
    with serving(Behaviour(failures=(503,), every=1)) as server, client(sleeps=sleeps) as registry:
        found = registry.digest(f"{server.host}/{NAMES[0]}:1")
        assert found == Unreachable("the registry answers HTTP 503")
        assert sum(server.seen.values()) == ATTEMPTS
        assert sleeps == sorted(sleeps)
        assert len(sleeps) == ATTEMPTS - 1


def test_a_limit_is_waited_for_although_it_is_called_denied() -> None:
    sleeps: list[float] = []
    with serving(Behaviour(limits=4)) as server, client(sleeps=sleeps) as registry:
        assert registry.digest(f"{server.host}/{NAMES[0]}:1") == EXPECTED[NAMES[0]]
        assert registry.manifest(f"{server.host}/{NAMES[20]}:1") == Absent()
    assert sleeps == [1.0, 2.0, 4.0], "HEAD has no text: GET is asked at once, and then again"


def test_a_limit_that_does_not_end_is_no_denial() -> None:
    sleeps: list[float] = []
    with serving(Behaviour(limits=10**9)) as server, client(sleeps=sleeps) as registry:
        reason = "it limits the number of requests: You have exceeded a secondary rate limit."
        assert registry.digest(f"{server.host}/{NAMES[0]}:1") == Unreachable(reason, PATIENCE)
        assert sum(sleeps) <= ATTEMPTS * LONGEST_PAUSE
        waited = len(sleeps)
        assert isinstance(registry.digest(f"{server.host}/{NAMES[1]}:1"), Unreachable)
        assert len(sleeps) == waited, "the next one is asked, and not waited for"


def test_a_host_that_is_waited_for_is_named_once() -> None:
    lines: list[str] = []
    patience = Patience(lambda _: None, lines.append)
    send = patient(lambda _: Response(503, {}), patience)
    for number in range(3):
        assert send(HttpRequest("GET", f"https://ghcr.io/{number}")).status == 503
    assert lines == ["ghcr.io does not answer for the moment; trying again"]


def test_a_token_server_that_limits_does_not_deny() -> None:
    with serving(Behaviour(login="bearer", limited_tokens=True)) as server, client(USER) as registry:
        found = registry.digest(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(found, Unreachable)
        assert found.remedy == PATIENCE


def test_a_manifest_answers_for_its_digest() -> None:
    with serving(Behaviour()) as server, client() as registry:
        reference = f"{server.host}/{NAMES[0]}:1"
        registry.manifest(reference)
        assert registry.digest(reference) == EXPECTED[NAMES[0]]
        assert sum(server.seen.values()) == 1


@pytest.mark.parametrize(
    ("status", "repeatable", "tries"),
    [(502, True, ATTEMPTS), (502, False, 1), (503, False, ATTEMPTS), (429, False, ATTEMPTS), (404, True, 1)],
)
def test_what_may_have_been_done_is_not_asked_for_twice(status: int, repeatable: bool, tries: int) -> None:
    asked: list[HttpRequest] = []

    def transport(request: HttpRequest) -> Response:
        asked.append(request)
        return Response(status, {})

    patient(transport, Patience(lambda _: None))(
        HttpRequest("POST", "https://example.org", repeatable=repeatable)
    )
    assert len(asked) == tries


def test_a_connection_that_breaks_may_have_done_it() -> None:
    asked: list[HttpRequest] = []

    def transport(request: HttpRequest) -> Response:
        asked.append(request)
        raise ConnectionFailed("the connection was cut")

    for repeatable in (False, True):
        with pytest.raises(ConnectionFailed):
            patient(transport, Patience(lambda _: None))(
                HttpRequest("POST", "https://a.example", repeatable=repeatable)
            )
    assert len(asked) == 1 + FEW


def test_retry_after_is_followed_up_to_a_minute() -> None:
    sleeps: list[float] = []
    with serving(Behaviour(failures=(429,), retry_after="3600")) as server, client(sleeps=sleeps) as registry:
        server.count = 2
        assert registry.digest(f"{server.host}/{NAMES[0]}:1") == EXPECTED[NAMES[0]]
    assert sleeps == [LONGEST_PAUSE]


def test_a_host_that_is_down_is_waited_for_once() -> None:
    with serving(Behaviour()) as server:
        host = server.host
    sleeps: list[float] = []
    with client(sleeps=sleeps) as registry:
        first = registry.digest(f"{host}/a/b:1")
        waited = len(sleeps)
        assert isinstance(first, Unreachable)
        assert "refused" in first.reason
        assert registry.digest(f"{host}/c/d:1") == first
        assert len(sleeps) == waited


def test_a_host_that_drops_packets_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CONNECT_SECONDS", 0.2)
    pauses: list[float] = []
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):  # nobody accepts them, and Linux answers no more than fit
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        host = f"127.0.0.1:{full.getsockname()[1]}"
        client = Registry(RegistryServices(patient(network().send, Patience(pauses.append)), lambda _: None))
        answers = [client.digest(f"{host}/a:1"), client.digest(f"{host}/b:1")]
    assert answers == [Unreachable(f"{host}: it cannot be reached: no answer in time")] * 2
    assert pauses == []


def test_the_platforms_of_an_index() -> None:
    with serving(Behaviour()) as server, client() as registry:
        found = registry.manifest(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(found, Manifest)
        assert found.digest == DIGESTS[NAMES[0]]
        assert list(found.platforms) == ["linux/amd64", "linux/arm64", "linux/arm/v7"]


IMAGE = {
    "os": "linux",
    "architecture": "arm64",
    "variant": "v8",
    "config": {
        "User": "1000:0",
        "Entrypoint": ["tini", "--"],
        "Cmd": ["start.sh"],
        "WorkingDir": "/home/jovyan",
        "Env": ["PATH=/opt/conda/bin:/bin", "EMPTY=", "OPTIONS=a=b"],
    },
}
CONFIGS = {
    "everything": (
        IMAGE,
        ImageConfig(
            "linux/arm64",
            "1000:0",
            ("tini", "--"),
            ("start.sh",),
            "/home/jovyan",
            {"PATH": "/opt/conda/bin:/bin", "EMPTY": "", "OPTIONS": "a=b"},
        ),
    ),
    "nothing": ({"os": "linux", "architecture": "amd64"}, ImageConfig("linux/amd64")),
    "steps": (
        {
            "os": "linux",
            "architecture": "amd64",
            "history": [{"created_by": "ADD a /"}, {"created_by": "USER 0", "empty_layer": True}, {}],
        },
        ImageConfig("linux/amd64", steps=("ADD a /", "")),
    ),
    "null": (
        {"os": "linux", "architecture": "amd64", "config": {"Entrypoint": None, "Env": None, "User": None}},
        ImageConfig("linux/amd64"),
    ),
    "no platform": ({}, ImageConfig("")),
}


def hold_image(server: Server, config: bytes) -> str:
    """Let the server have the manifest of one image; return its reference."""
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    server.behaviour.held[NAMES[20]] = json.dumps({"config": {"digest": digest}, "layers": []}).encode()
    server.behaviour.blobs[digest] = config
    return f"{server.host}/{NAMES[20]}:1"


@pytest.mark.parametrize(("content", "expected"), CONFIGS.values(), ids=CONFIGS)
def test_the_configuration_of_an_image(content: dict[str, Any], expected: ImageConfig) -> None:
    with serving(Behaviour(digest_header=False)) as server, client() as registry:
        reference = hold_image(server, json.dumps(content).encode())
        assert registry.configs([reference]) == {reference: expected}


@pytest.mark.parametrize(
    "content", [b"[]", b"{", b'{"os": "linux"}', b'{"config": {"Env": 1}}', b"[" * 100_000]
)
def test_a_configuration_that_is_none(content: bytes) -> None:
    with serving(Behaviour(digest_header=False)) as server, client() as registry:
        answer = registry.config(hold_image(server, content))
        assert isinstance(answer, Unreachable)
        assert answer.reason.endswith("the answer is not an image's configuration")


def test_a_configuration_that_is_not_its_digest() -> None:
    with serving(Behaviour(digest_header=False)) as server, client() as registry:
        reference = hold_image(server, json.dumps(IMAGE).encode())
        server.behaviour.blobs = dict.fromkeys(server.behaviour.blobs, b"{}")
        answer = registry.config(reference)
        assert isinstance(answer, Unreachable)
        assert "does not match its digest" in answer.reason


def test_an_index_has_no_configuration() -> None:
    with serving(Behaviour()) as server, client() as registry:
        answer = registry.config(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(answer, Unreachable)
        assert answer.reason.endswith("is not the manifest of one image")


def test_content_that_is_not_its_digest_is_refused() -> None:
    with serving(Behaviour()) as server, client() as registry:
        server.behaviour.held[NAMES[0]] = b'{"manifests": []}'
        found = registry.manifest(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(found, Unreachable)
        assert "does not match" in found.reason


def test_an_answer_that_is_no_manifest() -> None:
    with serving(Behaviour(digest_header=False)) as server, client() as registry:
        server.behaviour.held[NAMES[0]] = b"<html>"
        found = registry.digest(f"{server.host}/{NAMES[0]}:1")
        assert isinstance(found, Unreachable)
        assert "not a manifest" in found.reason


def test_mirrors_take_the_place_of_registries() -> None:
    with serving(Behaviour()) as server:
        mirrors = {"docker.io": "mirror.invalid/hub", "docker.io/team": f"{server.host}/team"}
        with client(mirrors=mirrors) as registry:
            assert registry.digest(f"{NAMES[0]}:1") == EXPECTED[NAMES[0]]
            assert isinstance(registry.digest("debian:trixie"), Unreachable)


def test_netrc_does_not_take_the_place_of_our_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password wrong\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(Behaviour(login="basic")) as server, client(USER) as registry:
        assert registry.digest(f"{server.host}/{NAMES[0]}:1") == EXPECTED[NAMES[0]]


def test_the_login_is_dockers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    matrix = loaded(any_matrix({"base": {"from": "debian"}})).matrix
    with serving(Behaviour(login="basic")) as server:
        reference = f"{server.host}/{NAMES[0]}:1"
        auth = USER.basic.removeprefix("Basic ")
        (tmp_path / "config.json").write_text(json.dumps({"auths": {server.host: {"auth": auth}}}))
        assert open_registry(matrix).digest(reference) == EXPECTED[NAMES[0]]
        (tmp_path / "config.json").write_text("{")
        answer = open_registry(matrix).digest(reference)
        assert isinstance(answer, Unreachable)
        assert answer.reason.startswith(
            f"the login for {server.host}: {tmp_path}/config.json:1:2: not valid JSON"
        )
        assert "remove the file and log in again" in words(answer)


def test_dockers_configuration_is_not_read_where_nobody_asks_for_a_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text("{")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with serving(Behaviour()) as server:
        registry = open_registry(loaded(any_matrix({"base": {"from": "debian"}})).matrix)
        assert registry.digest(f"{server.host}/{NAMES[0]}:1") == EXPECTED[NAMES[0]]


def test_credentials_are_not_printed() -> None:
    assert "s3cret" not in repr(USER)
    assert base64.b64decode(USER.basic.removeprefix("Basic ")).decode() == "robot:s3cret:with colon"


@pytest.mark.e2e
def test_the_real_registry() -> None:
    host = os.environ.get("IMAGE_MATRIX_TEST_REGISTRY")
    if not host:
        pytest.skip("IMAGE_MATRIX_TEST_REGISTRY is not set")
    said = {"test": str(time.time_ns())}
    body = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": INDEX_TYPES[0],
            "manifests": [],
            "annotations": said,
        }
    ).encode()
    import requests

    name = f"{host}/test/registry-client"
    with requests.put(
        f"http://{host}/v2/test/registry-client/manifests/1",
        data=body,
        headers={"Content-Type": INDEX_TYPES[0]},
        timeout=10,
    ) as put:
        assert put.status_code == 201, put.text
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    with client() as registry:
        assert registry.digest(f"{name}:1") == Digest(digest)
        assert registry.digest(f"{name}@{digest}") == Digest(digest)
        assert registry.manifest(f"{name}:1") == Manifest(digest, INDEX_TYPES[0], {}, said)
        assert registry.digest(f"{name}:never") == Absent()
        assert registry.digest(f"{host}/test/never:1") == Absent()


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"layers": [{"digest": "sha256:1", "size": Infinity}]}', b'{"layers": 1}']
)
def test_a_manifest_of_another_form_is_an_answer(body: bytes) -> None:
    registry = Registry(RegistryServices(lambda _request: Response(200, {}, body), lambda _host: None))
    answer = registry.manifest("registry.example.org/a:b")
    assert isinstance(answer, Unreachable)
    assert answer.reason == "registry.example.org: the answer is not a manifest"
