"""Renders the images and pods of a WorkspaceKind (Kubeflow Notebooks 2), with ids that depend on their content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.config.model import slug
from image_matrix.profiles.affinity import affinity
from image_matrix.profiles.audience import audience
from image_matrix.profiles.devices import of_image, of_size
from image_matrix.profiles.pod import (
    devices,
    every_toleration,
    hugepages,
    node_labels,
    placements_of,
)
from image_matrix.profiles.units import byte_count, human

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.profiles import Profile
    from image_matrix.config.sizes import Size
    from image_matrix.profiles.audience import Audience
    from image_matrix.profiles.offer import Offer, SizeChoice

PORT = "notebook"
OPTIONAL = "optional"
"""The label of an image that runs with an accelerator and without one: no rule is about it."""
LABEL = "accelerator"
FOR = "for"
"""The label with the groups that a value is for; a value for everybody has none."""
LONGEST = 63
"""Characters of a label's value."""
MOST_VALUES = 256
"""The maximum number of values in a WorkspaceKind."""


def _version(reference: str) -> str:
    """Return what differs between two builds: the start of the digest, or the end of the tag, which is the key."""
    digest = reference.partition("@sha256:")[2]
    return digest[:12] if digest else reference.rpartition(":")[2].rpartition("-")[2][:12]


@dataclass(frozen=True, slots=True)
class Value:
    """A value of ``imageConfig`` or ``podConfig``, and for whom it is."""

    shown: Audience
    spec: Mapping[str, Any]
    """The value as a WorkspaceKind has it."""

    @property
    def name(self) -> str:
        """Return its id."""
        return str(self.spec["id"])

    @property
    def accelerator(self) -> str:
        """Return the vendor of its devices."""
        labels = self.spec["spawner"]["labels"]
        return next(str(label["value"]) for label in labels if label["key"] == LABEL)


def image_value(matrix: Matrix, item: Variant, reference: str, shown: Audience) -> Value:
    """Return a variant as a value of ``imageConfig``."""
    labels = {
        f"{axis}_version" if value[:1].isdigit() else axis: value.replace("+", "_")
        for axis, value in item.values.items()
    }
    labels[LABEL] = OPTIONAL if item.accelerator_optional else of_image(matrix, item)
    title = ", ".join([item.image, *(f"{axis} {value}" for axis, value in item.values.items())])
    value = {
        "id": f"{slug(item.image)}_{item.label.replace('.', '-')}_{_version(reference)}",
        "spawner": _spawner(title, item.description, labels, shown),
        "spec": {
            "image": reference,
            "imagePullPolicy": "IfNotPresent",
            "ports": [{"id": PORT, "displayName": "Notebook", "port": 8888}],
        },
    }
    return Value(shown, value)


def _spawner(title: str, description: str, labels: Mapping[str, str], shown: Audience) -> dict[str, Any]:
    """Return how a value is shown."""
    every = {**labels, **({FOR: groups_text(shown.groups)} if shown.groups else {})}
    return {
        "displayName": _display_name(title),
        **({"description": description[:1024]} if len(description) > 1 else {}),
        "labels": [{"key": key, "value": value[:64]} for key, value in every.items()],
        **({"hidden": True} if shown.hidden else {}),
    }


def groups_text(groups: tuple[str, ...]) -> str:
    """Return the groups as the value of a label, of 63 characters at most."""
    text = "_".join(groups)
    return text if len(text) <= LONGEST else f"{text[:54]}_{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _display_name(title: str) -> str:
    """Return a title of 2 to 128 characters, as the CRD asks for."""
    return title[:128].ljust(2)


def pod_values(matrix: Matrix, offers: Sequence[Offer]) -> list[Value]:
    """Return the sizes of all profiles as values of ``podConfig``."""
    users: dict[str, list[tuple[Offer, SizeChoice]]] = {}
    sizes: dict[str, tuple[Size | None, dict[str, Any]]] = {}
    for offer in offers:
        for choice in offer.sizes:
            spec = _pod_spec(matrix, offer.profile, choice.size)
            name = _pod_id(choice.size, spec)
            sizes.setdefault(name, (choice.size, spec))
            users.setdefault(name, []).append((offer, choice))
    return [_pod_value(name, *sizes[name], audience(users[name])) for name in sizes]


def _pod_value(name: str, size: Size | None, spec: Mapping[str, Any], shown: Audience) -> Value:
    title, description = (size.display_name, size.description) if size else ("Default", "")
    labels = {LABEL: of_size(size), **_amounts(spec["resources"], size)}
    return Value(
        shown,
        {"id": name, "spawner": _spawner(title, description, labels, shown), "spec": spec},
    )


