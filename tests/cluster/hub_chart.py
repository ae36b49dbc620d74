"""The chart of a hub, and what a team's own values say where only the registry of tests is reached."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.charts import published
from tests.cluster.hub import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster.kube import Object

VERSION = "4.4.0"
"""Of the JupyterHub chart: the one that docs/flux.md has."""
SCOPES = ["admin:users", "admin:servers", "access:servers"]
"""Of the service of tests."""


@dataclass(frozen=True)
class Images:
    """References of what the pods of a hub run."""

    hub: str
    """It has the proxy, too."""
    notebook: str
    pause: str


@dataclass(frozen=True)
class HubChart:
    """A chart that installs a hub."""

    name: str
    """As a sentence has it."""
    folder: Path
    deployments: tuple[str, ...]
    """Of the hub; users reach it at the pod of the first."""
    values: Callable[[Images], Object]


def of_stand_in(images: Images) -> Object:
    """The values of our own chart."""
    return {"hub": {"image": {"name": images.hub, "tag": ""}, "token": TOKEN}}


STAND_IN = HubChart(
    "one that stands in for JupyterHub's", Path(__file__).parent / "chart", ("hub",), of_stand_in
)


def of_jupyterhub(source: Path, folder: Path) -> HubChart:
    """JupyterHub's own chart, from a git folder of its repository."""
    chart = published(source, VERSION, folder)
    return HubChart(f"JupyterHub's own, {VERSION}", chart, ("proxy", "hub"), of_chart)


def of_chart(images: Images) -> Object:
    """The values of JupyterHub's chart: our images, and without what needs others or the cluster may lack."""
    return {
        "hub": {
            "image": named(images.hub),
            "command": ["env"],  # in place of the image's own entry point, which starts services
            "config": {"Authenticator": {"allow_all": True}, "KubeSpawner": {"http_timeout": 300}},
            "db": {"type": "sqlite-memory"},
            "services": {"tests": {"apiToken": TOKEN}},
            "loadRoles": {"tests": {"services": ["tests"], "scopes": SCOPES}},
        },
        "proxy": {"service": {"type": "ClusterIP"}, "chp": {"image": named(images.hub)}},
        "singleuser": {
            "image": named(images.notebook),
            "storage": {"type": "none"},
            "cloudMetadata": {"blockWithIptables": False},
        },
        "scheduling": {"userScheduler": {"enabled": False}},
        "prePuller": {"pause": {"image": named(images.pause)}},
    }


def named(reference: str) -> Object:
    """A reference as the chart has it, which puts a colon between its halves: `name@sha256` and the digest, too."""
    name, _, tag = reference.rpartition(":")
    return {"name": name, "tag": tag}
