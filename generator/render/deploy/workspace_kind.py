"""Kubeflow Notebooks 2: WorkspaceKinds, one for each HTTP behaviour.

Source: kubeflow/notebooks, workspaces/controller/api/v1beta1/workspacekind_types.go. A value that a Workspace uses may
neither change nor go: ids carry what they stand for, and those of the last release stay, hidden and redirected.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from generator.profiles.devices import NONE, of_image, of_size
from generator.profiles.offer import used_variants
from generator.profiles.pod import devices, hugepages, placements_of, selector, tolerations
from generator.profiles.units import byte_count
from generator.render.deploy.dump import dump
from generator.render.deploy.flux import ABOUT
from generator.render.deploy.spawner_ui import group_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from generator.matrix.model import Matrix, Variant
    from generator.matrix.profiles import Profile, Size
    from generator.profiles.offer import Offer

PORT = "notebook"
LABEL = "accelerator"
MOST_VALUES = 256
_KINDS = {
    "image": ("notebooks", "Notebooks"),
    "imageGroupOne": ("notebooks-at-root", "Notebooks (code-server)"),
    "imageGroupTwo": ("notebooks-rstudio", "Notebooks (RStudio)"),
}
_ICON = {"url": "https://jupyter.org/assets/favicons/apple-touch-icon-152x152.png"}


def workspace_kinds(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    offers: Sequence[Offer],
    references: Mapping[str, str],
    previous: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Return the WorkspaceKinds; ``previous`` are those of the last release, whose ids are kept."""
    grouped: dict[str, list[Variant]] = {}
    for item in used_variants(offers).values():
        grouped.setdefault(group_of(matrix, variants, item), []).append(item)
    old = {kind["metadata"]["name"]: kind["spec"]["podTemplate"]["options"] for kind in previous}
    made = [
        _kind(matrix, group, grouped[group], offers, references, old.get(_KINDS[group][0], {}))
        for group in _KINDS
        if group in grouped
    ]
    return dump(*made, about=ABOUT)


def _kind(
    matrix: Matrix,
    group: str,
    items: Sequence[Variant],
    offers: Sequence[Offer],
    references: Mapping[str, str],
    old: Mapping[str, Any],
) -> dict[str, Any]:
    images = [_image(matrix, item, references[item.id]) for item in items]
    pods = _pods(matrix, offers)
    name, title = _KINDS[group]
    template = {
        "volumeMounts": {"home": "/home/jovyan"},
        "activityProbe": {"jupyter": {"lastActivity": True, "portId": PORT}},
        "ports": [
            {"id": PORT, "protocol": "HTTP", "defaultDisplayName": "Notebook", "httpProxy": _proxy(group)}
        ],
        "extraEnv": [{"name": "NB_PREFIX", "value": f'{{{{ httpPathPrefix "{PORT}" }}}}'}],
        "extraVolumeMounts": [{"name": "dshm", "mountPath": "/dev/shm"}],  # noqa: S108 - a mount in a pod
        "extraVolumes": [{"name": "dshm", "emptyDir": {"medium": "Memory"}}],
        "securityContext": {"fsGroup": 100},
        "containerSecurityContext": {"allowPrivilegeEscalation": False, "runAsNonRoot": True},
        "options": {
            "imageConfig": _option(images, old.get("imageConfig", {})),
            "podConfig": _option(pods, old.get("podConfig", {})),
        },
    }
    about = "Images of matrix.yaml; a choice of image and pod that do not fit is refused."
    spec = {
        "spawner": {"displayName": title, "description": about, "icon": _ICON, "logo": _ICON},
        "podTemplate": template,
        "filterRules": [_rule(value) for value in sorted({_label(item) for item in images})],
    }
    return {
        "apiVersion": "kubeflow.org/v1beta1", "kind": "WorkspaceKind", "metadata": {"name": name}, "spec": spec,
    }  # fmt: skip


def _proxy(group: str) -> dict[str, Any]:
    made: dict[str, Any] = {"removePathPrefix": group != "image"}
    if group == "imageGroupTwo":
        header = {"X-RStudio-Root-Path": f'{{{{ httpPathPrefix "{PORT}" }}}}'}
        made["requestHeaders"] = {"set": header}
    return made


