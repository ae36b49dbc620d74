"""The registry of tests at an address that pods reach: it listens where only this machine does."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.e2e.bridge import pass_on

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def relayed(target: str, address: str) -> Iterator[str]:
    """Pass on what is sent to an address, for the time of a ``with``; yield it with its port."""
    host, _, port = target.partition(":")
    with socket.create_server((address, 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    link, _ = server.accept()
                    threading.Thread(target=connect, args=(link, (host, int(port))), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"{address}:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def connect(link: socket.socket, target: tuple[str, int]) -> None:
    """Join a connection with one to the target, until both sides have ended."""
    with link, socket.create_connection(target) as other:
        back = threading.Thread(target=pass_on, args=(other, link), daemon=True)
        back.start()
        pass_on(link, other)
        back.join()
