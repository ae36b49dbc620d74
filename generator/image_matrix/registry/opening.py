"""Opens the client for the real registries, with the logins of Docker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.registry.client import Registry
from image_matrix.registry.credentials import config_file, logins
from image_matrix.registry.http import network
from image_matrix.registry.patience import Patience, patient
from image_matrix.registry.services import RegistryServices

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.config.model import Matrix
    from image_matrix.config.network import Network
    from image_matrix.registry.host_log import HostLog


def open_registry(
    matrix: Matrix,
    ca_bundle: str | None = None,
    log: Callable[[str], None] | None = None,
    host_log: HostLog | None = None,
) -> Registry:
    """Return the client for the real registries, with the matrix's mirrors and Docker's logins.

    ``log`` receives a message when the client waits for a registry, ``host_log`` the hosts that answer.
    """
    return registry_with(matrix.network, ca_bundle, log, host_log)


def registry_with(
    settings: Network,
    ca_bundle: str | None = None,
    log: Callable[[str], None] | None = None,
    host_log: HostLog | None = None,
) -> Registry:
    """Return the client for the real registries, with Docker's logins."""
    import os
    import time

    patience = Patience(time.sleep, log) if log else Patience(time.sleep)
    trusted = settings.trusted_hosts
    http = network(ca_bundle, trusted=trusted, host_log=host_log)
    login = logins(config_file(os.environ))
    mirrors, send = settings.mirrors.registries, patient(http.send, patience)
    return Registry(RegistryServices(send, login, mirrors, http.opened, trusted, patience))
