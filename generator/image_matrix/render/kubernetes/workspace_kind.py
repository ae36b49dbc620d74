"""Renders the WorkspaceKinds of Kubeflow Notebooks 2, one for each IDE and HTTP behaviour.

Source: kubeflow/notebooks, workspaces/controller/api/v1beta1/workspacekind_types.go. A value that a Workspace uses can
neither change nor be removed. So the id of a value depends on its content, and the values of the last release are kept:
hidden, and redirected to the new ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from image_matrix.config.home import HOME
from image_matrix.config.served_app import ide_of
from image_matrix.profiles.audience import audience, groups_of, shared_environment
from image_matrix.profiles.mounts import shared_mounts
from image_matrix.profiles.offer import used_variants
from image_matrix.render.kubernetes.build_environment import (
    build_variables,
    certificate_mounts,
    certificate_volumes,
)
from image_matrix.render.kubernetes.dump import Block, dump
from image_matrix.render.kubernetes.flux import ABOUT, PLAIN_LABELS
from image_matrix.render.kubernetes.laid_over import laid_over
from image_matrix.render.kubernetes.restricted import RESTRICTED
from image_matrix.render.kubernetes.spawner_ui import group_of
from image_matrix.render.kubernetes.workspace_rules import activity_rules, filter_rules
from image_matrix.render.kubernetes.workspace_values import PORT, image_value, option, pod_id, pod_values

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.served_app import Ide
    from image_matrix.config.sites import Site
    from image_matrix.profiles.offer import ImageChoice, Offer, SizeChoice
    from image_matrix.render.kubernetes.workspace_values import Value


@dataclass(frozen=True, slots=True)
class _IdeKind:
    """The settings that all images of one IDE share."""

    name: str
    title: str
    icon: str
    is_jupyter: bool
    """Whether Jupyter's API reports the last activity; otherwise a script asks what answers like it."""


_JUPYTER = _IdeKind(
    "notebooks",
    "Notebooks",
    "https://jupyter.org/assets/favicons/apple-touch-icon-152x152.png",
    is_jupyter=True,
)
_OF_JUPYTER = {"jupyter": {"lastActivity": True, "portId": PORT}}
_WIKIMEDIA = "https://upload.wikimedia.org/wikipedia/commons"
_KINDS: dict[Ide | None, _IdeKind] = {
    None: _JUPYTER,
    "jupyter": _JUPYTER,
    "codeserver": _IdeKind(
        "codeserver",
        "VS Code (code-server)",
        f"{_WIKIMEDIA}/9/9a/Visual_Studio_Code_1.35_icon.svg",
        is_jupyter=False,
    ),
    "rstudio": _IdeKind("rstudio", "RStudio", f"{_WIKIMEDIA}/1/1b/R_logo.svg", is_jupyter=False),
}
"""Icons are those of Kubeflow's own samples."""
_SUFFIXES = {"image": "", "imageGroupOne": "-at-root", "imageGroupTwo": "-at-root-path"}


@dataclass(frozen=True, slots=True)
class _Listed:
    """The images of one kind, and the profiles that offer them."""

    kind: _IdeKind
    group: str
    images: Mapping[str, Variant]
    """By id."""
    offers: tuple[Offer, ...]

    @property
    def name(self) -> str:
        """Return the name of the WorkspaceKind."""
        return self.kind.name + _SUFFIXES[self.group]


