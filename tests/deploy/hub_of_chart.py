"""The hub of the JupyterHub chart: Helm renders the chart, and KubeSpawner runs on the files that the hub's pod has.

Of the chart, nothing is replaced but the folder that the hub's pod mounts its Secret and its ConfigMap in.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

MOUNT = "/usr/local/etc/jupyterhub"
"""Where the pod of the hub has its files: volumeMounts in jupyterhub/templates/hub/deployment.yaml."""
Ask = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class HubOfChart:
    """One version of the chart with one version of KubeSpawner."""

    version: str
    chart: Path
    helm: Ask
    kubespawner: Ask
    folder: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def ask(self, values: str, custom: Mapping[str, Any], *more: str) -> dict[str, Any]:
        """Ask a hub that is installed with values (and the site's own) what its users get."""
        rendered = self.helm({"chart": str(self.chart), "files": [*more, values]})
        assert "error" not in rendered, rendered
        mounted = self.folder / f"hub-{next(self.numbers)}"
        given = mount(rendered["manifests"], mounted)
        return self.kubespawner(
            {"singleuser": given["singleuser"], "custom": {**custom, "mounted": str(mounted)}}
        )


def mount(manifests: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Write what the hub's pod mounts, and what Kubernetes puts into its environment; return the values."""
    import yaml

    secret = only(manifests, "Secret")["data"]
    config = only(manifests, "ConfigMap")["data"]
    texts = {f"secret/{name}": base64.b64decode(value).decode() for name, value in secret.items()}
    texts |= {f"config/{name}": value for name, value in config.items()}
    texts |= {name: config[name].replace(MOUNT, str(folder)) for name in ("jupyterhub_config.py", "z2jh.py")}
    texts["environment.json"] = json.dumps(ports(manifests))
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    values: dict[str, Any] = yaml.load(texts["secret/values.yaml"], yaml.CSafeLoader)
    return values


def only(manifests: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The hub's manifest of a kind."""
    return next(item for item in manifests if item["kind"] == kind and item["metadata"]["name"] == "hub")


def ports(manifests: list[dict[str, Any]]) -> dict[str, str]:
    """The variables that pods have of the services in their namespace."""
    services = [item for item in manifests if item["kind"] == "Service"]
    return {
        f"{item['metadata']['name']}_SERVICE_PORT".upper().replace("-", "_"): str(
            item["spec"]["ports"][0]["port"]
        )
        for item in services
    }
