"""Renders PodDefaults: what a profile sets in pods, as "Configurations" of the form of Kubeflow Notebooks 1.

Source: kubeflow/kubeflow, components/admission-webhook. The form offers the PodDefaults of the user's namespace by the
first label of their selector; the webhook gives pods with that label the variables and volumes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.audience import plain_environment
from image_matrix.profiles.mounts import plain_mounts
from image_matrix.render.kubernetes.build_environment import (
    LABEL,
    NAME,
    build_variables,
    certificate_mounts,
    certificate_volumes,
)
from image_matrix.render.kubernetes.dump import dump
from image_matrix.render.kubernetes.flux import ABOUT, PLAIN_LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.config.sites import Site
    from image_matrix.profiles.offer import Offer

_LONGEST = 63 - len("poddefault-")
"""Characters of a name: the webhook puts it behind this word into the name of an annotation."""


def pod_defaults(offers: Sequence[Offer], site: Site) -> str:
    """Return the PodDefaults of profiles with settings and of the BuildKit; empty if there is none."""
    objects = [_pod_default(offer) for offer in offers if _has_settings(offer)]
    objects += [_of_buildkit(site)] if offers and site.buildkit else []
    return dump(*objects, about=ABOUT) if objects else ""


def label_of(offer: Offer) -> str | None:
    """Return the label of pods that get the PodDefault of a profile; ``None`` if it has none."""
    return f"image-matrix/{_name(offer.slug)}" if _has_settings(offer) else None


def _has_settings(offer: Offer) -> bool:
    return bool(plain_environment(offer.profile) or plain_mounts(offer.profile).volume_mounts)


def _of_buildkit(site: Site) -> dict[str, Any]:
    """Return the PodDefault with the address of the site's BuildKit."""
    variables, volumes = build_variables(site), certificate_volumes(site)
    return {
        "apiVersion": "kubeflow.org/v1alpha1",
        "kind": "PodDefault",
        "metadata": {"name": NAME, "labels": PLAIN_LABELS},
        "spec": {
            "desc": f"Image builds at {', '.join(variables.values())}",
            "selector": {"matchLabels": {LABEL: "true"}},
            "env": [{"name": name, "value": value} for name, value in variables.items()],
            **({"volumes": volumes, "volumeMounts": certificate_mounts(site)} if volumes else {}),
        },
    }


def _pod_default(offer: Offer) -> dict[str, Any]:
    variables, mounts = plain_environment(offer.profile), plain_mounts(offer.profile)
    paths = [str(mount.get("mountPath")) for mount in mounts.volume_mounts.values()]
    parts = [
        f"{verb} {', '.join(names)}" for verb, names in (("sets", variables), ("mounts", paths)) if names
    ]
    return {
        "apiVersion": "kubeflow.org/v1alpha1",
        "kind": "PodDefault",
        "metadata": {"name": _name(offer.slug), "labels": PLAIN_LABELS},
        "spec": {
            "desc": f"{offer.display_name}: {', '.join(parts)}",
            "selector": {"matchLabels": {label_of(offer): "true"}},
            "env": [{"name": name, "value": value} for name, value in variables.items()],
            **({"volumes": [*mounts.volumes.values()]} if mounts.volumes else {}),
            **({"volumeMounts": [*mounts.volume_mounts.values()]} if mounts.volume_mounts else {}),
        },
    }


def _name(slug: str) -> str:
    if len(slug) <= _LONGEST:
        return slug
    return f"{slug[: _LONGEST - 9].rstrip('-')}-{hashlib.sha256(slug.encode()).hexdigest()[:8]}"
