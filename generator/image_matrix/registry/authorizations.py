"""Keeps what registries have granted to a run, and logs in for what they have not."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from image_matrix.registry.addresses import is_of_registry, is_unverified, named_address
from image_matrix.registry.answers import Denied, Unreachable
from image_matrix.registry.credentials import Unreadable
from image_matrix.registry.tokens import authorization

if TYPE_CHECKING:
    from image_matrix.registry.exchange import Response
    from image_matrix.registry.reference import Reference
    from image_matrix.registry.services import RegistryServices


@dataclass(frozen=True, slots=True)
class Authorizations:
    """The headers with which registries accept requests, for all threads of a run.

    ``actions`` are what a login permits: those of :mod:`image_matrix.registry.tokens`.
    """

    _headers: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """By host, repository and actions."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self, reference: Reference, actions: str) -> str | None:
        """Return the header for a repository, if there has been a login."""
        return self._headers.get((reference.host, reference.repository, actions))

    def log_in(
        self,
        services: RegistryServices,
        response: Response,
        reference: Reference,
        actions: str,
        refused: str | None,
    ) -> str | Denied | Unreachable:
        """Return a new header after a response that asks for a login; ``refused`` was sent with the request.

        Where a redirect has led elsewhere, what asks is not the registry, and names no token server for its login.
        """
        if response.url and not is_of_registry(_as_asked(response.url, reference, services), reference):
            return Denied(other_login(urlsplit(response.url).netloc))
        with self._lock:
            known = self.known(reference, actions)
        if known and known != refused:
            return known  # another thread was faster
        login = services.login(reference.host)
        if isinstance(login, Unreadable):
            return Unreachable(f"the login for {reference.host}: {login.reason}", login.remedy)
        answer = authorization(
            response.headers.get("www-authenticate", ""),
            reference.repository,
            login,
            services.transport,
            plain=is_unverified(reference.host, services.trusted),
            actions=actions,
        )
        if isinstance(answer, str):
            with self._lock:
                self._headers[reference.host, reference.repository, actions] = answer
        return answer


def _as_asked(answered: str, reference: Reference, services: RegistryServices) -> str:
    """Return the address that answered, with TLS if that of a trusted host was asked for so, but has none."""
    trusted = is_unverified(reference.host, services.trusted)
    return named_address(answered, "", reference) if trusted else answered


def other_login(host: str) -> str:
    """Return why a host elsewhere, which a registry sends on to, gets no login."""
    return f"it sends on to {host}, which asks for a login; the registry's login goes nowhere else"