def workspace_kinds(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    offers: Sequence[Offer],
    references: Mapping[str, str],
    previous: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return the WorkspaceKinds; ``previous`` are those of the last release, whose ids are kept."""
    old = {kind["metadata"]["name"]: kind for kind in previous}
    listed = _by_kind(matrix, variants, offers)
    kinds = [_workspace_kind(matrix, item, references, old.get(item.name)) for item in listed]
    kinds += [_hidden(kind) for name, kind in old.items() if name not in {item.name for item in listed}]
    return dump(*kinds, about=ABOUT)


def _by_kind(matrix: Matrix, variants: Mapping[str, Variant], offers: Sequence[Offer]) -> list[_Listed]:
    grouped: dict[tuple[_IdeKind, str], dict[str, Variant]] = {}
    for item in used_variants(offers).values():
        key = _KINDS[ide_of(variants, item.id)], group_of(matrix, variants, item)
        grouped.setdefault(key, {})[item.id] = item
    return [_Listed(*key, images, _offering(offers, images)) for key, images in grouped.items()]


def _offering(offers: Iterable[Offer], images: Container[str]) -> tuple[Offer, ...]:
    """Return the profiles that offer one of the images."""
    return tuple(offer for offer in offers if any(choice.image_id in images for choice in offer.images))


def _choices(offers: Iterable[Offer], images: Container[str]) -> Iterator[tuple[Offer, ImageChoice]]:
    """Yield the choices that are one of the images."""
    for offer in offers:
        yield from ((offer, choice) for choice in offer.images if choice.image_id in images)


def in_one_kind(
    matrix: Matrix, variants: Mapping[str, Variant], offers: Sequence[Offer]
) -> dict[str, list[tuple[Offer, ...]]]:
    """Return the profiles of each WorkspaceKind with images of a profile, by its slug: their pods are alike."""
    result: dict[str, list[tuple[Offer, ...]]] = {}
    for listed in _by_kind(matrix, variants, offers):
        for offer in listed.offers:
            result.setdefault(offer.slug, []).append(listed.offers)
    return result


def _hidden(kind: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kind without images, hidden: Kubeflow refuses to remove it while a Workspace uses it."""
    return {**kind, "spec": {**kind["spec"], "spawner": {**kind["spec"]["spawner"], "hidden": True}}}


def _workspace_kind(
    matrix: Matrix, listed: _Listed, references: Mapping[str, str], old: Mapping[str, Any] | None
) -> dict[str, Any]:
    site, icon = matrix.catalog.site, {"url": listed.kind.icon}
    images = [
        image_value(matrix, item, references[name], audience(_choices(listed.offers, (name,))))
        for name, item in listed.images.items()
    ]
    pods = pod_values(matrix, listed.offers)
    about = "Images of matrix.yaml; a choice of image and pod that do not fit is refused."
    pausing = activity_rules(site.pause_after)
    spec = {
        "spawner": {"displayName": listed.kind.title, "description": about, "icon": icon, "logo": icon},
        "podTemplate": {
            **_pod_template(listed, site),
            "options": _options(matrix, listed, images, pods, old),
        },
        "filterRules": filter_rules(images, pods, site.group_label),
        **({"activityRules": pausing} if pausing else {}),
    }
    metadata = {"name": listed.name, "labels": PLAIN_LABELS}
    return {
        "apiVersion": "kubeflow.org/v1beta1",
        "kind": "WorkspaceKind",
        "metadata": metadata,
        "spec": laid_over(spec, site.workspace_kind),
    }


def _options(
    matrix: Matrix,
    listed: _Listed,
    images: Sequence[Value],
    pods: Sequence[Value],
    old: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return images and pods; preselected is the choice of the first profile that most users see."""
    kept = old["spec"]["podTemplate"]["options"] if old else {}
    offer, image = min(_choices(listed.offers, listed.images), key=lambda item: _rank(*item))
    size = min(offer.sizes, key=lambda choice: _rank(offer, choice))
    preselected = images[[*listed.images].index(image.image_id or "")].name
    return {
        "imageConfig": option(images, preselected, kept.get("imageConfig", {})),
        "podConfig": option(pods, pod_id(matrix, offer, size.size), kept.get("podConfig", {})),
    }


def _rank(offer: Offer, choice: ImageChoice | SizeChoice) -> tuple[bool, ...]:
    """Return how early a choice is preselected, where several are possible: the least first."""
    profile = offer.profile
    return (
        profile.deprecated is not None,
        bool(groups_of(offer, choice)),
        not offer.default,
        not choice.default,
    )


def _pod_template(listed: _Listed, site: Site) -> dict[str, Any]:
    port = {
        "id": PORT,
        "protocol": "HTTP",
        "defaultDisplayName": "Notebook",
        "httpProxy": _proxy(listed.group),
    }
    mounts = shared_mounts(listed.offers)
    shm = {"name": "dshm", "mountPath": "/dev/shm"}  # noqa: S108 - a mount in a pod
    prefix = {"name": "NB_PREFIX", "value": f'{{{{ httpPathPrefix "{PORT}" }}}}'}
    return {
        "volumeMounts": {"home": HOME},
        "activityProbe": _OF_JUPYTER if listed.kind.is_jupyter else _by_script(),
        "ports": [port],
        "extraEnv": [prefix, *_variables({**build_variables(site), **shared_environment(listed.offers)})],
        "extraVolumeMounts": [shm, *mounts.volume_mounts.values(), *certificate_mounts(site)],
        "extraVolumes": [
            {"name": "dshm", "emptyDir": {"medium": "Memory"}},
            *mounts.volumes.values(),
            *certificate_volumes(site),
        ],
        "securityContext": {"fsGroup": 100},
        "containerSecurityContext": RESTRICTED,
    }


def _variables(environment: Mapping[str, str]) -> list[dict[str, str]]:
    """Return variables; Kubeflow fills in what is in doubled braces, so these are written as such a text."""
    return [{"name": name, "value": value.replace("{{", '{{ "{{" }}')} for name, value in environment.items()]


def _by_script() -> dict[str, Any]:
    """Return the probe of an IDE without Jupyter's API: a script that runs in the Workspace."""
    script = files("image_matrix.render.kubernetes.in_workspace") / "activity.py"
    return {"podExec": {"script": Block(script.read_text(encoding="utf-8"))}}


def _proxy(group: str) -> dict[str, Any]:
    proxy: dict[str, Any] = {"removePathPrefix": group != "image"}
    if group == "imageGroupTwo":
        header = {"X-RStudio-Root-Path": f'{{{{ httpPathPrefix "{PORT}" }}}}'}
        proxy["requestHeaders"] = {"set": header}
    return proxy
