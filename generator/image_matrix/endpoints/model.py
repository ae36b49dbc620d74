"""Defines what is known of the hosts that a matrix needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from image_matrix.diagnostics import Path

Step = Literal["lock", "build", "scan", "sign", "release", "workflow", "cluster"]
STEPS: tuple[Step, ...] = ("lock", "build", "scan", "sign", "release", "workflow", "cluster")
"""What needs a host, in the order of an image's life; ``workflow``: runners on GitHub Actions; ``cluster``: nodes."""
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """A place that connections are made to."""

    host: str
    """A name, ``*.NAME`` for all names below it, or an IP address."""
    port: int
    scheme: str
    """``https``, ``http``; ``tcp`` for BuildKit's own protocol."""

    @property
    def address(self) -> str:
        """Return it as an address, without the port that its scheme has by itself."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if PORTS.get(self.scheme) == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


@dataclass(frozen=True, slots=True)
class EndpointNeed:
    """A reason why steps reach an endpoint."""

    endpoint: Endpoint
    steps: tuple[Step, ...]
    what: str
    """As users read it: ``download kubectl``."""
    path: Path | None = None
    """Where the matrix asks for it."""
    source: str = ""
    """The page that says so, of what is neither in the matrix nor in the lock."""


@dataclass(frozen=True, slots=True)
class UnknownHosts:
    """Hosts that cannot be known from the matrix and its lock."""

    steps: tuple[Step, ...]
    what: str
    advice: str
    """What finds them out."""
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Everything that is reached, as far as it is known."""

    needs: tuple[EndpointNeed, ...]
    unknown: tuple[UnknownHosts, ...]

    def for_steps(self, steps: tuple[Step, ...]) -> Endpoints:
        """Return what some steps need."""
        return Endpoints(
            tuple(item for item in self.needs if not set(steps).isdisjoint(item.steps)),
            tuple(item for item in self.unknown if not set(steps).isdisjoint(item.steps)),
        )

    @property
    def all(self) -> list[Endpoint]:
        """Return each endpoint once, by name."""
        return sorted({item.endpoint for item in self.needs})


def endpoint_of(address: str) -> Endpoint:
    """Return the endpoint of an address: ``https://HOST/PATH``, ``tcp://HOST:PORT``."""
    parts = urlsplit(address)
    scheme = parts.scheme.rpartition("+")[2].lower()
    return Endpoint((parts.hostname or "").lower(), parts.port or PORTS.get(scheme, 0), scheme)


def https(host: str) -> Endpoint:
    """Return the endpoint of a host that speaks HTTPS."""
    return Endpoint(host, PORTS["https"], "https")