def _version(reference: str) -> str:
    """Return what tells one build from the next: the digest's start, or the tag, which ends in the key's."""
    digest = reference.partition("@sha256:")[2]
    return digest[:12] if digest else reference.rpartition(":")[2].rpartition("-")[2][:12]


def _image(matrix: Matrix, item: Variant, reference: str) -> dict[str, Any]:
    labels = {
        f"{axis}_version" if value[:1].isdigit() else axis: value for axis, value in item.values.items()
    }
    labels[LABEL] = of_image(matrix, item)
    title = ", ".join([item.image, *(f"{axis} {value}" for axis, value in item.values.items())])
    return {
        "id": f"{item.image}_{item.label.replace('.', '-')}_{_version(reference)}",
        "spawner": {
            "displayName": title[:128],
            **({"description": item.description[:1024]} if len(item.description) > 1 else {}),
            "labels": [{"key": key, "value": value[:64]} for key, value in labels.items()],
        },
        "spec": {
            "image": reference,
            "imagePullPolicy": "IfNotPresent",
            "ports": [{"id": PORT, "displayName": "Notebook", "port": 8888}],
        },
    }


def _pods(matrix: Matrix, offers: Sequence[Offer]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for offer in offers:
        for choice in offer.sizes:
            made = _pod(matrix, offer.profile, choice.size)
            found.setdefault(made["id"], made)
    return list(found.values())


def _pod(matrix: Matrix, profile: Profile, size: Size | None) -> dict[str, Any]:
    placements = placements_of(matrix, size)
    nodes = {**profile.node_selector, **selector(size, placements)}
    every = [dict(item) for item in tolerations(matrix, profile, size)]
    spec: dict[str, Any] = {"resources": _resources(matrix, size)}
    spec |= {"nodeSelector": nodes} if nodes else {}
    spec |= {"tolerations": every} if every else {}
    # a value in use must not change: what it holds is part of its id
    mark = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:8]
    title = size.display_name if size else "Default"
    return {
        "id": f"{size.name if size else 'default'}_{mark}",
        "spawner": {
            "displayName": title[:128] if len(title) > 1 else f"{title} ",
            **({"description": size.description[:1024]} if size and len(size.description) > 1 else {}),
            "labels": [{"key": LABEL, "value": of_size(matrix, size)}],
        },
        "spec": spec,
    }


def _resources(matrix: Matrix, size: Size | None) -> dict[str, dict[str, str]]:
    """Amounts as Kubernetes quantities: bytes as a number mean the same everywhere."""
    if size is None:
        return {"requests": {"cpu": "100m", "memory": "128Mi"}}
    extra = devices(matrix, size) | hugepages(placements_of(matrix, size))
    made = {}
    for name, side in (("limits", "limit"), ("requests", "guarantee")):
        cpu, memory = getattr(size.cpu, side), byte_count(getattr(size.memory, side))
        found = {"cpu": f"{round(float(cpu) * 1000)}m"} if cpu is not None else {}
        found |= {"memory": str(memory)} if memory is not None else {}
        found |= extra
        if found:
            made[name] = found
    return made


def _option(values: list[dict[str, Any]], old: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with those of the last release behind them, hidden and redirected to what took their place."""
    ids = {item["id"] for item in values}
    heirs = {_stem(item["id"]): item["id"] for item in values}
    kept = []
    for item in old.get("values", ()):
        if item["id"] not in ids:
            spawner = {**item["spawner"], "hidden": True}
            heir = heirs.get(_stem(item["id"]))
            redirect = {"redirect": _redirect(heir)} if heir else {}
            bare = {key: value for key, value in item.items() if key != "redirect"}
            kept.append({**bare, "spawner": spawner, **redirect})
    return {"spawner": {"default": values[0]["id"]}, "values": [*values, *kept][:MOST_VALUES]}


def _stem(identifier: str) -> str:
    return identifier.rpartition("_")[0]


def _redirect(heir: str) -> dict[str, Any]:
    return {"to": heir, "message": {"level": "Info", "text": "A newer build is there; restart to get it."}}


def _label(item: Mapping[str, Any]) -> str:
    return next(str(label["value"]) for label in item["spawner"]["labels"] if label["key"] == LABEL)


def _rule(value: str) -> dict[str, Any]:
    """Refuse pods of another kind for images of this kind."""
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
