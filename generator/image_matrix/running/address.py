"""Says at which address a user reaches what a container serves."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from image_matrix.verify.engine import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from image_matrix.running.model import Launch

PREFIX = "NB_PREFIX"
PAGES = {"jupyter": "lab"}
"""IDE to the path of its page below the prefix, where that is not the prefix itself."""
LOOPBACK_HOSTS = ("", LOOPBACK, "localhost", "::1")
"""Hosts of an engine whose loopback interface is that of this machine."""
_LOGIN = re.compile(r"(https?)://[^\s/:]+:(\d+)(/[!-~]*\?token=([!-~]+))")
"""What Jupyter Server prints when it starts; it writes ``token=...`` for a token that was set."""
_ANNOUNCED = re.compile(r"image-matrix: (open |warning: )?(https?)://[^\s/:]+:\d+(/[!-~]*)")
"""What images of the built-in kinds print once they answer (``announce_login`` of templates/rootfs/base)."""


@dataclass(frozen=True, slots=True)
class PageAddress:
    """The scheme and the path of a page."""

    path: str
    scheme: str = "http"

    def at(self, port: int) -> str:
        """Return the address at a port of this machine."""
        return f"{self.scheme}://{LOOPBACK}:{port}{self.path}"


Access = Literal["token", "own", "none"]
"""Who can open a page: whoever has its address, which has the token; whoever has the user's own login; everybody."""


@dataclass(frozen=True, slots=True)
class Announced:
    """The page that an image of a built-in kind has announced."""

    page: PageAddress
    access: Access


def prefix_of(launch: Launch, caller: Mapping[str, str]) -> str:
    """Return the prefix that the container has, without slashes around it; empty for none."""
    prefix = launch.image.start.env.get(PREFIX, "")
    for setting in launch.env:
        if setting.name == PREFIX:
            prefix = caller.get(PREFIX, "") if setting.value is None else setting.value
    return prefix.strip("/")


def page_of(launch: Launch, caller: Mapping[str, str]) -> PageAddress:
    """Return the page of what is served, below the prefix that the container has."""
    inner = prefix_of(launch, caller) if launch.image.served else ""
    return PageAddress(f"/{inner}{'/' if inner else ''}{PAGES.get(launch.image.served or '', '')}")


def login_page(log: str, port: int) -> PageAddress | None:
    """Return the page with its token that a server on a port of the container has printed; ``None`` if it has not."""
    matches = [match for match in _LOGIN.finditer(log) if match[2] == str(port)]
    if not matches:
        return None
    scheme, _, path, token = matches[-1].groups()
    return PageAddress(path.partition("?")[0] if token.startswith("...") else path, scheme)


def announced_page(log: str) -> Announced | None:
    """Return the page that an image of a built-in kind has announced; ``None`` if it has not."""
    matches = _ANNOUNCED.findall(log)
    if not matches:
        return None
    word, scheme, path = matches[-1]
    access: Mapping[str, Access] = {"open ": "token", "warning: ": "none"}
    return Announced(PageAddress(path, scheme), access.get(word, "own"))


def ssh_target(endpoint: SplitResult) -> tuple[str, ...] | None:
    """Return the words of ``ssh`` that name the engine's machine; ``None`` if it is this machine.

    No word has a password that is in the endpoint.
    """
    host = endpoint.hostname or ""
    if endpoint.scheme in ("", "unix", "npipe") or (endpoint.scheme != "ssh" and host in LOOPBACK_HOSTS):
        return None
    if endpoint.scheme != "ssh":
        return (host,)
    port = ("-p", str(endpoint.port)) if endpoint.port else ()
    return (*port, f"{endpoint.username}@{host}" if endpoint.username else host)


def tunnel(target: tuple[str, ...], port: int) -> str:
    """Return the command that brings a port of the engine's loopback interface to this machine."""
    return shlex.join(("ssh", "-N", "-L", f"{port}:{LOOPBACK}:{port}", *target))
