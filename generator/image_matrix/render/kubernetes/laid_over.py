"""Lays the settings of a site over generated objects of Kubeflow.

Mappings are merged, and an empty value takes away what was generated. Lists of things with names are joined by their
names, as Kubernetes does it (``listMapKey`` in workspacekind_types.go of kubeflow/notebooks), and options of the form
are added to the generated ones. Other lists are replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.json_data import Json

Join = Callable[[list["Json"], list["Json"]], list["Json"]]


def laid_over(generated: Json, settings: Json, field: str = "") -> Json:
    """Return what was generated with settings on top; neither is changed."""
    if isinstance(generated, dict) and isinstance(settings, dict):
        kept = {key: value for key, value in generated.items() if settings.get(key, value) is not None}
        given = {key: value for key, value in settings.items() if value is not None}
        return kept | {key: laid_over(kept.get(key), value, key) for key, value in given.items()}
    if isinstance(generated, list) and isinstance(settings, list) and field in _JOINED:
        return _JOINED[field](generated, settings)
    return _without_empty(settings)


def _without_empty(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_empty(item) for key, item in value.items() if item is not None}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value


def _by(*names: str) -> Join:
    """Return how lists are joined whose entries have one of these names, or are a text."""

    def name_of(item: Json) -> Json:
        return next((item[name] for name in names if name in item), None) if isinstance(item, dict) else item

    def join(generated: list[Json], settings: list[Json]) -> list[Json]:
        given = {str(name_of(item)): item for item in settings}
        changed = [laid_over(item, given.pop(str(name_of(item)), {} if isinstance(item, dict) else item))
                   for item in generated]  # fmt: skip
        return [*changed, *map(_without_empty, given.values())]

    return join


_JOINED: Mapping[str, Join] = {
    "options": _by("groupKey", "configKey"),
    "vendors": _by("limitsKey"),
    "ports": _by("id"),
    "extraEnv": _by("name"),
    "extraVolumes": _by("name"),
    "extraVolumeMounts": _by("mountPath"),
    # of rules the first that matches counts: who may choose what is not changed, when to pause is
    "filterRules": lambda generated, settings: [*generated, *settings],
    "activityRules": lambda generated, settings: [*settings, *generated],
}
