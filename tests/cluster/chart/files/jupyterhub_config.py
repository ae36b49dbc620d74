"""A hub that takes from its values what the JupyterHub chart takes, and spawns with KubeSpawner."""

import os
import sys
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

values = yaml.safe_load(Path("/etc/jupyterhub/values.yaml").read_text())
single, hub = values["singleuser"], values["hub"]
address = os.environ["POD_IP"]


def value(path: str, default: Any = None) -> Any:
    """Return the value of a path with dots, as ``get_config`` of the chart's z2jh.py does."""
    return reduce(lambda at, key: at.get(key, {}), path.split("."), values) or default


sys.modules["z2jh"] = ModuleType("z2jh")
sys.modules["z2jh"].get_config = value  # type: ignore[attr-defined]

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub calls it with this
c.JupyterHub.bind_url = "http://0.0.0.0:8000"
c.JupyterHub.hub_bind_url = "http://0.0.0.0:8081"
c.JupyterHub.hub_connect_ip = address
c.JupyterHub.db_url = "sqlite:///:memory:"
c.JupyterHub.cleanup_servers = False  # users' servers outlive it, as in the chart
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.JupyterHub.services = [{"name": "tests", "api_token": os.environ["TOKEN"]}]
c.JupyterHub.load_roles = [
    {"name": "tests", "services": ["tests"], "scopes": ["admin:users", "admin:servers", "access:servers"]}
]

c.KubeSpawner.namespace = os.environ["POD_NAMESPACE"]
c.KubeSpawner.start_timeout = single["startTimeout"]
c.KubeSpawner.http_timeout = 300
c.KubeSpawner.fs_gid = 100
c.KubeSpawner.uid = 1000
c.KubeSpawner.allow_privilege_escalation = False
c.KubeSpawner.service_account = None
c.KubeSpawner.profile_list = single["profileList"]
for _, code in sorted(hub["extraConfig"].items()):
    exec(code)  # noqa: S102 - as the chart does
