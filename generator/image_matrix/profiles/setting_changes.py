"""Compares two overrides of KubeSpawner setting by setting, and names the settings as users know them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.offer_change import NO_LIMIT, SettingChange
from image_matrix.profiles.units import byte_count, human

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Override = Mapping[str, Any]

UNSET = object()
"""Stands for a setting that an override lacks: ``None`` is a value of KubeSpawner, without limit."""
AMOUNTS = {
    "cpu_limit": "cpu_limit",
    "cpu_guarantee": "cpu_guarantee",
    "mem_limit": "memory_limit",
    "mem_guarantee": "memory_guarantee",
}
"""KubeSpawner's field to the kind of setting."""
HUB_TAINTS = "hub.jupyter.org"
"""The start of the taints of nodes for users, which a list of tolerations has to repeat."""


def setting_changes(before: Override, after: Override) -> Iterator[SettingChange]:
    """Yield what differs between two overrides, in the order of their fields."""
    yield from _changed("shm", "", _shm(before), _shm(after))
    old, new = _without_shm(before), _without_shm(after)
    for field in dict.fromkeys([*old, *new]):
        was, now = old.get(field, UNSET), new.get(field, UNSET)
        if was != now:
            reader = _READERS.get(field)
            yield from reader(was, now) if reader else _others(field, was, now)
    yield from _guarantees(old, new)


def _changed(what: str, name: str, before: str | None, after: str | None) -> Iterator[SettingChange]:
    if before != after:
        yield SettingChange(what, name, before, after)


def _amount(field: str) -> Callable[[object, object], Iterator[SettingChange]]:
    def reader(was: object, now: object) -> Iterator[SettingChange]:
        return _changed(AMOUNTS[field], "", _amount_text(field, was), _amount_text(field, now))

    return reader


def _amount_text(field: str, value: object) -> str | None:
    if value is UNSET:
        return None
    if not isinstance(value, int | float | str):
        return NO_LIMIT
    return _memory_text(value) if field.startswith("mem") else _cores_text(value)


def _cores_text(value: float | str) -> str:
    try:
        return f"{float(value):g}"
    except (ValueError, OverflowError):  # a list that somebody has edited; KubeSpawner refuses it
        return str(value)


def _memory_text(value: float | str) -> str:
    try:
        return human(byte_count(value))
    except (ValueError, OverflowError):
        return str(value)


def _shm(override: Override) -> str | None:
    """Return the size of /dev/shm, if an override has it as our profiles do."""
    volume = _named(override, "volumes").get("shm", {})
    limit = volume.get("emptyDir", {}).get("sizeLimit")
    return None if limit is None else _memory_text(limit)


def _named(override: Override, field: str) -> Mapping[str, Any]:
    value = override.get(field)
    return value if isinstance(value, dict) else {}


def _without_shm(override: Override) -> dict[str, Any]:
    if _shm(override) is None:
        return dict(override)
    rest = dict(override)
    for field in ("volumes", "volume_mounts"):
        kept = {name: item for name, item in _named(override, field).items() if name != "shm"}
        rest[field] = kept
    return {field: value for field, value in rest.items() if value != {}}


def _each(what: str) -> Callable[[object, object], Iterator[SettingChange]]:
    """Return a reader of a mapping whose keys are names of this kind."""

    def reader(was: object, now: object) -> Iterator[SettingChange]:
        old, new = _mapping(was), _mapping(now)
        for name in dict.fromkeys([*old, *new]):
            yield from _changed(what, name, shown(old.get(name, UNSET)), shown(new.get(name, UNSET)))

    return reader


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def shown(value: object) -> str | None:
    """Return a value as text: a text as it is, others as JSON; ``None`` if it is not set."""
    if value is UNSET:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _guarantees(old: Override, new: Override) -> Iterator[SettingChange]:
    """Yield the guaranteed resources that change otherwise than their limits: both are one number for devices."""
    limits = set(_each("device")(old.get("extra_resource_limits"), new.get("extra_resource_limits")))
    field = "extra_resource_guarantees"
    for change in _each("device")(old.get(field), new.get(field)):
        if change not in limits:
            yield SettingChange("device_guarantee", change.name, change.before, change.after)


def _nothing(was: object, now: object) -> Iterator[SettingChange]:  # noqa: ARG001 - as other readers
    return iter(())


def _tolerations(was: object, now: object) -> Iterator[SettingChange]:
    """Yield tolerations that come or go; those of the hub's nodes stay if a list replaces the chart's."""
    replaces = was is UNSET or now is UNSET
    old, new = _toleration_texts(was, replaces=replaces), _toleration_texts(now, replaces=replaces)
    for text in old:
        yield from _changed("toleration", "", text, None if text not in new else text)
    for text in new:
        yield from _changed("toleration", "", None if text not in old else text, text)


def _toleration_texts(value: object, *, replaces: bool) -> list[str]:
    items = value if isinstance(value, list) else []
    kept = (item for item in items if not (replaces and str(item.get("key", "")).startswith(HUB_TAINTS)))
    return [toleration_text(item) for item in kept]


def toleration_text(item: Mapping[str, Any]) -> str:
    """Return a toleration as kubectl writes taints: ``key=value:effect``; ``*`` for all keys."""
    value = f"={item['value']}" if item.get("value") else ""
    effect = f":{item['effect']}" if item.get("effect") else ""
    seconds = f" for {item['tolerationSeconds']} s" if "tolerationSeconds" in item else ""
    return f"{item.get('key') or '*'}{value}{effect}{seconds}"


def _pod_config(was: object, now: object) -> Iterator[SettingChange]:
    old, new = dict(_mapping(was)), dict(_mapping(now))
    classes = (shown(old.pop("runtimeClassName", UNSET)), shown(new.pop("runtimeClassName", UNSET)))
    yield from _changed("runtime_class", "", *classes)
    yield from _others("extra_pod_config", old, new)


def _image(was: object, now: object) -> Iterator[SettingChange]:
    return _changed("image", "", shown(was), shown(now))


def _others(path: str, was: object, now: object) -> Iterator[SettingChange]:
    """Yield the parts of a setting that differ; the parts of a new mapping have names as well."""
    if isinstance(was, dict) or isinstance(now, dict):
        old, new = (value if isinstance(value, dict) else {} for value in (was, now))
        for name in dict.fromkeys([*old, *new]):
            one, other = old.get(name, UNSET), new.get(name, UNSET)
            if isinstance(one, dict) and isinstance(other, dict):
                yield from _others(f"{path}.{name}", one, other)
            else:
                yield from _changed("setting", f"{path}.{name}", shown(one), shown(other))
    else:
        yield from _changed("setting", path, shown(was), shown(now))


_READERS: Mapping[str, Callable[[object, object], Iterator[SettingChange]]] = {
    **{field: _amount(field) for field in AMOUNTS},
    "image": _image,
    "extra_resource_limits": _each("device"),
    "extra_resource_guarantees": _nothing,
    "node_selector": _each("node_selector"),
    "environment": _each("environment"),
    "tolerations": _tolerations,
    "extra_pod_config": _pod_config,
}
