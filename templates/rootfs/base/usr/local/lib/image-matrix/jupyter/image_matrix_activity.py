"""Tells cullers what Jupyter's server does not: kernels that compute in silence, terminals, editors.

JupyterHub, and Notebooks 2 of Kubeflow, read the server's last activity. Jupyter counts a setting whose name ends with
``_last_activity`` (jupyter_server.serverapp.ServerWebApplication.last_activity), so this sets one.

The culler of Kubeflow's Notebooks 1 reads api/kernels alone (culling_controller.go of kubeflow/notebooks). It is a
program in Go and says so; in its list stands one element more, which describes everything but the kernels. Everybody
else gets Jupyter's list: JupyterLab would show the element as a kernel.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.services.kernels.handlers import MainKernelHandler
from jupyter_server.utils import ensure_async, url_path_join
from tornado import web
from tornado.ioloop import PeriodicCallback

try:
    from jupyter_client.jsonutil import json_default
except ImportError:  # before jupyter_client 7
    from jupyter_client.jsonutil import date_default as json_default

if TYPE_CHECKING:
    from types import ModuleType

    from jupyter_server.serverapp import ServerApp

SETTING = "image_matrix_last_activity"
PERIOD = 30.0  # seconds between two looks
CULLER = "Go-http-client/"


def meter_module() -> ModuleType:
    """activity.py, which measures processes for the other IDEs."""
    path = Path(__file__).parent.parent / "activity.py"
    spec = importlib.util.spec_from_file_location("image_matrix_processes", path)
    if spec is None or spec.loader is None:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


class Activity:
    """What is done in a server, beside what its kernels say."""

    def __init__(self, server: ServerApp) -> None:
        processes = meter_module()
        self.settings = server.web_app.settings
        self.kernels = server.kernel_manager
        self.last: datetime = self.settings["started"]
        self.zone = self.last.tzinfo
        used = processes.cpu_seconds(children)
        self.meter = processes.Meter(children, time.time(), used)

    def now(self) -> None:
        """Something was done just now."""
        self.last = datetime.now(self.zone)

    async def look(self) -> None:
        """Looks whether terminals and editors compute, and takes what terminals print for activity, as Jupyter does."""
        if self.meter.read(time.time()):
            self.now()
        self.last = max([self.last, *self.of_terminals()])
        kernels = self.kernels.list_kernels()
        found = await kernels if inspect.isawaitable(kernels) else kernels
        busy = any(kernel.get("execution_state") == "busy" for kernel in found)
        self.settings[SETTING] = datetime.now(self.zone) if busy else self.last

    def of_terminals(self) -> list[datetime]:
        """When somebody last wrote to each terminal, or its programs did."""
        manager = self.settings.get("terminal_manager")
        running = getattr(manager, "terminals", {}).values()
        return [moment for one in running if (moment := getattr(one, "last_activity", None))]

    async def model(self) -> dict[str, Any]:
        """Everything but the kernels, in the shape of a kernel."""
        await self.look()
        state = "busy" if self.meter.busy else "idle"
        return {"id": "image-matrix", "name": "terminals and editors", "last_activity": self.last,
                "execution_state": state, "connections": 0}  # fmt: skip


def children(running: dict[int, Any]) -> set[int]:
    """The processes that this server started: terminals, kernels, what jupyter-server-proxy starts."""
    return {pid for pid, one in running.items() if one.parent == os.getpid()}


class KernelsHandler(MainKernelHandler):  # type: ignore[misc]  # Jupyter is in images alone
    """Jupyter's handler of api/kernels, with another answer to Kubeflow's culler."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """The kernels, and for the culler all the rest."""
        kernels = list(await ensure_async(self.kernel_manager.list_kernels()))
        if self.request.headers.get("User-Agent", "").startswith(CULLER):
            kernels.append(await self.settings["image_matrix_activity"].model())
        self.finish(json.dumps(kernels, default=json_default))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """What Jupyter calls to find the extension."""
    return [{"module": "image_matrix_activity"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """What Jupyter calls to start the extension."""
    activity = Activity(server)
    server.web_app.settings["image_matrix_activity"] = activity
    address = url_path_join(server.web_app.settings["base_url"], "/api/kernels")
    server.web_app.add_handlers(".*$", [(address, KernelsHandler)])
    server.contents_manager.register_post_save_hook(lambda **_: activity.now())
    PeriodicCallback(activity.look, PERIOD * 1000).start()
