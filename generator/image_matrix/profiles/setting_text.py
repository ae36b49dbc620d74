"""Writes what an override of KubeSpawner sets as short lines, for ``profiles show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.profiles.setting_changes import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def setting_lines(override: Mapping[str, Any]) -> list[str]:
    """Return a line for each setting; one for all variables, and one for each volume, mount or container."""
    return [line for name, value in override.items() for line in _lines(name, value)]


def _lines(name: str, value: object) -> Iterator[str]:
    writer = _WRITERS.get(name)
    if writer and isinstance(value, dict):
        yield from writer(value)
    else:
        yield from (f"{path}={text}" for path, text in _leaves(name, value))


def _leaves(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the values in a setting with their paths, as ``extra_labels.team``."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), item)
    else:
        yield path, shown(value) or '""'


def _variables(value: Mapping[str, Any]) -> Iterator[str]:
    leaves = (leaf for name, item in value.items() for leaf in _leaves(name, _without_name(name, item)))
    text = ", ".join(f"{name}={text}" for name, text in leaves)
    if text:
        yield f"env {text}"


def _without_name(name: str, item: object) -> object:
    """Return an object without the name that its key is already."""
    return (
        {key: field for key, field in item.items() if (key, field) != ("name", name)}
        if isinstance(item, dict)
        else item
    )


def _named(what: str) -> Callable[[Mapping[str, Any]], Iterator[str]]:
    """Return a writer for a mapping of names to objects, which have their names once more."""

    def writer(value: Mapping[str, Any]) -> Iterator[str]:
        for name, item in value.items():
            fields = ", ".join(f"{path}={text}" for path, text in _leaves("", _without_name(name, item)))
            yield f"{what} {name}: {fields}"

    return writer


def _mounts(value: Mapping[str, Any]) -> Iterator[str]:
    for item in value.values():
        fields = {key: field for key, field in item.items() if key not in ("mountPath", "mount_path", "name")}
        rest = "".join(f", {path}={text}" for path, text in _leaves("", fields)) if fields else ""
        yield f"mount {item.get('mountPath', item.get('mount_path'))}: volume {item.get('name')}{rest}"


_WRITERS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "environment": _variables,
    "volumes": _named("volume"),
    "volume_mounts": _mounts,
    "init_containers": _named("init container"),
    "extra_containers": _named("container"),
}
