"""Reads sites: the clusters and spawners that the profiles are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from image_matrix.config.buildkit import Buildkit, read_buildkit
from image_matrix.config.charts import WITH_MAPPINGS, Chart, chart_of, chart_with, default_chart, version
from image_matrix.config.overlay_merge import merge

Toleration = Mapping[str, Any]
"""A toleration as Kubernetes has it: key, operator, value, effect, tolerationSeconds."""
CHART_TOLERATIONS: tuple[Toleration, ...] = (
    {"key": "hub.jupyter.org/dedicated", "operator": "Equal", "value": "user", "effect": "NoSchedule"},
    {"key": "hub.jupyter.org_dedicated", "operator": "Equal", "value": "user", "effect": "NoSchedule"},
)
"""``scheduling.userPods.tolerations`` of the JupyterHub chart 4.4.0, which a profile's own list replaces."""
Spawner = Literal["jupyterhub", "kubeflow", "opendatahub"]
"""What starts the pods of a site."""
DEFAULT_SITE = "hub"
"""The site of a matrix that declares none."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What a cluster asks of pods with one device."""

    runtime_class: str | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    hugepages: Mapping[str, str] = field(default_factory=dict)
    """``hugepages-2Mi`` to a Kubernetes quantity, for every pod with this device."""


@dataclass(frozen=True, slots=True)
class Site:
    """A cluster, and the spawner in it that profiles are for."""

    name: str = DEFAULT_SITE
    """Its key under ``sites:``, and its folder below ``deploy/``."""
    spawner: Spawner = "jupyterhub"
    namespace: str = "jupyterhub"
    configmap: str = "image-matrix-profiles"
    """Name of the ConfigMap that a HelmRelease names under ``valuesFrom``."""
    release_namespace: str | None = None
    """Namespace of the HelmRelease and of the ConfigMap, where pods are in another one."""
    declared_chart: str | None = None
    """Version of the JupyterHub chart, where the matrix names it."""
    declared_hub: str | None = None
    """Version of jupyterhub in the hub, where the matrix names it."""
    declared_kubespawner: str | None = None
    """Version of KubeSpawner in the hub, where the matrix names it."""
    channel: str | None = None
    """The branch that it follows, which ``promote`` moves; ``None``: every release."""
    platforms: tuple[str, ...] = ("linux/amd64",)
    tolerations: tuple[Toleration, ...] = CHART_TOLERATIONS
    node_selector: Mapping[str, str] = field(default_factory=dict)
    """Labels of the nodes for users."""
    pull_secrets: tuple[str, ...] = ()
    """Names of Secrets with the logins of registries, in the namespace of the pods."""
    extra_profiles: tuple[Mapping[str, Any], ...] = ()
    """Entries that follow those of the profiles, as KubeSpawner has them."""
    devices: Mapping[str, Placement] = field(default_factory=dict)
    """Extended resource to what pods with it need."""
    notebooks: tuple[int, ...] = (1, 2)
    """Major versions of Kubeflow Notebooks that the cluster has."""
    web_app: str | None = None
    """The kustomization of the web app of Notebooks 1, as kustomize's ``resources`` name it; ``None``: the usual."""
    group_label: str | None = None
    """Label of namespaces whose value is the group that works in one, for WorkspaceKinds."""
    spawner_ui: Mapping[str, Any] = field(default_factory=dict)
    """What is laid over the generated form of Notebooks 1, below ``spawnerFormDefaults``."""
    workspace_kind: Mapping[str, Any] = field(default_factory=dict)
    """What is laid over the ``spec`` of every generated WorkspaceKind."""
    pause_after: int | None = 120
    """Minutes without activity after which Kubeflow pauses a Workspace; ``None``: never."""
    group_one: tuple[str, ...] = ()
    """Images that want requests at ``/`` (Kubeflow's imageGroupOne), and with them their children."""
    group_two: tuple[str, ...] = ()
    """The same with the header X-RStudio-Root-Path (imageGroupTwo)."""
    buildkit: Buildkit | None = None
    """The BuildKit that users of the cluster share."""

    @property
    def path(self) -> tuple[str, str]:
        """Where it is declared."""
        return "sites", self.name

    @property
    def folder(self) -> str:
        """Return the folder of its files."""
        return f"deploy/{self.name}"

    @property
    def configmap_namespace(self) -> str:
        """Namespace of the ConfigMap, which is that of the HelmRelease."""
        return self.release_namespace or self.namespace

    @property
    def names_versions(self) -> bool:
        """Whether the matrix says what the hub has."""
        return bool(self.declared_chart or self.declared_hub or self.declared_kubespawner)

    @property
    def chart(self) -> Chart:
        """What the JupyterHub chart of the site ships, as far as it is known."""
        if self.declared_chart is not None:
            return chart_of(self.declared_chart) or chart_with("0")
        return chart_with(self.declared_hub) if self.declared_hub else default_chart()

    @property
    def hub(self) -> str:
        """Version of jupyterhub in the hub."""
        return self.declared_hub or self.chart.jupyterhub

    @property
    def kubespawner(self) -> str:
        """Version of KubeSpawner in the hub."""
        return self.declared_kubespawner or self.chart.kubespawner

    @property
    def accepts_mappings(self) -> bool:
        """Whether a profile of this hub can add to volumes, mounts and containers."""
        return version(self.kubespawner) >= WITH_MAPPINGS


