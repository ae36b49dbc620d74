"""Runs a small JupyterHub from the package in the image. Run in a container as ``python -c SOURCE PORT TOKEN``.

Its login, OAuth, API and database (in memory) are real. It has no proxy, since clients connect to the server's port
themselves. It starts no server: the state of the spawner has the server's environment, which the API returns to a
client with TOKEN.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from jupyterhub.app import JupyterHub
from jupyterhub.proxy import Proxy
from jupyterhub.spawner import Spawner
from traitlets.config import Config

SERVER_PORT = 8888
PATIENCE = 3600
"""The maximum time, in seconds, that the hub waits for a server."""


class ExternalSpawner(Spawner):  # type: ignore[misc] # JupyterHub has no types
    """Reports a running server, which ``verify`` starts."""

    def get_state(self) -> dict[str, Any]:
        """Return the environment of the server, for the API."""
        return {"environment": self.get_env()}

    async def start(self) -> tuple[str, int]:
        """Return the address of the server."""
        return "127.0.0.1", SERVER_PORT

    async def poll(self) -> None:
        """Return ``None``: the server runs."""

    async def stop(self, now: bool = False) -> None:
        """Do nothing: ``verify`` stops the server."""


class NoProxy(Proxy):  # type: ignore[misc]
    """Accepts every route and stores none."""

    should_start = False

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        """Do nothing."""

    async def delete_route(self, routespec: str) -> None:
        """Do nothing."""

    async def get_all_routes(self) -> dict[str, Any]:
        """Return no routes."""
        return {}


def settings(port: str, token: str) -> Config:
    """Return the hub's configuration."""
    c = Config()
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port}"
    c.JupyterHub.db_url = "sqlite://"
    c.JupyterHub.cookie_secret = os.urandom(32)
    c.JupyterHub.authenticator_class = "dummy"
    c.JupyterHub.spawner_class = ExternalSpawner
    c.JupyterHub.proxy_class = NoProxy
    c.JupyterHub.services = [{"name": "verify", "api_token": token}]
    scopes = ["admin:server_state", "list:users", "read:servers"]
    c.JupyterHub.load_roles = [{"name": "verify", "services": ["verify"], "scopes": scopes}]
    c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
    c.Authenticator.allow_all = True
    # `verify` has its own deadline; after this one the hub forgets the server and its token
    c.Spawner.http_timeout = c.Spawner.start_timeout = PATIENCE
    # as in KubeSpawner
    c.Spawner.ip, c.Spawner.port = "0.0.0.0", SERVER_PORT  # noqa: S104
    return c


def main() -> None:
    """Serve until the container ends."""
    JupyterHub.instance(config=settings(*sys.argv[1:]))
    JupyterHub.launch_instance(argv=[])


if __name__ == "__main__":
    main()
