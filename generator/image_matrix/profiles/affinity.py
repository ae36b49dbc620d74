"""Makes the affinity of pods, as Kubernetes has it, of KubeSpawner's settings.

Source: KubeSpawner 7.1.0, ``make_pod`` in objects.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.profiles.fields import camel_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.json_data import Json

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
SETTINGS: Mapping[str, tuple[str, str]] = {
    f"{setting}_{strength}": (field, when)
    for setting, field in (
        ("node_affinity", "nodeAffinity"),
        ("pod_affinity", "podAffinity"),
        ("pod_anti_affinity", "podAntiAffinity"),
    )
    for strength, when in (("required", _REQUIRED), ("preferred", _PREFERRED))
}
"""Setting of KubeSpawner to the field of an affinity, and the part of it."""


def affinity(*overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return the affinity that overrides ask for; of two with one setting, mappings are merged and lists replaced."""
    result: dict[str, Any] = {}
    for setting, (field, when) in SETTINGS.items():
        if entries := _entries(override[setting] for override in overrides if setting in override):
            terms = (
                {"nodeSelectorTerms": entries} if (field, when) == ("nodeAffinity", _REQUIRED) else entries
            )
            result.setdefault(field, {})[when] = terms
    return result


def on_nodes(labels: Mapping[str, str], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return an affinity that also asks for labels of nodes; of several terms, a node has to fit one."""
    if not labels:
        return dict(other)
    needed = [{"key": name, "operator": "In", "values": [value]} for name, value in labels.items()]
    nodes = other.get("nodeAffinity", {})
    terms = nodes.get(_REQUIRED, {}).get("nodeSelectorTerms", [{}])
    both = [{**term, "matchExpressions": [*needed, *term.get("matchExpressions", [])]} for term in terms]
    return {**other, "nodeAffinity": {**nodes, _REQUIRED: {"nodeSelectorTerms": both}}}


def _entries(given: Iterable[Json]) -> list[Json]:
    """Return the entries of a setting, in the order of their names, as KubeSpawner has them."""
    result: Json = {}
    for value in given:
        both = isinstance(value, dict) and isinstance(result, dict)
        result = {**result, **value} if both else value
    ordered = [result[name] for name in sorted(result)] if isinstance(result, dict) else result
    return [_in_camel_case(entry) for entry in ordered]


def _in_camel_case(value: Json) -> Json:
    """Return an object with the names of fields as in Kubernetes' YAML; names of labels stay what they are."""
    if isinstance(value, list):
        return [_in_camel_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: item if name == "matchLabels" else _in_camel_case(item)
        for name, item in ((camel_case(key), item) for key, item in value.items())
    }
