"""Renders the WorkspaceKinds of Kubeflow Notebooks 2, one for each IDE and HTTP behaviour.

Source: kubeflow/notebooks, workspaces/controller/api/v1beta1/workspacekind_types.go. A value that a Workspace uses can
neither change nor be removed. So the id of a value depends on its content, and the values of the last release are kept:
hidden, and redirected to the new ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from image_matrix.config.served_app import ide_of
from image_matrix.profiles.devices import NONE
from image_matrix.profiles.offer import used_variants
from image_matrix.render.kubernetes.dump import Block, dump
from image_matrix.render.kubernetes.flux import ABOUT, PLAIN_LABELS
from image_matrix.render.kubernetes.restricted import RESTRICTED
from image_matrix.render.kubernetes.spawner_ui import group_of
from image_matrix.render.kubernetes.workspace_values import LABEL, PORT, image_value, option, pod_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.served_app import Ide
    from image_matrix.profiles.offer import Offer


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


def workspace_kinds(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    offers: Sequence[Offer],
    references: Mapping[str, str],
    previous: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return the WorkspaceKinds; ``previous`` are those of the last release, whose ids are kept."""
    grouped: dict[tuple[_IdeKind, str], list[Variant]] = {}
    for item in used_variants(offers).values():
        key = _KINDS[ide_of(variants, item.id)], group_of(matrix, variants, item)
        grouped.setdefault(key, []).append(item)
    pods = pod_values(matrix, offers)
    old = {kind["metadata"]["name"]: kind for kind in previous}
    kinds = []
    for (kind, group), items in grouped.items():
        name = kind.name + _SUFFIXES[group]
        images = [image_value(matrix, item, references[item.id]) for item in items]
        kept = old[name]["spec"]["podTemplate"]["options"] if name in old else {}
        pause_after = matrix.catalog.site.pause_after
        kinds.append(_workspace_kind(kind, group, name, images, pods, kept, pause_after))
    names = {kind["metadata"]["name"] for kind in kinds}
    kinds += [_hidden(kind) for name, kind in old.items() if name not in names]
    return dump(*kinds, about=ABOUT)


def _hidden(kind: Mapping[str, Any]) -> dict[str, Any]:
    """Return a kind without images, hidden: Kubeflow refuses to remove it while a Workspace uses it."""
    return {**kind, "spec": {**kind["spec"], "spawner": {**kind["spec"]["spawner"], "hidden": True}}}


def _workspace_kind(
    kind: _IdeKind,
    group: str,
    name: str,
    images: list[dict[str, Any]],
    pods: list[dict[str, Any]],
    old: Mapping[str, Any],
    pause_after: int | None,
) -> dict[str, Any]:
    template = {
        "volumeMounts": {"home": "/home/jovyan"},
        "activityProbe": _OF_JUPYTER if kind.is_jupyter else _by_script(),
        "ports": [
            {"id": PORT, "protocol": "HTTP", "defaultDisplayName": "Notebook", "httpProxy": _proxy(group)}
        ],
        "extraEnv": [{"name": "NB_PREFIX", "value": f'{{{{ httpPathPrefix "{PORT}" }}}}'}],
        "extraVolumeMounts": [{"name": "dshm", "mountPath": "/dev/shm"}],  # noqa: S108 - a mount in a pod
        "extraVolumes": [{"name": "dshm", "emptyDir": {"medium": "Memory"}}],
        "securityContext": {"fsGroup": 100},
        "containerSecurityContext": RESTRICTED,
        "options": {
            "imageConfig": option(images, old.get("imageConfig", {})),
            "podConfig": option(pods, old.get("podConfig", {})),
        },
    }
    about = "Images of matrix.yaml; a choice of image and pod that do not fit is refused."
    icon = {"url": kind.icon}
    spec = {
        "spawner": {"displayName": kind.title, "description": about, "icon": icon, "logo": icon},
        "podTemplate": template,
        "filterRules": [_rule(value) for value in sorted({_label(item) for item in images})],
        **_activity_rules(pause_after),
    }
    metadata = {"name": name, "labels": PLAIN_LABELS}
    return {
        "apiVersion": "kubeflow.org/v1beta1", "kind": "WorkspaceKind", "metadata": metadata, "spec": spec,
    }  # fmt: skip


def _by_script() -> dict[str, Any]:
    """Return the probe of an IDE without Jupyter's API: a script that runs in the Workspace."""
    script = files("image_matrix.render.kubernetes.in_workspace") / "activity.py"
    return {"podExec": {"script": Block(script.read_text(encoding="utf-8"))}}


def _activity_rules(minutes: int | None) -> dict[str, Any]:
    if minutes is None:
        return {}
    rule = {"config": {"secondsSinceActive": 60 * minutes}, "effect": {"pauseWorkspace": True}}
    return {"activityRules": [rule]}


def _proxy(group: str) -> dict[str, Any]:
    proxy: dict[str, Any] = {"removePathPrefix": group != "image"}
    if group == "imageGroupTwo":
        header = {"X-RStudio-Root-Path": f'{{{{ httpPathPrefix "{PORT}" }}}}'}
        proxy["requestHeaders"] = {"set": header}
    return proxy


def _label(item: Mapping[str, Any]) -> str:
    return next(str(label["value"]) for label in item["spawner"]["labels"] if label["key"] == LABEL)


def _rule(value: str) -> dict[str, Any]:
    """Return the rule that allows images with a label only on pods with the same label."""
    text = (
        "This image needs no accelerator."
        if value == NONE
        else f"This image needs a pod with {value} devices."
    )

    def match(operator: str) -> dict[str, Any]:
        return {"selector": {"matchExpressions": [{"key": LABEL, "operator": operator, "values": [value]}]}}

    return {
        "scope": "POD_CONFIG",
        "match": [{"matchImageConfig": match("In")}, {"matchPodConfig": match("NotIn")}],
        "effect": {"ui": {"hide": True}, "api": {"deny": True, "denyMessage": {"text": text}}},
    }
