"""Renders PodDefaults: what a profile sets in pods, as "Configurations" of the form of Kubeflow Notebooks 1.

Source: kubeflow/kubeflow, components/admission-webhook. The form offers the PodDefaults of the user's namespace by the
first label of their selector; the webhook gives pods with that label the variables and volumes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.audience import plain_environment
from image_matrix.profiles.mounts import plain_mounts
from image_matrix.render.kubernetes.dump import dump
from image_matrix.render.kubernetes.flux import ABOUT, PLAIN_LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.profiles.offer import Offer

_LONGEST = 63 - len("poddefault-")
"""Characters of a name: the webhook puts it behind this word into the name of an annotation."""


def pod_defaults(offers: Sequence[Offer]) -> str:
    """Return the PodDefaults of the profiles with variables or volumes; empty if there is none."""
    objects = [_pod_default(offer) for offer in offers if _has_settings(offer)]
    return dump(*objects, about=ABOUT) if objects else ""


def label_of(offer: Offer) -> str | None:
    """Return the label of pods that get the PodDefault of a profile; ``None`` if it has none."""
    return f"image-matrix/{_name(offer.slug)}" if _has_settings(offer) else None


def _has_settings(offer: Offer) -> bool:
    return bool(plain_environment(offer.profile) or plain_mounts(offer.profile).volume_mounts)


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
