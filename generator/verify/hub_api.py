"""A hub's API, as far as a single-user server calls it. Run in a container as ``python - PORT USER TOKEN``.

It answers what JupyterHub's REST API does (jupyterhub.readthedocs.io/en/stable/reference/rest-api.html): the version
without a token; with the server's token whose it is; and it takes the activity. ``/seen`` tells what was asked.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seen: list[str] = []


def model(user: str) -> dict[str, object]:
    """Return the user that a token belongs to, as ``GET /user`` does."""
    scopes = [f"access:servers!server={user}/", f"read:users:name!user={user}", f"users:activity!user={user}"]
    return {"kind": "user", "name": user, "admin": False, "groups": [], "scopes": scopes, "session_id": None}


def handler(user: str, token: str, version: str) -> type[BaseHTTPRequestHandler]:
    """Return a handler for one user with one token."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0].rstrip("/")
            seen.append(f"GET {path}")
            if path == "/seen":
                self.answer(200, seen)
            elif path == "/hub/api":
                self.answer(200, {"version": version})
            elif path == "/hub/api/user" and self.headers.get("Authorization") in allowed:
                self.answer(200, model(user))
            else:
                self.answer(403, {"status": 403, "message": "Missing or invalid credentials."})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            known = self.headers.get("Authorization") in allowed
            seen.append(f"POST {self.path}" if known else f"POST without token {self.path}")
            self.answer(200 if known else 403, {})

        def answer(self, status: int, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-JupyterHub-Version", version)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
            """Silent: ``/seen`` has it."""

    allowed = (f"token {token}", f"Bearer {token}")
    return Handler


def own_version() -> str:
    """Return the version of JupyterHub in this image, which is the hub's, too."""
    from importlib import metadata

    try:
        return metadata.version("jupyterhub")
    except metadata.PackageNotFoundError:
        return "0"


def main() -> None:
    """Serve until the container ends."""
    port, user, token = sys.argv[1:]
    with ThreadingHTTPServer(("127.0.0.1", int(port)), handler(user, token, own_version())) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
