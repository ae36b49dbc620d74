"""Reads ``sites.NAME.buildkit``: the BuildKit that users and builds of a cluster share. It is not part of any key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from image_matrix.config.sizes import Amount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.sites import Toleration

Snapshotter = Literal["auto", "overlayfs", "fuse-overlayfs", "native"]
PORT = 1234
NAME = "buildkitd"
"""Of all objects of a BuildKit that is run here."""
SELECTOR = {"app.kubernetes.io/name": NAME}
"""Labels of its pod."""
NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label that Kubernetes gives every namespace: its name."""


@dataclass(frozen=True, slots=True)
class Client:
    """Pods that may connect, by labels of their namespaces and their own."""

    namespace_selector: Mapping[str, str]
    pod_selector: Mapping[str, str] = field(default_factory=dict)
    """None: all pods of the namespaces."""


@dataclass(frozen=True, slots=True)
class Cache:
    """The volume of the cache, and what garbage collection leaves: quantities, or shares of the volume (``80%``)."""

    size: str = "100Gi"
    storage_class: str | None = None
    reserved_space: str = "10%"
    max_used_space: str = "80%"
    min_free_space: str = "10%"
    keep_duration: str = "1440h"
    """Sixty days, as BuildKit has it."""


@dataclass(frozen=True, slots=True)
class BuildkitTelemetry:
    """Where BuildKit sends its traces."""

    endpoint: str
    protocol: str = "grpc"
    headers: str | None = None
    """Name of a Secret."""


@dataclass(frozen=True, slots=True)
class RegistryLogin:
    """A Secret with the logins of registries, and where External Secrets finds it, if that makes it."""

    name: str
    store: str | None = None
    store_kind: str = "ClusterSecretStore"
    key: str = ""
    property: str | None = None


@dataclass(frozen=True, slots=True)
class BuildJob:
    """A build that runs in the cluster."""

    image: str
    """Name of an image or a source."""
    repository: str
    revision: str | None = None
    """``None``: the default branch."""
    repository_login: str | None = None
    images: tuple[str, ...] = ()
    """None: everything."""
    schedule: str | None = None
    """``None``: the CronJob is suspended."""
    namespace: str = "image-builds"
    login: RegistryLogin | None = None
    tls: str | None = None
    """Name of the Secret with the client's certificate."""


@dataclass(frozen=True, slots=True)
class Buildkit:
    """A BuildKit of a cluster."""

    endpoint: str | None = None
    """Of one that is there already."""
    namespace: str = "buildkit"
    clients: tuple[Client, ...] = ()
    """None: users' pods of the site."""
    tls: str | None = None
    """Name of the Secret with the server's certificate, and the authority of clients'."""
    client_tls: str | None = None
    """Name of the Secret with a client's certificate, in the namespaces of users' pods."""
    cache: Cache = field(default_factory=Cache)
    snapshotter: Snapshotter = "auto"
    host_users: bool = True
    openshift: bool = False
    cpu: Amount = field(default_factory=Amount)
    memory: Amount = field(default_factory=Amount)
    devices: Mapping[str, int] = field(default_factory=dict)
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    pull_secrets: tuple[str, ...] = ()
    ca_configmap: str | None = None
    telemetry: BuildkitTelemetry | None = None
    cluster: Mapping[str, str] = field(default_factory=dict)
    """Part of the cluster to its version, where the matrix says it."""
    job: BuildJob | None = None

    @property
    def address(self) -> str:
        """Return where clients connect, the value of BUILDKIT_HOST: ``tcp://buildkitd.buildkit.svc:1234``."""
        return self.endpoint or f"tcp://{NAME}.{self.namespace}.svc:{PORT}"


def read_buildkit(item: Mapping[str, Any], spawner: str) -> Buildkit:
    """Read the mapping of a site with this spawner."""
    plain = (
        "endpoint",
        "namespace",
        "tls",
        "client_tls",
        "snapshotter",
        "host_users",
        "devices",
        "node_selector",
    )
    return Buildkit(
        **{name: item[name] for name in (*plain, "ca_configmap", "cluster") if name in item},
        clients=tuple(Client(**client) for client in item.get("clients", ())),
        cache=Cache(**item.get("cache", {})),
        openshift=item.get("openshift", spawner == "opendatahub"),
        cpu=Amount(**item.get("cpu", {})),
        memory=Amount(**item.get("memory", {})),
        tolerations=tuple(item.get("tolerations", ())),
        pull_secrets=tuple(item.get("pull_secrets", ())),
        telemetry=BuildkitTelemetry(**item["telemetry"]) if "telemetry" in item else None,
        job=_job(item["job"]) if "job" in item else None,
    )


def _job(item: Mapping[str, Any]) -> BuildJob:
    login = item.get("login")
    named = {"name": login} if isinstance(login, str) else login
    return BuildJob(
        **{name: value for name, value in item.items() if name not in ("images", "login")},
        images=tuple(item.get("images", ())),
        login=RegistryLogin(**named) if named else None,
    )
