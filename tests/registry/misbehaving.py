"""A registry that misbehaves in every way that registries do, and a client that takes no pauses."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from image_matrix.registry.answers import Absent, Digest
from image_matrix.registry.client import Registry
from image_matrix.registry.credentials import Credentials
from image_matrix.registry.http import network
from image_matrix.registry.manifests import INDEX_TYPES
from image_matrix.registry.patience import Patience, patient
from image_matrix.registry.services import RegistryServices
from image_matrix.retry import FEW
from tests.running_server import running

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    token_end: str = ""
    """What follows each token."""
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
        return self.reply(200, json.dumps({"token": f"{text}{self.server.behaviour.token_end}"}).encode())

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


EXPECTED = {name: Digest(DIGESTS[name]) if name in HELD else Absent() for name in NAMES}
