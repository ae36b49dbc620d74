"""A registry that takes blobs, manifests and tags, over real HTTP; it can ask for a login and fail on request."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.running_server import running

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Behaviour:
    """What the registry does besides storing."""

    login: str | None = None
    """The header that its token server asks for; ``None``: everybody may write."""
    refused: dict[str, int] = field(default_factory=dict)
    """Status by method, or by method and path."""
    ends_upload_twice: bool = False
    """The first PUT of each blob is stored and answered with 503, as a proxy does; the upload is gone by then."""
    lists_referrers: bool = False
    """It has the API of referrers, and says so when a manifest with a subject arrives."""
    store: str | None = None
    """Another host, with its port, that uploads are sent to."""
    deletes: bool = True
    """It deletes manifests."""
    tags_first: bool = False
    """It deletes no manifest that has tags, as Google's."""
    page: int = 100_000
    """Tags of a page."""
    moved: str | None = None
    """Another host, with its port, that listings are redirected to once the login is right."""


class Writable(ThreadingHTTPServer):
    """The server and what it has: repositories' blobs and manifests, by digest, and tags."""

    daemon_threads = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviour = behaviour
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.tags: dict[str, str] = {}
        self.writes: list[str] = []
        """Method and path of each request that writes, in their order."""
        self.requests: list[str] = []
        """Method and path of every request, in their order."""
        self.scopes: list[str] = []
        self.uploads: set[str] = set()
        self.logins: list[str | None] = []
        """The Authorization headers that came with blobs."""
        self.authorizations: list[str | None] = []
        """The Authorization headers of listings."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def keep(self, name: str, *digests: str) -> None:
        """Have manifests of these digests, whatever they are."""
        content = b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}'
        self.manifests |= {f"{name}@{digest}": content for digest in digests}


class Handler(BaseHTTPRequestHandler):
    server: Writable
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class has it
        pass

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_PUT(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        if url.path == "/token":
            return self.token(parse_qs(url.query)["scope"][0])
        if url.path == "/v2/":  # other clients ask whether it speaks the protocol
            return self.reply(200)
        self.server.requests.append(f"{self.command} {url.path}")
        between = ("/blobs/", "/tags/", "/referrers/", "/manifests/")
        name, _, what = url.path.removeprefix("/v2/").rpartition(
            next(one for one in between if one in url.path)
        )
        if not self.may(name):
            right = "delete" if self.command == "DELETE" else "pull"
            challenge = f'Bearer realm="http://{self.server.host}/token",scope="repository:{name}:{right}"'
            return self.reply(401, headers={"WWW-Authenticate": challenge})
        refused = self.server.behaviour.refused
        request = f"{self.command} {url.path}"
        status = next((one for words, one in refused.items() if words in (self.command, request)), None)
        if status:
            return self.reply(status, b'{"errors": [{"code": "DENIED", "message": "not for you"}]}')
        if "/tags/list" in url.path or "/referrers/" in url.path:
            self.server.authorizations.append(self.headers.get("Authorization"))
            if self.server.behaviour.moved:
                return self.reply(
                    307, headers={"Location": f"http://{self.server.behaviour.moved}{self.path}"}
                )
            return self.listing(url.path, parse_qs(url.query))
        if self.command in ("POST", "PUT", "DELETE"):
            self.server.writes.append(f"{self.command} {url.path}")
        return (
            self.blob(name, what, url.query, body)
            if "/blobs/" in url.path
            else self.manifest(name, what, body)
        )

    def may(self, name: str) -> bool:
        """Tokens for pulling alone do for reading."""
        if self.server.behaviour.login is None or self.server.behaviour.store == self.headers["Host"]:
            return True
        given = self.headers.get("Authorization", "")
        reads = self.command in ("HEAD", "GET")
        if self.command == "DELETE" and "/manifests/" in self.path:
            return given == f"Bearer {name}:delete"
        return given == f"Bearer {name}:pull,push" or (reads and given == f"Bearer {name}:pull")

    def token(self, scope: str) -> None:
        if self.headers.get("Authorization") != self.server.behaviour.login:
            return self.reply(401)
        self.server.scopes.append(scope)
        return self.reply(200, json.dumps({"token": scope.removeprefix("repository:")}).encode())

    def blob(self, name: str, what: str, query: str, body: bytes) -> None:
        if self.command == "POST":
            self.server.uploads.add(upload := f"{len(self.server.writes)}")
            store = self.server.behaviour.store
            start = f"http://{store}" if store else ""
            return self.reply(
                202, headers={"Location": f"{start}/v2/{name}/blobs/uploads/{upload}?state=a%20b"}
            )
        if self.command == "DELETE":
            self.server.uploads.discard(what.rpartition("/")[2])
            return self.reply(204)
        if self.command == "PUT":
            self.server.logins.append(self.headers.get("Authorization"))
            values, upload = parse_qs(query), what.rpartition("/")[2]
            if upload not in self.server.uploads and self.server.behaviour.store is None:
                return self.reply(404, b'{"errors": [{"code": "BLOB_UPLOAD_UNKNOWN"}]}')
            assert values["state"] == ["a b"]
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            assert values["digest"] == [digest]
            self.server.uploads.discard(upload)
            self.server.blobs[f"{name}@{digest}"] = body
            return self.reply(503 if self.server.behaviour.ends_upload_twice else 201)
        content = self.server.blobs.get(f"{name}@{what}")
        return self.reply(404) if content is None else self.reply(200, content)

    def manifest(self, name: str, what: str, body: bytes) -> None:
        if self.command == "PUT":
            return self.take(name, what, body)
        if self.command == "DELETE":
            return self.remove(name, what)
        digest = what if what.startswith("sha256:") else self.server.tags.get(f"{name}:{what}", "")
        content = self.server.manifests.get(f"{name}@{digest}")
        if content is None:
            return self.reply(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
        kind = json.loads(content)["mediaType"]
        return self.reply(200, content, {"Content-Type": kind, "Docker-Content-Digest": digest})

    def listing(self, path: str, query: dict[str, list[str]]) -> None:
        """List tags, or what is attached; distribution's spec, "Content Discovery"."""
        name, _, digest = path.removeprefix("/v2/").partition("/referrers/")
        if digest:
            if not self.server.behaviour.lists_referrers:
                return self.reply(404)
            return self.referrers(name, digest, int(query.get("after", ["0"])[0]))
        name = name.removesuffix("/tags/list")
        tags = sorted(key.partition(":")[2] for key in self.server.tags if key.startswith(f"{name}:"))
        if not any(key.startswith(f"{name}@") for key in self.server.manifests):
            return self.reply(404, b'{"errors": [{"code": "NAME_UNKNOWN"}]}')
        rest = [tag for tag in tags if tag > query.get("last", [""])[0]]
        page = rest[: self.server.behaviour.page]
        more = len(rest) > len(page)
        link = {"Link": f'</v2/{name}/tags/list?last={page[-1]}&n={len(page)}>; rel="next"'} if more else {}
        return self.reply(200, json.dumps({"name": name, "tags": page}).encode(), link)

    def referrers(self, name: str, digest: str, start: int) -> None:
        """List what is attached with what it says; distribution's spec, "Listing Referrers"."""
        found = []
        for key, text in self.server.manifests.items():
            content = json.loads(text)
            if key.startswith(f"{name}@") and content.get("subject", {}).get("digest") == digest:
                said = {
                    field: content[field] for field in ("artifactType", "annotations") if field in content
                }
                found.append({"digest": key.partition("@")[2], **said})
        end = start + self.server.behaviour.page
        following = {"Link": f'</v2/{name}/referrers/{digest}?after={end}>; rel="next"'}
        self.reply(
            200, json.dumps({"manifests": found[start:end]}).encode(), following if found[end:] else None
        )

    def remove(self, name: str, what: str) -> None:
        """Delete a manifest with its tags, or a tag; distribution's spec, "Deleting Manifests"."""
        if not self.server.behaviour.deletes:
            return self.reply(405, b'{"errors": [{"code": "UNSUPPORTED"}]}')
        if not what.startswith("sha256:"):
            return self.reply(202 if self.server.tags.pop(f"{name}:{what}", None) else 404)
        tags = [key for key, one in self.server.tags.items() if one == what and key.startswith(f"{name}:")]
        if tags and self.server.behaviour.tags_first:
            return self.reply(400, b'{"errors": [{"code": "GOOGLE_MANIFEST_DANGLING_TAG"}]}')
        for tag in tags:
            del self.server.tags[tag]
        return self.reply(202 if self.server.manifests.pop(f"{name}@{what}", None) else 404)

    def take(self, name: str, what: str, body: bytes) -> None:
        """Store a manifest, whose blobs have to be there; distribution's spec, "Pushing Manifests"."""
        content, digest = json.loads(body), f"sha256:{hashlib.sha256(body).hexdigest()}"
        parts = [content["config"], *content["layers"]] if "config" in content else []
        lacks = [
            one for one in parts if len(self.server.blobs.get(f"{name}@{one['digest']}", b"")) != one["size"]
        ]
        lacks += [
            one
            for one in content.get("manifests", ())
            if f"{name}@{one['digest']}" not in self.server.manifests
        ]
        if lacks or content["mediaType"] != self.headers["Content-Type"]:
            return self.reply(400, b'{"errors": [{"code": "MANIFEST_BLOB_UNKNOWN"}]}')
        self.server.manifests[f"{name}@{digest}"] = body
        if not what.startswith("sha256:"):
            self.server.tags[f"{name}:{what}"] = digest
        headers = {"Docker-Content-Digest": digest}
        if "subject" in content and self.server.behaviour.lists_referrers:
            headers["OCI-Subject"] = content["subject"]["digest"]
        return self.reply(201, headers=headers)

    def reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serving(behaviour: Behaviour | None = None) -> Iterator[Writable]:
    """Run a registry."""
    with running(Writable(behaviour or Behaviour())) as server:
        yield server
