"""Logs in at a hub as a browser does. Run in a container as ``python3 -I - REQUEST``; uses the standard library only.

The hub and the user's server listen on two ports of one host. Requests below ``/hub/`` go to the hub, others to the
server, as behind the hub's proxy. Cookies are stored, and sent by the rules for their paths.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "notebooks.example.org"
HUB = "/hub/"
PAUSE = 0.1
BODY = 2000


class ByPath(urllib.request.HTTPHandler):
    """Connects to the port that serves a path, and records every path."""

    def __init__(self, ports: dict[str, int]) -> None:
        super().__init__()
        self.ports = ports
        self.hops: list[str] = []

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        """Send the request to the port of its path."""
        path = request.selector
        self.hops.append(path.partition("?")[0])
        port = self.ports["hub" if path.startswith(HUB) else "server"]

        def connection(_: str, /, **options: Any) -> http.client.HTTPConnection:  # noqa: ANN401 - passed on
            return http.client.HTTPConnection("127.0.0.1", **{**options, "port": port})

        return self.do_open(connection, request)


def login(user: str, to: str, ports: dict[str, int], deadline: float) -> dict[str, Any]:
    """Log in at the hub's form and follow to a path; retry until the hub answers, at most ``deadline`` seconds."""
    started = time.monotonic()
    while True:
        answer = _login(user, to, ports, deadline)
        answer["seconds"] = round(time.monotonic() - started, 3)
        if answer["status"] or time.monotonic() - started > deadline:
            return answer
        time.sleep(PAUSE)


def _login(user: str, to: str, ports: dict[str, int], seconds: float) -> dict[str, Any]:
    cookies, handler = CookieJar(), ByPath(ports)
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies), handler)
    form = f"http://{HOST}{HUB}login?{urlencode({'next': to})}"
    try:
        browser.open(form, timeout=seconds).close()
        token = next((cookie.value for cookie in cookies if cookie.name == "_xsrf"), "")
        filled = urlencode({"username": user, "password": "any", "_xsrf": token}).encode()
        with browser.open(form, filled, timeout=seconds) as answer:
            status, body = answer.status, answer.read(BODY)
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read(BODY)
    except (OSError, http.client.HTTPException) as error:
        return {
            "status": 0,
            "error": f"{type(error).__name__}: {error}",
            "hops": handler.hops,
            "cookies": {},
            "body": "",
        }
    kept = {cookie.name: cookie.path for cookie in cookies if not cookie.path.startswith(HUB)}
    return {
        "status": status,
        "error": "",
        "hops": handler.hops,
        "cookies": kept,
        "body": body.decode(errors="replace"),
    }


def environment(user: str, token: str, port: int, deadline: float) -> dict[str, str]:
    """Return JupyterHub's variables in the environment of a user's server; empty if the hub does not return them."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{HUB}api/users/{user}", headers={"Authorization": f"token {token}"}
    )
    end = time.monotonic() + deadline
    while True:
        with contextlib.suppress(OSError, ValueError, RecursionError, KeyError, TypeError):
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - the hub's
                variables = json.load(answer)["servers"][""]["state"]["environment"]
            return {name: value for name, value in variables.items() if name.startswith("JUPYTERHUB_")}
        if time.monotonic() > end:
            return {}
        time.sleep(PAUSE)


OPERATIONS: dict[str, Callable[..., dict[str, Any]]] = {"environment": environment, "login": login}


def main() -> None:
    """Answer the requests, each ``[operation, {arguments}]``."""
    print(json.dumps([OPERATIONS[name](**arguments) for name, arguments in json.loads(sys.argv[1])]))


if __name__ == "__main__":
    main()