def read_sites(data: Mapping[str, Any]) -> dict[str, Site]:
    """Read the sites that a matrix of the right shape declares, with what its ``defaults`` say."""
    shared = data.get("defaults", {}).get("sites", {})
    return {name: read_site(name, merge(shared, item)) for name, item in (data.get("sites") or {}).items()}


def read_site(name: str, item: Mapping[str, Any]) -> Site:
    """Read an entry under ``sites:``."""
    kubeflow, usual = item.get("kubeflow", {}), Site()
    spawner, given = item.get("spawner", usual.spawner), item.get("configmap", {})
    configmap = {"name": given} if isinstance(given, str) else given
    return Site(
        name=name,
        spawner=spawner,
        namespace=item.get("namespace", spawner),
        configmap=configmap.get("name", usual.configmap),
        release_namespace=configmap.get("namespace"),
        declared_chart=item.get("chart"),
        declared_hub=item.get("jupyterhub"),
        declared_kubespawner=item.get("kubespawner"),
        channel=item.get("channel"),
        platforms=tuple(item.get("platforms", usual.platforms)),
        tolerations=tuple(item.get("tolerations", usual.tolerations if spawner == "jupyterhub" else ())),
        node_selector=item.get("node_selector", {}),
        pull_secrets=tuple(item.get("pull_secrets", ())),
        extra_profiles=tuple(item.get("extra_profiles", ())),
        devices={name: _placement(entry) for name, entry in item.get("devices", {}).items()},
        notebooks=(kubeflow["notebooks"],) if "notebooks" in kubeflow else usual.notebooks,
        web_app=kubeflow.get("web_app"),
        group_label=kubeflow.get("group_label"),
        spawner_ui=kubeflow.get("spawner_ui", {}),
        workspace_kind=kubeflow.get("workspace_kind", {}),
        pause_after=_minutes(kubeflow.get("pause_after", usual.pause_after)),
        group_one=tuple(kubeflow.get("group_one", ())),
        group_two=tuple(kubeflow.get("group_two", ())),
        buildkit=read_buildkit(item["buildkit"], spawner) if "buildkit" in item else None,
    )


def _minutes(given: int | str | None) -> int | None:
    return None if isinstance(given, str) else given


def _placement(item: Mapping[str, Any]) -> Placement:
    return Placement(
        runtime_class=item.get("runtime_class"),
        node_selector=item.get("node_selector", {}),
        tolerations=tuple(item.get("tolerations", ())),
        hugepages=item.get("hugepages", {}),
    )
