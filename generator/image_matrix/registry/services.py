"""What the client for registries depends on: requests, logins, mirrors, patience."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.registry.credentials import RegistryLogin
    from image_matrix.registry.exchange import StreamingTransport, Transport
    from image_matrix.registry.patience import Patience


@dataclass(frozen=True, slots=True)
class RegistryServices:
    """The services that the client depends on."""

    transport: Transport
    """Sends a request, with retries (:func:`image_matrix.registry.patience.patient`)."""
    login: Callable[[str], RegistryLogin]
    """Host to its login."""
    mirrors: Mapping[str, str] = field(default_factory=dict)
    stream: StreamingTransport | None = None
    """Sends a request once, for content that is too large for memory."""
    trusted: tuple[str, ...] = ()
    """Hosts as in ``network.trusted_hosts``: their token servers need no TLS."""
    patience: Patience | None = None
    """Retries what ``stream`` sends; ``None`` for no retries."""
