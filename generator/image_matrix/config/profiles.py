"""Reads profiles, sizes and the site: what users choose in a spawner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from image_matrix.config.overlay_merge import merge

if TYPE_CHECKING:
    from image_matrix.json_data import Json

Toleration = Mapping[str, Any]
"""A toleration as Kubernetes has it: key, operator, value, effect, tolerationSeconds."""
CHART_TOLERATIONS: tuple[Toleration, ...] = (
    {"key": "hub.jupyter.org/dedicated", "operator": "Equal", "value": "user", "effect": "NoSchedule"},
    {"key": "hub.jupyter.org_dedicated", "operator": "Equal", "value": "user", "effect": "NoSchedule"},
)
"""``scheduling.userPods.tolerations`` of the JupyterHub chart 4.4.0, which a profile's own list replaces."""
DEFAULT_ORDER = 50
DEFAULT_HUB = "5.5.0"
"""What the JupyterHub chart 4.4.0 has."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A limit and what is guaranteed, as written; ``None`` where nothing is said."""

    limit: float | str | None = None
    guarantee: float | str | None = None
    unlimited: bool = False
    """Whether the limit is ``none``: pods have no limit, whatever the hub sets."""


@dataclass(frozen=True, slots=True)
class Size:
    """An entry under ``sizes:``."""

    name: str
    display_name: str
    description: str = ""
    cpu: Amount = field(default_factory=Amount)
    """In cores."""
    memory: Amount = field(default_factory=Amount)
    """In bytes, or as a Kubernetes quantity with Ki, Mi, Gi or Ti."""
    devices: Mapping[str, int] = field(default_factory=dict)
    """Extended resource (``nvidia.com/gpu``) to number of devices."""
    shm: str | None = None
    """Size of /dev/shm in the same units as memory."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    override: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deprecation:
    """That a profile is going to go, and what to take instead."""

    successor: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """Things offered as choices: key to name; ``keyed`` where the user wrote the keys."""

    names: Mapping[str, str]
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """An entry under ``profiles:``."""

    slug: str
    display_name: str
    images: Listed
    sizes: Listed
    description: str = ""
    default: bool = False
    order: int = DEFAULT_ORDER
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Axis to the values that are offered, the first one preselected; empty: all that the image has."""
    groups: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Former slugs, which users' saved choices may still name."""
    retired: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Option (``images``, ``sizes``) to former choice key to the key that stands for it now."""
    deprecated: Deprecation | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    override: Mapping[str, Any] = field(default_factory=dict)


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
    """The cluster and the hub that the profiles are for."""

    namespace: str = "jupyterhub"
    configmap: str = "image-matrix-profiles"
    """Name of the ConfigMap that a HelmRelease names under ``valuesFrom``."""
    declared_hub: str | None = None
    """Version of jupyterhub in the hub, where the matrix names it."""
    platforms: tuple[str, ...] = ("linux/amd64",)
    tolerations: tuple[Toleration, ...] = CHART_TOLERATIONS
    devices: Mapping[str, Placement] = field(default_factory=dict)
    """Extended resource to what pods with it need."""
    pause_after: int | None = 120
    """Minutes without activity after which Kubeflow pauses a Workspace; ``None``: never."""
    group_one: tuple[str, ...] = ()
    """Images that want requests at ``/`` (Kubeflow's imageGroupOne), and with them their children."""
    group_two: tuple[str, ...] = ()
    """The same with the header X-RStudio-Root-Path (imageGroupTwo)."""

    @property
    def hub(self) -> str:
        """Version of jupyterhub in the hub."""
        return self.declared_hub or DEFAULT_HUB


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that the spawners' lists are made of."""

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    """By the key in matrix.yaml, in declaration order."""
    sizes: Mapping[str, Size] = field(default_factory=dict)
    site: Site = field(default_factory=Site)
    site_name: str = ""
    """Its key under ``sites:``; empty where no site is declared."""
    declared: bool = False
    """Whether there is a ``profiles:`` section, be it empty."""

    @property
    def site_path(self) -> tuple[str, ...]:
        """Where the site is declared."""
        return ("sites", self.site_name) if self.site_name else ("sites",)


def read_catalog(data: Mapping[str, Any]) -> Catalog:
    """Read the sections ``profiles``, ``sizes`` and ``sites`` of a matrix of the right shape."""
    defaults = data.get("defaults", {})
    usual, of_sites = defaults.get("profiles", {}), defaults.get("sites", {})
    name, site = next(iter(data.get("sites", {}).items()), ("", {}))
    return Catalog(
        profiles={key: _profile(key, merge(usual, item)) for key, item in data.get("profiles", {}).items()},
        sizes={key: _size(key, item) for key, item in data.get("sizes", {}).items()},
        site=_site(merge(of_sites, site)),
        site_name=name,
        declared="profiles" in data,
    )


def _profile(name: str, item: Mapping[str, Any]) -> Profile:
    deprecated = item.get("deprecated")
    axes = item.get("axes", {})
    return Profile(
        slug=name,
        display_name=item["display_name"],
        images=_choices(item["images"], "image"),
        sizes=_choices(item.get("sizes", ()), "size"),
        description=item.get("description", ""),
        default=item.get("default", False),
        order=item.get("order", DEFAULT_ORDER),
        axes={axis: _values(axes[axis]) if isinstance(axes, dict) else () for axis in axes},
        groups=tuple(item.get("groups", ())),
        aliases=tuple(item.get("aliases", ())),
        retired=item.get("retired", {}),
        deprecated=Deprecation(deprecated["successor"], deprecated.get("message", ""))
        if deprecated
        else None,
        node_selector=item.get("node_selector", {}),
        tolerations=tuple(item.get("tolerations", ())),
        env=item.get("env", {}),
        override=item.get("kubespawner_override", {}),
    )


def _values(given: str | list[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _choices(given: Json, field_name: str) -> Listed:
    """Read names, or choice keys with a name each; a text is the mapping's main field."""
    if not isinstance(given, dict):
        return Listed({name: name for name in given})
    return Listed(
        {key: item if isinstance(item, str) else item[field_name] for key, item in given.items()}, keyed=True
    )


def _size(name: str, item: Mapping[str, Any]) -> Size:
    return Size(
        name=name,
        display_name=item["display_name"],
        description=item.get("description", ""),
        cpu=_amount(item.get("cpu", {})),
        memory=_amount(item.get("memory", {})),
        devices=item.get("devices", {}),
        shm=item.get("shm"),
        node_selector=item.get("node_selector", {}),
        tolerations=tuple(item.get("tolerations", ())),
        override=item.get("kubespawner_override", {}),
    )


def _amount(item: Mapping[str, Any]) -> Amount:
    limit, guarantee = item.get("limit"), item.get("guarantee")
    return Amount(None, guarantee, unlimited=True) if limit == "none" else Amount(limit, guarantee)


def _site(item: Mapping[str, Any]) -> Site:
    kubeflow, usual = item.get("kubeflow", {}), Site()
    return Site(
        namespace=item.get("namespace", usual.namespace),
        configmap=item.get("configmap", usual.configmap),
        declared_hub=item.get("jupyterhub"),
        platforms=tuple(item.get("platforms", usual.platforms)),
        tolerations=tuple(item.get("tolerations", usual.tolerations)),
        devices={name: _placement(entry) for name, entry in item.get("devices", {}).items()},
        pause_after=_minutes(kubeflow.get("pause_after", usual.pause_after)),
        group_one=tuple(kubeflow.get("group_one", ())),
        group_two=tuple(kubeflow.get("group_two", ())),
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
