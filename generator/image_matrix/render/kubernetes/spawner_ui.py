"""Renders ``spawner_ui_config.yaml`` for Kubeflow Notebooks 1.

Source: kubeflow/notebooks, components/crud-web-apps/jupyter/manifests/base/configs/spawner_ui_config.yaml. The list of
an image depends on the HTTP paths that it serves: ``image`` serves below NB_PREFIX, ``imageGroupOne`` needs paths
without it, ``imageGroupTwo`` also the header X-RStudio-Root-Path. An image in the wrong list answers 404.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from image_matrix.config.home import HOME
from image_matrix.config.lineage import lineage
from image_matrix.profiles.audience import plain_environment
from image_matrix.profiles.devices import of_image
from image_matrix.profiles.offer import used_variants
from image_matrix.profiles.units import byte_count
from image_matrix.render.kubernetes.build_environment import preselected_labels
from image_matrix.render.kubernetes.dump import dump
from image_matrix.render.kubernetes.flux import ABOUT
from image_matrix.render.kubernetes.laid_over import laid_over
from image_matrix.render.kubernetes.pod_defaults import label_of
from image_matrix.render.kubernetes.spawner_nodes import of_nodes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.sites import Site
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
    preselected = _preselected(offers)
    defaults: dict[str, Any] = {
        "allowCustomImage": False,
        "hideRegistry": True,
        "hideTag": False,
        **_images(matrix, variants, offers, references),
        "imagePullPolicy": {"value": "IfNotPresent", "readOnly": False},
        **_amounts(preselected),
        **of_nodes(matrix, offers, preselected),
        "configurations": {"value": _configurations(matrix.catalog.site, preselected)},
        "shm": {"value": True},
        "environment": {"value": {}},
        "workspaceVolume": {"value": _home()},
        "dataVolumes": {"value": []},
    }
    settings = matrix.catalog.site.spawner_ui
    return dump({"spawnerFormDefaults": laid_over(defaults, settings)}, about=ABOUT)


def _configurations(site: Site, preselected: Offer) -> list[str]:
    """Return the labels of PodDefaults that are preselected."""
    of_profile = label_of(preselected)
    variables = plain_environment(preselected.profile)
    return [*([of_profile] if of_profile else []), *preselected_labels(site, variables)]


def _images(
    matrix: Matrix, variants: Mapping[str, Variant], offers: Sequence[Offer], references: Mapping[str, str]
) -> dict[str, Any]:
    """Return the lists of images; the form reads ``image`` in any case, the others only if they are there."""
    grouped: dict[str, dict[str, str]] = {"image": {}}
    for item in used_variants(offers).values():
        group = grouped.setdefault(group_of(matrix, variants, item), {})
        group[item.id] = _shown(matrix, item, references[item.id])
    return {
        group: {
            "value": _value(listed, matrix, variants, _preselected(offers)),
            "options": [*listed.values()],
        }
        for group in GROUPS
        if (listed := grouped.get(group)) is not None
    }


def _value(
    listed: Mapping[str, str], matrix: Matrix, variants: Mapping[str, Variant], preselected: Offer
) -> str:
    """Return the preselected image of a list: that of the profile, or the first one for the same devices."""
    image = next(choice.image_id or "" for choice in preselected.images if choice.default)
    vendor = of_image(matrix, variants[image])
    fitting = (name for name in listed if of_image(matrix, variants[name]) == vendor)
    names = [image] if image in listed else [*fitting, *listed]
    return listed[names[0]] if names else ""


def _shown(matrix: Matrix, item: Variant, reference: str) -> str:
    """Return a reference that the form shows as name and label: it cuts a reference at the second colon.

    With a digest the tag says nothing more to a cluster, so it need not have the key.
    """
    digest = reference.partition("@")[2]
    return f"{matrix.repository(item)}:{item.label}@{digest}" if digest else reference


def _preselected(offers: Sequence[Offer]) -> Offer:
    """Return the default profile, or the first one where that is not listed."""
    return next((offer for offer in offers if offer.default), offers[0])


def _amounts(preselected: Offer) -> dict[str, Any]:
    """Return CPU and memory of the default size, or those of Kubeflow's own form; memory is in Gi, as it expects."""
    size = next((choice.size for choice in preselected.sizes if choice.default), None)
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
            "value": f"{round(gibibytes[1] or gibibytes[0] or 1, 3):.9g}Gi",
            "limitFactor": _factor(*gibibytes),
        },
    }


def _factor(limit: float | None, guarantee: float | None) -> str:
    """Return what the form multiplies a request with for its limit; ``none`` is no limit.

    The form rounds the limit to tenths, and refuses one below the request. Source: kubeflow/notebooks,
    components/crud-web-apps/jupyter/backend/apps/common/form.py, ``set_notebook_cpu``.
    """
    if limit is None:
        return "none"
    request = guarantee or limit
    rounded = round(limit, 1)
    return f"{(rounded if rounded >= request else ceil(10 * limit) / 10) / request:.6g}"


def _home() -> dict[str, Any]:
    claim = {"resources": {"requests": {"storage": "10Gi"}}, "accessModes": ["ReadWriteOnce"]}
    return {
        "mount": HOME,
        "newPvc": {"metadata": {"name": "{notebook-name}-workspace"}, "spec": claim},
    }
