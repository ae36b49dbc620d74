"""Configuration of the JupyterHub that tests start; what differs between machines comes as JSON in TEST_HUB."""

import json
import os

from docker.types import DriverConfig, Mount

given = json.loads(os.environ["TEST_HUB"])
c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub gives it

c.JupyterHub.bind_url = f"http://127.0.0.1:{given['port']}/"
c.JupyterHub.hub_bind_url = f"http://{given['bridge']}:{given['hub_port']}"
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cleanup_servers = True
c.ConfigurableHTTPProxy.command = given["proxy"]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{given['proxy_port']}"

c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True

# As the JupyterHub chart does it: the entry point stays and gets this command; an empty volume of the group 100.
c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.DockerSpawner.cmd = ["jupyterhub-singleuser"]
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.network_name = "bridge"
c.DockerSpawner.remove = True
c.DockerSpawner.pull_policy = "never"
c.DockerSpawner.prefix = given["name"]
c.DockerSpawner.http_timeout = c.DockerSpawner.start_timeout = 120
tmpfs = {"type": "tmpfs", "device": "tmpfs", "o": "uid=0,gid=100,mode=2775,size=1g"}
home = Mount("/home/jovyan", None, type="volume", no_copy=True, driver_config=DriverConfig("local", tmpfs))
c.DockerSpawner.extra_host_config = {
    "mounts": [home],
    "group_add": ["100"],
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
}


async def choose(spawner):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Each user has an image."""
    spawner.image = given["images"][spawner.user.name]


c.Spawner.pre_spawn_hook = choose
