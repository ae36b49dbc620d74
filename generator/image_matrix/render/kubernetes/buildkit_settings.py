"""Renders buildkitd.toml of the BuildKit of a cluster.

Source: docs.docker.com/build/buildkit/toml-configuration; github.com/moby/buildkit, docs/rootless.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.buildkit import PORT
from image_matrix.config.proxy import Proxy, proxy_variables
from image_matrix.config.pull_logins import registry_hosts
from image_matrix.render.buildkitd import buildkitd_toml

if TYPE_CHECKING:
    from image_matrix.config.buildkit import Buildkit
    from image_matrix.config.model import Matrix
    from image_matrix.config.network import Network

CONFIG, TLS, CA = "/etc/buildkit", "/etc/buildkit-tls", "/etc/buildkit-ca"
"""Folders of the container: none inside another one, which is read-only."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a BuildKit has its socket and its volume."""

    socket: str
    volume: str


ROOTLESS = Home("unix:///run/user/1000/buildkit/buildkitd.sock", "/home/user/.local/share/buildkit")
"""Of the rootless image; github.com/moby/buildkit, Dockerfile."""
ROOT = Home("unix:///run/buildkit/buildkitd.sock", "/var/lib/buildkit")
"""Of the other image, which is root of the pod's user namespace."""


def proxy_of(network: Network) -> dict[str, str]:
    """Return the proxy variables of pods, without a proxy whose address is a secret: a manifest has none.

    Names of the cluster are asked directly; kubernetes.io/docs/concepts/services-networking/dns-pod-service.
    """
    given = network.proxy
    return proxy_variables(Proxy(given.http, given.https, (*given.no_proxy, ".svc", ".cluster.local")), {})


def home_of(buildkit: Buildkit) -> Home:
    """Return where the BuildKit of a site has its socket and its volume."""
    return ROOTLESS if buildkit.host_users else ROOT


def toml(matrix: Matrix, buildkit: Buildkit) -> str:
    """Return the file: addresses, certificates, garbage collection, and the registries of ``network``.

    The state is in a folder of the volume: of the volume's own folder, Kubernetes has set group and mode, and BuildKit
    must not change them, or Kubernetes sets them for every file of the cache at the next start.
    """
    home = home_of(buildkit)
    address = [home.socket, f"tcp://:{PORT}"]
    lines = [f"root = {_value(home.volume + '/state')}", "", "[grpc]", f"address = {_value(address)}"]
    if buildkit.tls:
        files = {"cert": "tls.crt", "key": "tls.key", "ca": "ca.crt"}
        lines += ["", "[grpc.tls]", *(f"{name} = {_value(f'{TLS}/{file}')}" for name, file in files.items())]
    lines += ["", "[worker.oci]", f"snapshotter = {_value(buildkit.snapshotter)}", "gc = true"]
    if buildkit.host_users:
        lines.append("noProcessSandbox = true")
    registries = buildkitd_toml(matrix.network, registry_hosts(matrix), None)
    return "\n".join([*lines, *_policies(buildkit), registries and f"\n{registries}"]).rstrip() + "\n"


def _policies(buildkit: Buildkit) -> list[str]:
    """Return what garbage collection removes, in this order, until the space is enough: the unused first."""
    cache = buildkit.cache
    spaces = {
        "reservedSpace": cache.reserved_space,
        "maxUsedSpace": cache.max_used_space,
        "minFreeSpace": cache.min_free_space,
    }
    space = [f"{name} = {_value(_bytes(amount))}" for name, amount in spaces.items()]
    unused = ["all = true", f"keepDuration = {_value(cache.keep_duration)}"]
    return [
        line
        for policy in (unused, space, ["all = true", *space])
        for line in ("", "[[worker.oci.gcpolicy]]", *policy)
    ]


def _bytes(amount: str) -> str:
    """Return an amount of space as BuildKit reads it: ``60GiB``; github.com/docker/go-units, ``RAMInBytes``."""
    return amount if amount.endswith("%") else f"{amount}B"


def _value(value: str | list[str]) -> str:
    return json.dumps(value)