def _amounts(resources: Mapping[str, Mapping[str, str]], size: Size | None) -> dict[str, str]:
    """Return what a pod requests, as labels that users and rules read: cpu, memory and the number of devices."""
    requested = {**resources.get("limits", {}), **resources.get("requests", {})}
    amounts = {"cpu": requested.get("cpu"), "memory": _quantity(requested.get("memory"))}
    number = sum(size.devices.values()) if size else 0
    return {name: amount for name, amount in amounts.items() if amount} | (
        {"gpu": str(number)} if number else {}
    )


def _quantity(memory: str | None) -> str | None:
    """Return an amount in bytes as a quantity that people read."""
    return human(int(memory)) if memory and memory.isdigit() else memory


def pod_id(matrix: Matrix, offer: Offer, size: Size | None) -> str:
    """Return the id of a size of a profile; what differs in their pods differs in their ids."""
    return _pod_id(size, _pod_spec(matrix, offer.profile, size))


def _pod_id(size: Size | None, spec: Mapping[str, Any]) -> str:
    # a value in use must not change, so its content is part of its id
    mark = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:8]
    return f"{size.name if size else 'default'}_{mark}"


def _pod_spec(matrix: Matrix, profile: Profile, size: Size | None) -> dict[str, Any]:
    nodes = node_labels(matrix, profile, size)
    every = every_toleration(matrix, profile, size)
    overrides = [profile.override, *([size.override] if size else [])]
    spec: dict[str, Any] = {"resources": _with_extra(_resources(matrix, size), overrides)}
    spec |= {"affinity": asked} if (asked := affinity(*overrides)) else {}
    spec |= {"nodeSelector": nodes} if nodes else {}
    return spec | ({"tolerations": [*every]} if every else {})


def _with_extra(
    resources: Mapping[str, Mapping[str, str]], overrides: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    """Return amounts with the further resources of KubeSpawner's settings."""
    result = {name: dict(amounts) for name, amounts in resources.items()}
    for name, setting in (("limits", "extra_resource_limits"), ("requests", "extra_resource_guarantees")):
        extra = {
            key: str(value) for override in overrides for key, value in override.get(setting, {}).items()
        }
        if extra:
            result[name] = {**result.get(name, {}), **extra}
    return result


def _resources(matrix: Matrix, size: Size | None) -> dict[str, dict[str, str]]:
    """Return amounts as Kubernetes quantities; memory is in bytes, which every parser reads alike."""
    if size is None:
        return {"requests": {"cpu": "100m", "memory": "128Mi"}}
    extra = devices(size) | hugepages(placements_of(matrix, size))
    resources = {}
    for name, side in (("limits", "limit"), ("requests", "guarantee")):
        cpu, memory = getattr(size.cpu, side), byte_count(getattr(size.memory, side))
        amounts = {"cpu": f"{round(float(cpu) * 1000)}m"} if cpu is not None else {}
        amounts |= {"memory": str(memory)} if memory is not None else {}
        amounts |= extra
        if amounts:
            resources[name] = amounts
    return resources


def option(given: Sequence[Value], default: str, old: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values, followed by those of the last release, hidden and redirected to their replacements."""
    values = [value.spec for value in given]
    ids = {item["id"] for item in values}
    replacements = {_stem(item["id"]): item["id"] for item in values}
    kept = []
    for item in old.get("values", ()):
        if item["id"] not in ids:
            spawner = {**item["spawner"], "hidden": True}
            replacement = replacements.get(_stem(item["id"]))
            redirect = {"redirect": _redirect(replacement)} if replacement else {}
            bare = {key: value for key, value in item.items() if key != "redirect"}
            kept.append({**bare, "spawner": spawner, **redirect})
    return {"spawner": {"default": default}, "values": [*values, *kept][:MOST_VALUES]}


def dropped(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return, as ``kind: id``, the values that WorkspaceKinds no longer have: the oldest, if there are too many.

    Kubeflow's webhook refuses the whole update while a Workspace uses one of them.
    """
    remaining = set(_ids(after))
    return [f"{name}: {value}" for name, value in _ids(before) if (name, value) not in remaining]


def _ids(kinds: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for kind in kinds:
        for choice in kind["spec"]["podTemplate"]["options"].values():
            for value in choice["values"]:
                yield kind["metadata"]["name"], value["id"]


def _stem(identifier: str) -> str:
    return identifier.rpartition("_")[0]


def _redirect(target: str) -> dict[str, Any]:
    return {
        "to": target,
        "message": {"level": "Info", "text": "A newer build is available; restart to use it."},
    }
