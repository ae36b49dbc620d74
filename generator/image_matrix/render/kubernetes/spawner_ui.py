"""Renders ``spawner_ui_config.yaml`` for Kubeflow Notebooks 1.

Source: kubeflow/notebooks, components/crud-web-apps/jupyter/manifests/base/configs/spawner_ui_config.yaml. The list of
an image depends on the HTTP paths that it serves: ``image`` serves below NB_PREFIX, ``imageGroupOne`` needs paths
without it, ``imageGroupTwo`` also the header X-RStudio-Root-Path. An image in the wrong list answers 404.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.config.lineage import lineage
from image_matrix.profiles.devices import device_title, of_size
from image_matrix.profiles.offer import used_variants
from image_matrix.profiles.pod import devices, tolerations, without_hub_taints
from image_matrix.profiles.units import byte_count
from image_matrix.render.kubernetes.dump import dump
from image_matrix.render.kubernetes.flux import ABOUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.sizes import Size
    from image_matrix.profiles.offer import Offer

GROUPS = ("image", "imageGroupOne", "imageGroupTwo")


def group_of(matrix: Matrix, variants: Mapping[str, Variant], item: Variant) -> str:
    """Return the list of a variant, or of its nearest ancestor that the site puts into a list."""
    for ancestor in lineage(variants, item):
        if ancestor.image in matrix.catalog.site.group_two:
            return "imageGroupTwo"
        if ancestor.image in matrix.catalog.site.group_one:
            return "imageGroupOne"
    return "image"


def spawner_ui(
    matrix: Matrix, variants: Mapping[str, Variant], offers: Sequence[Offer], references: Mapping[str, str]
) -> str:
    """Return the file."""
    grouped: dict[str, list[str]] = {group: [] for group in GROUPS}
    for item in used_variants(offers).values():
        grouped[group_of(matrix, variants, item)].append(references[item.id])
    first = next(choice for choice in _preselected(offers).images if choice.default)
    defaults: dict[str, Any] = {"allowCustomImage": False, "hideRegistry": True, "hideTag": False}
    for group, images in grouped.items():
        preferred = references[first.variant.id]
        value = preferred if preferred in images else next(iter(images), "")
        defaults[group] = {"value": value, "options": images}
    defaults["imagePullPolicy"] = {"value": "IfNotPresent", "readOnly": False}
    defaults |= _amounts(offers)
    defaults |= {"gpus": _gpus(matrix, offers), "tolerationGroup": _tolerations(matrix, offers)}
    defaults |= {
        "affinityConfig": {"value": "", "options": []},
        "configurations": {"value": []},
        "shm": {"value": True},
        "environment": {"value": {}},
        "workspaceVolume": {"value": _home()},
        "dataVolumes": {"value": []},
    }
    return dump({"spawnerFormDefaults": defaults}, about=ABOUT)


def _preselected(offers: Sequence[Offer]) -> Offer:
    """Return the default profile, or the first one where that is not listed."""
    return next((offer for offer in offers if offer.default), offers[0])


def _default_size(offers: Sequence[Offer]) -> Size | None:
    return next((choice.size for choice in _preselected(offers).sizes if choice.default), None)


def _amounts(offers: Sequence[Offer]) -> dict[str, Any]:
    """Return CPU and memory of the default size, or those of Kubeflow's own form; memory is in Gi, as it expects."""
    size = _default_size(offers)
    if size is None:
        return {
            "cpu": {"value": "0.5", "limitFactor": "1.2"},
            "memory": {"value": "1Gi", "limitFactor": "1.2"},
        }
    cpu, memory = size.cpu, size.memory
    cores = [float(amount) if amount is not None else None for amount in (cpu.limit, cpu.guarantee)]
    gibibytes = [
        count / 1024**3 if count else None
        for count in (byte_count(memory.limit), byte_count(memory.guarantee))
    ]
    return {
        "cpu": {"value": f"{cores[1] or cores[0] or 0.5:g}", "limitFactor": _factor(*cores)},
        "memory": {
            "value": f"{gibibytes[1] or gibibytes[0] or 1:.3g}Gi",
            "limitFactor": _factor(*gibibytes),
        },
    }


def _factor(limit: float | None, guarantee: float | None) -> str:
    """Return what the form multiplies a request with for its limit; ``none`` is no limit.

    Source: kubeflow/kubeflow, crud-web-apps/jupyter/backend/apps/common/form.py, ``set_notebook_cpu``.
    """
    if limit is None:
        return "none"
    return f"{limit / (guarantee or limit):.3g}"


def _sizes(offers: Sequence[Offer]) -> dict[str, Size]:
    return {c.size.name: c.size for offer in offers for c in offer.sizes if c.size is not None}


def _gpus(matrix: Matrix, offers: Sequence[Offer]) -> dict[str, Any]:
    named: dict[str, str] = {}
    for size in _sizes(offers).values():
        for device in size.devices:
            named.setdefault(device, device_title(matrix, device))
    vendors = [{"limitsKey": key, "uiName": name} for key, name in named.items()]
    return {"value": {"num": "none", "vendor": "", "vendors": vendors}}


def _tolerations(matrix: Matrix, offers: Sequence[Offer]) -> dict[str, Any]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for offer in offers:
        for choice in offer.sizes:
            if devices(choice.size):
                every = groups.setdefault(of_size(choice.size), [])
                more = without_hub_taints(tolerations(matrix, offer.profile, choice.size))
                every.extend(item for item in more if item not in every)
    options = [
        {"groupKey": name, "displayName": f"Nodes with {name} devices", "tolerations": every}
        for name, every in groups.items()
    ]
    return {"value": "", "options": options}


def _home() -> dict[str, Any]:
    claim = {"resources": {"requests": {"storage": "10Gi"}}, "accessModes": ["ReadWriteOnce"]}
    return {
        "mount": "/home/jovyan",
        "newPvc": {"metadata": {"name": "{notebook-name}-workspace"}, "spec": claim},
    }
