"""Asks a container through its published ports, from this machine."""

from __future__ import annotations

import socket
import time
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from image_matrix.verify.probe_client import judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from image_matrix.verify.model import Result

PAUSE = 0.2
PATIENCE = 5.0
"""Seconds that an answer may take."""
OPEN = 1.0
"""Seconds for which a connection stays open if a server has it; a port without one is closed at once."""


def answering(addresses: Iterable[str], runs: Callable[[], bool], deadline: float) -> str | None:
    """Return the first address that answers within ``deadline`` seconds while the container runs."""
    listed = list(addresses)
    end = time.monotonic() + deadline
    while True:
        answer = next((address for address in listed if _answers(address)), None)
        if answer or time.monotonic() > end or not runs():
            return answer
        time.sleep(PAUSE)


def _answers(address: str) -> bool:
    """Say whether a server answers in HTTP, with any status, or keeps a connection open.

    The engine's proxy accepts connections to a published port before a server listens, and closes them at once.
    """
    connection = HTTPConnection(address, timeout=PATIENCE)
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        connection.getresponse()
    except HTTPException:
        return _stays_open(address)
    except OSError:
        return False
    finally:
        connection.close()
    return True


def _stays_open(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as link:
            link.settimeout(OPEN)
            return bool(link.recv(1))
    except TimeoutError:
        return True
    except OSError:
        return False


def page_result(path: str, expected: str, address: str | None) -> Result:
    """Request a path at an address: 200, and a text in the answer."""
    name = f"http {path}"
    if address is None:
        return judged(name, "no port answers")
    began = time.monotonic()
    try:
        with build_opener(ProxyHandler({})).open(f"http://{address}/{path}", timeout=PATIENCE) as answer:
            status, body = answer.status, answer.read().decode(errors="replace")
    except HTTPError as error:
        status, body = error.code, ""
    except (URLError, OSError, HTTPException) as error:
        return judged(name, f"no answer on /{path} ({error})", time.monotonic() - began)
    took = time.monotonic() - began
    if status != 200:
        return judged(name, f"/{path} answers {status}", took)
    return judged(name, "" if expected in body else f"`{expected}` is not in the answer: {body[:80]}", took)
