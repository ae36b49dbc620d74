"""A forward proxy that notes the hosts it is asked for, and that may refuse some: for builds in closed networks.

It speaks HTTP/1.1: CONNECT for TLS, and whole addresses for plain HTTP (RFC 9110, 9.3.6 and RFC 9112, 3.2.2).
"""

from __future__ import annotations

import asyncio
import base64
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Callable, Iterator, Mapping

CHUNK = 1 << 16
OF_THE_PROXY = (b"proxy-connection:", b"proxy-authorization:", b"connection:")
"""Fields of a request that are for the proxy, and not for the server behind it."""


@dataclass(frozen=True, slots=True)
class RecordingProxy:
    """What a proxy is, and what it was asked for."""

    address: str
    """``http://HOST:PORT``."""
    asked: list[str] = field(default_factory=list)
    """``HOST:PORT`` of every request that was let through, in order."""
    refused: list[str] = field(default_factory=list)
    """``HOST:PORT`` of every request that was not."""

    @property
    def hosts(self) -> set[str]:
        """Every host that was asked for, let through or not, without its port."""
        return {place.rpartition(":")[0] for place in (*self.asked, *self.refused)}


@dataclass(frozen=True, slots=True)
class _Rules:
    allows: Callable[[str], bool]
    login: str | None
    """``USER:PASSWORD`` that it asks for."""
    routes: Mapping[str, str]


@contextmanager
def recording_proxy(
    address: str = "127.0.0.1",
    allows: Callable[[str], bool] = lambda _: True,
    login: str | None = None,
    routes: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[RecordingProxy]:
    """Run a proxy on an address of this machine.

    ``allows`` is asked with ``HOST:PORT``; what it does not allow gets 403. With a ``login`` (``USER:PASSWORD``),
    requests without it get 407, and are not noted. ``routes`` has what answers for a ``HOST:PORT``: names that only
    the proxy knows are a network that only the proxy reaches.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    proxy: RecordingProxy | None = None

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        assert proxy
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await _answer(proxy, _Rules(allows, login, routes), reader, writer)
            writer.close()  # after what is still to be sent
            with suppress(OSError):
                await writer.wait_closed()
        finally:
            writer.transport.abort()  # where the proxy ends before the connection

    async def start() -> asyncio.Server:
        return await asyncio.start_server(serve, address, 0)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    proxy = RecordingProxy(f"http://{address}:{server.sockets[0].getsockname()[1]}")
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    """Close the server and what it still serves."""
    server.close()
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await asyncio.sleep(0)  # the loop closes sockets one turn after it is told to


async def _answer(proxy: RecordingProxy, rules: _Rules, reader: StreamReader, writer: StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *fields = head[:-4].split(b"\r\n")
    method, target, _ = first.decode("latin-1").split(" ", 2)
    if rules.login and _basic(rules.login) not in [line.lower() for line in fields]:
        writer.write(
            _refusal("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="proxy"\r\n')
        )
        await writer.drain()
        return
    url = urlsplit(f"//{target}" if method == "CONNECT" else target)
    host, port = url.hostname or "", url.port or (443 if method == "CONNECT" else 80)
    place = f"{host}:{port}"
    if not rules.allows(place):
        proxy.refused.append(place)
        writer.write(_refusal("403 Forbidden"))
        await writer.drain()
        return
    proxy.asked.append(place)
    try:
        target, _, at = rules.routes.get(place, place).rpartition(":")
        behind_reader, behind = await asyncio.open_connection(target, int(at))
    except OSError:
        writer.write(_refusal("502 Bad Gateway"))
        await writer.drain()
        return
    if method == "CONNECT":
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:
        behind.write(_for_server(method, url.path or "/", url.query, fields))
    try:
        await asyncio.gather(_copy(reader, behind), _copy(behind_reader, writer))
    finally:
        behind.transport.abort()


def _basic(login: str) -> bytes:
    """Return the field with a login as it is compared: in lower case."""
    return b"proxy-authorization: basic " + base64.b64encode(login.encode()).lower()


def _refusal(status: str, fields: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{fields}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()


def _for_server(method: str, path: str, query: str, fields: list[bytes]) -> bytes:
    """Return the head for the server, whose connection ends with this one request."""
    target = f"{path}?{query}" if query else path
    kept = [line for line in fields if not line.lower().startswith(OF_THE_PROXY)]
    return b"\r\n".join(
        [f"{method} {target} HTTP/1.1".encode("latin-1"), *kept, b"Connection: close", b"", b""]
    )


async def _copy(source: StreamReader, target: StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(CHUNK):
            target.write(data)
            await target.drain()
    with suppress(OSError):
        target.write_eof()
