"""The engine's own BuildKit behind an address, as a remote one, for clients without Docker."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

BRIDGE = ("docker", "buildx", "--builder", "default", "dial-stdio")
"""Speaks BuildKit's protocol on standard input and output."""


def to_buildkit(link: socket.socket, engine: dict[str, str]) -> None:
    with (
        link,
        subprocess.Popen(
            BRIDGE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=engine
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        back = threading.Thread(target=answer, args=(process.stdout, link), daemon=True)
        back.start()
        with suppress(OSError):
            while data := link.recv(1 << 16):
                process.stdin.write(data)
        process.stdin.close()
        back.join()


def answer(source: IO[bytes], link: socket.socket) -> None:
    with suppress(OSError):
        while data := source.read(1 << 16):
            link.sendall(data)


@contextmanager
def buildkit(context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Offer the engine's BuildKit at an address of this machine."""
    engine = dict(os.environ)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    link, _ = server.accept()
                except OSError:
                    return
                with suppress(OSError):
                    secured = context.wrap_socket(link, server_side=True) if context else link
                    threading.Thread(target=to_buildkit, args=(secured, engine), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
