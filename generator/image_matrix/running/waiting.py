"""Waits until a container answers on one of its published ports."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, TypeVar

from image_matrix.running.address import announced_page, login_page
from image_matrix.verify.engine import LOOPBACK
from image_matrix.verify.outside import PATIENCE, PAUSE, answering

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.running.address import Announced, PageAddress
    from image_matrix.verify.engine import Container

Printed = TypeVar("Printed")
DEADLINE = 60.0
"""Seconds after which an address is printed, even if nothing has answered there."""
PRINTED = 1.0
"""Seconds for which a login is looked for in the log after the first answer."""
ANNOUNCED = 30.0
"""Seconds for which it is looked for where it is sure to come: nginx answers long before what stands behind it."""
LINES = 200
"""Lines of the log in which it is looked for."""
SERVER_ERROR = 500
"""The lowest status of an error of the server (RFC 9110, 15.6): a proxy answers 502 until the server behind it does."""


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """The port that answered first, of the container and of the engine's machine, and whether it speaks HTTP."""

    inside: int
    outside: int
    http: bool


def published_ports(container: Container, ports: tuple[int, ...]) -> dict[int, int]:
    """Return the ports of the container, in their order, with those of the engine's machine."""
    return {inside: outside for inside in ports if (outside := container.port(inside)) is not None}


def first_answer(
    ports: Mapping[int, int], runs: Callable[[], bool], deadline: float = DEADLINE
) -> FirstAnswer | None:
    """Return what answers first within ``deadline`` seconds while the container runs."""
    by_address = {f"{LOOPBACK}:{outside}": inside for inside, outside in ports.items()}
    address = answering(by_address, runs, deadline)
    if address is None:
        return None
    inside = by_address[address]
    return FirstAnswer(inside, ports[inside], status(ports[inside], "/") is not None)


def page_answers(port: int, path: str, runs: Callable[[], bool], deadline: float = DEADLINE) -> bool:
    """Wait until a page is no error of the server; say whether it is none within ``deadline`` seconds."""
    last = time.monotonic() + deadline
    while (status(port, path) or SERVER_ERROR) >= SERVER_ERROR:
        if time.monotonic() > last or not runs():
            return False
        time.sleep(PAUSE)
    return True


def status(port: int, path: str) -> int | None:
    """Return the status of a page on this machine; ``None`` if no HTTP server answers."""
    connection = HTTPConnection(LOOPBACK, port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse().status
    except (OSError, HTTPException, ValueError):
        return None  # ValueError: the path has what no request can have; the container says so itself
    finally:
        connection.close()


def printed_login(container: Container, inside: int) -> PageAddress | None:
    """Return the page with its token that a server on a port of the container prints; ``None`` if it prints none."""
    return _in_log(container, lambda log: login_page(log, inside), PRINTED)


def announced_login(container: Container, seconds: float) -> Announced | None:
    """Return the page that an image of a built-in kind announces within some seconds; ``None`` if it does not."""
    return _in_log(container, announced_page, seconds)


def _in_log(container: Container, find: Callable[[str], Printed | None], seconds: float) -> Printed | None:
    """Look into the log of a container until something is printed, the time is over or the container has ended."""
    last = time.monotonic() + seconds
    while True:
        printed = find(container.log(LINES))
        if printed or time.monotonic() > last or not container.runs():
            return printed
        time.sleep(PAUSE)
