"""The BuildKit of the tests behind an address, as a remote one, for clients without Docker.

It is the engine's own, or the one of the builder that BUILDX_BUILDER names.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    Connect = Callable[[socket.socket], None]

UPGRADE = b"POST /grpc HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
"""After it, the daemon speaks BuildKit's protocol; github.com/moby/moby, api/server/router/grpc."""
END = b"\r\n\r\n"


def to_engine(link: socket.socket, engine: str) -> None:
    with link, socket.socket(socket.AF_UNIX) as daemon:
        daemon.connect(engine)
        daemon.sendall(UPGRADE)
        head, _, start = upgraded(daemon).partition(END)
        assert b" 101 " in head, head
        link.sendall(start)
        threading.Thread(target=pass_on, args=(daemon, link), daemon=True).start()
        pass_on(link, daemon)


def to_builder(link: socket.socket, environment: Mapping[str, str]) -> None:
    ours, theirs = socket.socketpair()
    command = ["docker", "buildx", "dial-stdio", f"--builder={environment['BUILDX_BUILDER']}"]
    with link, ours, theirs:
        process = subprocess.Popen(
            command, stdin=theirs.fileno(), stdout=theirs.fileno(), env={**environment}
        )
        theirs.close()
        threading.Thread(target=pass_on, args=(ours, link), daemon=True).start()
        pass_on(link, ours)
        process.wait()


def upgraded(daemon: socket.socket) -> bytes:
    """Return the daemon's answer, and what it sent behind it."""
    text = b""
    while END not in text and (data := daemon.recv(1 << 12)):
        text += data
    return text


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def connection(environment: Mapping[str, str]) -> Connect:
    """Return what connects a client to the BuildKit of an environment."""
    if "BUILDX_BUILDER" in environment:
        return lambda link: to_builder(link, environment)
    engine = environment.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    return lambda link: to_engine(link, engine)


@contextmanager
def buildkit(context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Offer the BuildKit at an address of this machine."""
    connect = connection(dict(os.environ))
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    link, _ = server.accept()
                    # as programs in Go do: without it, each answer waits 40 ms for the one before
                    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                except OSError:
                    return
                with suppress(OSError):
                    secured = context.wrap_socket(link, server_side=True) if context else link
                    threading.Thread(target=connect, args=(secured,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
