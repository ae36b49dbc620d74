"""Turns settings of KubeSpawner into the fields of a size, and into overrides that a matrix can have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from image_matrix.importing.home_mounts import with_key_of_home
from image_matrix.profiles import traits
from image_matrix.profiles.fields import OBJECTS
from image_matrix.profiles.mounts import MOUNTS
from image_matrix.profiles.traits import GUARANTEES, LIMITS
from image_matrix.validate.profiles_overrides import by_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.json_data import Json

AMOUNTS = ("cpu_limit", "cpu_guarantee", "mem_limit", "mem_guarantee", LIMITS)
"""What a size has fields for, beside node selectors and tolerations."""
_DEVICE = re.compile(r"[a-z0-9.-]+/[A-Za-z0-9._-]+")
_UNITS = re.compile(r"([0-9.]+)([KMGT])")


def size_of(settings: Mapping[str, Json], title: str, description: str, notes: list[str]) -> dict[str, Json]:
    """Return the fields of a size with these settings."""
    rest = dict(settings)
    fields: dict[str, Any] = {"display_name": title, **({"description": description} if description else {})}
    for name, prefix in (("cpu", "cpu"), ("memory", "mem")):
        if amount := _amount(rest, prefix, notes):
            fields[name] = amount
    if devices := _devices(rest.get(LIMITS)):
        fields["devices"] = devices
        del rest[LIMITS]
        rest |= _guaranteed_otherwise(rest.pop(GUARANTEES, None), devices)
    return fields | further_fields(rest, notes)


def further_fields(settings: Mapping[str, Json], notes: list[str]) -> dict[str, Json]:
    """Return the fields for nodes that profiles and sizes have, and the override with the rest."""
    rest = dict(settings)
    fields: dict[str, Any] = {}
    if nodes := rest.pop("node_selector", None):
        fields["node_selector"] = {key: plain_text(value) for key, value in nodes.items()}
    if every := tolerations_of(rest.pop("tolerations", None)):
        fields["tolerations"] = every
    carried = carried_over(rest, notes)
    return fields | ({"kubespawner_override": carried} if carried else {})


def _amount(settings: dict[str, Json], prefix: str, notes: list[str]) -> dict[str, Json]:
    """Take a limit and a guarantee out of the settings; a limit of nothing is ``none``."""
    amount: dict[str, Json] = {}
    for side in ("limit", "guarantee"):
        name = f"{prefix}_{side}"
        if name not in settings:
            continue
        value = settings.pop(name)
        if value is not None:
            amount[side] = _memory(value) if prefix == "mem" else _cores(value)
        elif side == "limit":
            amount[side] = "none"
        else:
            notes.append(f"not carried over: `{name}: null`; the hub's own value counts")
    return amount


def _memory(value: Json) -> Json:
    """Return an amount in the matrix' notation: KubeSpawner's G is Gi."""
    match = _UNITS.fullmatch(str(value))
    return f"{value}i" if match else int(value) if str(value).isdigit() else value


def _cores(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    number = float(value)
    return int(number) if number.is_integer() else number


def _devices(limits: Json) -> dict[str, int] | None:
    """Return devices of one kind, all that a size can have."""
    if not limits or len(limits) != 1:
        return None
    name, count = next(iter(limits.items()))
    return {name: int(count)} if _DEVICE.fullmatch(name) and str(count).isdigit() and int(count) else None


def _guaranteed_otherwise(guarantees: Json, devices: Mapping[str, int]) -> dict[str, Json]:
    """Return the setting without guarantees that are the same as the limit, which Kubernetes takes for both."""
    limits = {name: str(count) for name, count in devices.items()}
    others = {name: count for name, count in (guarantees or {}).items() if limits.get(name) != str(count)}
    return {GUARANTEES: others} if others else {}


def tolerations_of(given: Json) -> list[Json]:
    """Return tolerations as a list, which KubeSpawner also takes as a mapping."""
    return list(given.values() if isinstance(given, dict) else given or ())


def carried_over(override: Mapping[str, Json], notes: list[str]) -> dict[str, Json]:
    """Return an override in the form that a matrix has it; notes name what it cannot have."""
    return {
        name: _mapping(name, value) if name in traits.CHART_LISTS and isinstance(value, list) else value
        for name, value in _settings(override, traits.KNOWN, notes)
    }


def _mapping(setting: str, entries: list[Json]) -> dict[str, Json]:
    named = by_name(entries)
    return with_key_of_home(named) if setting == MOUNTS else named


def settings_of_choice(override: Mapping[str, Json], notes: list[str]) -> dict[str, Json]:
    """Return the override of a choice of a further option: it may set the image, replace lists, take limits away."""
    unlimited = [name for name in traits.NUMBERS | traits.MEMORY if override.get(name, 0) is None]
    given = {name: value for name, value in override.items() if name not in unlimited}
    carried = dict(_settings(given, traits.KNOWN | {"image"}, notes))
    return {name: carried.get(name) for name in override if name in carried or name in unlimited}


def _settings(
    override: Mapping[str, Json], known: Collection[str], notes: list[str]
) -> Iterator[tuple[str, Json]]:
    """Yield the settings that a matrix can have, numbers and words of YAML as texts where texts are expected."""
    for name, value in override.items():
        if name in traits.TOO_LATE:
            notes.append(
                f"not carried over: the hub reads `{name}` before the profile; set it in the chart's values"
            )
        elif name not in known:
            ours = f"; write `{traits.EQUIVALENTS[name]}`" if name in traits.EQUIVALENTS else ""
            what = f"`{name}` in `kubespawner_override` is no setting of KubeSpawner"
            notes.append(f"not carried over: {what}{ours}")
        elif value is None:
            notes.append(f"not carried over: `{name}: null`; the hub's own value counts")
        elif name in traits.MAPPINGS - OBJECTS.keys() and isinstance(value, dict):
            yield name, {key: plain_text(item) for key, item in value.items()}
        else:
            yield name, value


def plain_text(value: Json) -> Json:
    """Return what a mapping of texts has: numbers and words of YAML as texts."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value
