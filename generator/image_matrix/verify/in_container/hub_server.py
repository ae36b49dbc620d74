"""A small JupyterHub, of the package that is in the image. Run in a container as ``python -c SOURCE PORT TOKEN``.

Its login, OAuth, API and database (in memory) are real. Two things are not there: a proxy, because whoever asks goes to
the server's port by himself; and what starts a server: the environment that it would start with is the spawner's state,
which the API tells to whoever has TOKEN.
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
"""Seconds that the hub waits for a server, at most."""


class Elsewhere(Spawner):  # type: ignore[misc] # JupyterHub has no types
    """Says that a server runs, which somebody else starts."""

    def get_state(self) -> dict[str, Any]:
        """Return what the API tells of it."""
        return {"environment": self.get_env()}

    async def start(self) -> tuple[str, int]:
        """Return where it will be."""
        return "127.0.0.1", SERVER_PORT

    async def poll(self) -> None:
        """Return that it runs."""

    async def stop(self, now: bool = False) -> None:
        """Leave it to whoever started it."""


class NoProxy(Proxy):  # type: ignore[misc]
    """Takes every route and has none."""

    should_start = False

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        """Forget it."""

    async def delete_route(self, routespec: str) -> None:
        """Do nothing."""

    async def get_all_routes(self) -> dict[str, Any]:
        """Return none."""
        return {}


def settings(port: str, token: str) -> Config:
    """Return the hub's configuration."""
    c = Config()
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{port}"
    c.JupyterHub.db_url = "sqlite://"
    c.JupyterHub.cookie_secret = os.urandom(32)
    c.JupyterHub.authenticator_class = "dummy"
    c.JupyterHub.spawner_class = Elsewhere
    c.JupyterHub.proxy_class = NoProxy
    c.JupyterHub.services = [{"name": "verify", "api_token": token}]
    scopes = ["admin:server_state", "list:users", "read:servers"]
    c.JupyterHub.load_roles = [{"name": "verify", "services": ["verify"], "scopes": scopes}]
    c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}
    c.Authenticator.allow_all = True
    # whoever started this hub has a deadline; after its own one the hub would forget the server and its token
    c.Spawner.http_timeout = c.Spawner.start_timeout = PATIENCE
    # as KubeSpawner has it
    c.Spawner.ip, c.Spawner.port = "0.0.0.0", SERVER_PORT  # noqa: S104
    return c


def main() -> None:
    """Serve until the container ends."""
    JupyterHub.instance(config=settings(*sys.argv[1:]))
    JupyterHub.launch_instance(argv=[])


if __name__ == "__main__":
    main()
