"""GitHub's API of packages, as docs.github.com/rest/packages/packages describes it, over what a test registry has."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.running_server import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.registry.writable import Writable

UPDATED = "2020-02-20T20:02:20Z"


@dataclass
class Behaviour:
    """What GitHub does besides listing and deleting."""

    owner: str = "Organization"
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Status and message by method."""
    popular: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Status and message of the deletion, by digest."""
    pulls: list[dict[str, Any]] = field(default_factory=list)


class Packages(ThreadingHTTPServer):
    """The API, and what was asked of it."""

    daemon_threads = True

    def __init__(self, registry: Writable, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.registry, self.behaviour = registry, behaviour
        self.requests: list[str] = []
        self.ids: dict[str, int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def versions(self, name: str) -> list[dict[str, Any]]:
        """Every manifest is a version, with or without tags."""
        found = []
        for key in [key for key in self.registry.manifests if key.startswith(f"{name}@")]:
            digest = key.partition("@")[2]
            tags = [
                tag.partition(":")[2]
                for tag, one in self.registry.tags.items()
                if one == digest and tag.startswith(f"{name}:")
            ]
            identity = self.ids.setdefault(key, 1000 + len(self.ids))
            container = {"package_type": "container", "container": {"tags": tags}}
            found.append({"id": identity, "name": digest, "updated_at": UPDATED, "metadata": container})
        return found


class Handler(BaseHTTPRequestHandler):
    server: Packages

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class has it
        pass

    def do_GET(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    def answer(self) -> None:
        assert self.headers["Authorization"] == "Bearer t0ken"
        self.server.requests.append(f"{self.command} {self.path}")
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/users/team":
            return self.reply(200, {"type": self.server.behaviour.owner})
        if self.command in self.server.behaviour.refused:
            status, message = self.server.behaviour.refused[self.command]
            return self.reply(status, {"message": message})
        if url.path.endswith("/pulls"):
            return self.reply(200, self.server.behaviour.pulls if query["page"] == "1" else [])
        kind = "orgs" if self.server.behaviour.owner == "Organization" else "users"
        path = re.fullmatch(rf"/{kind}/team/packages/container/([^/]+)/versions(?:/(\d+))?", url.path)
        if not path:
            return self.reply(404, {"message": "Not Found"})
        name = f"team/{unquote(path[1])}"
        if not path[2]:
            return self.listing(name, query)
        return (self.delete if self.command == "DELETE" else self.one)(name, int(path[2]))

    def one(self, name: str, identity: int) -> None:
        found = [one for one in self.server.versions(name) if one["id"] == identity]
        return self.reply(200, found[0]) if found else self.reply(404, {"message": "Package not found."})

    def listing(self, name: str, query: dict[str, str]) -> None:
        versions = self.server.versions(name)
        size, page = int(query["per_page"]), int(query["page"])
        assert size <= 100
        if not versions:
            return self.reply(404, {"message": "Package not found."})
        return self.reply(200, versions[(page - 1) * size : page * size])

    def delete(self, name: str, identity: int) -> None:
        key = next((key for key, one in self.server.ids.items() if one == identity), "")
        if key not in self.server.registry.manifests:
            return self.reply(404, {"message": "Package not found."})
        tagged = [one for one in self.server.versions(name) if one["metadata"]["container"]["tags"]]
        if [one["id"] for one in tagged] == [identity]:
            message = (
                "You cannot delete the last tagged version of a package. You must delete the package instead."
            )
            return self.reply(400, {"message": message})
        digest = key.partition("@")[2]
        if digest in self.server.behaviour.popular:
            status, message = self.server.behaviour.popular[digest]
            return self.reply(status, {"message": message})
        del self.server.registry.manifests[key]
        for tag in [tag for tag, one in self.server.registry.tags.items() if one == digest]:
            del self.server.registry.tags[tag]
        return self.reply(204, None)

    def reply(self, status: int, content: object) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def packages_of(registry: Writable, behaviour: Behaviour | None = None) -> Iterator[Packages]:
    """Run the API over a registry, which itself deletes nothing, as ghcr.io."""
    registry.behaviour.deletes = False
    with running(Packages(registry, behaviour or Behaviour())) as server:
        yield server
