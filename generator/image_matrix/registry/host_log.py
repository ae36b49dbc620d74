"""Notes which hosts send requests on to others: registries to storage and token servers, downloads to networks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_REALM = re.compile(r'\brealm="(https?://[^"]+)"')
"""The token server in a registry's answer; docs.docker.com/registry/spec/auth/token."""


@dataclass(frozen=True, slots=True)
class HostLog:
    """The hosts that answered, and the hosts that they sent to, each as ``https://HOST`` or ``http://HOST:PORT``."""

    hosts: dict[str, set[str]] = field(default_factory=dict)

    def note(self, asked: str, answered: Iterable[str], authenticate: str = "") -> None:
        """Note the addresses that answered a request, and the token server that the last one names."""
        others = {origin(address) for address in (*answered, *_REALM.findall(authenticate))}
        self.hosts.setdefault(origin(asked), set()).update(others - {origin(asked)})


def origin(address: str) -> str:
    """Return scheme, host and port of an address, without a port that its scheme has by itself; no login.

    Source: RFC 6454, "The Web Origin Concept". ``git+https`` is ``https``.
    """
    parts = urlsplit(address)
    scheme = parts.scheme.rpartition("+")[2].lower()
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{scheme}://{host.removesuffix(_PORTS.get(scheme, ''))}"


_PORTS = {"http": ":80", "https": ":443"}
