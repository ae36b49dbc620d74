"""A HelmRelease with the ConfigMaps and Secrets beside it, and where its inline values stand."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.diagnostics import Place
from generator.errors import CallError
from generator.profiles.compose import Source, target_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import yaml

    from generator.profiles.compose import Path


@dataclass(frozen=True, slots=True)
class Release:
    """One HelmRelease; ``objects`` has ConfigMaps and Secrets by kind and name."""

    name: str
    spec: Mapping[str, Any]
    objects: Mapping[tuple[str, str], Mapping[str, Any]]
    file: str
    node: yaml.Node
    lines: tuple[str, ...]

    def place(self, path: Path) -> Place:
        """Return the place of an inline value, or of its nearest parent that is there."""
        node, key = self.node, self.node
        for step in ("spec", "values", *path):
            pair = next((pair for pair in _pairs(node) if pair[0].value == step), None)
            if pair is None:
                break
            key, node = pair
        mark = key.start_mark
        line = self.lines[mark.line] if mark.line < len(self.lines) else ""
        return Place(
            self.file,
            mark.line + 1,
            mark.column + 1,
            max(1, len(str(key.value or "")) if _is_scalar(key) else 1),
            line,
        )


def _is_scalar(node: yaml.Node) -> bool:
    return isinstance(node.value, str)


def _pairs(node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if node.tag == "tag:yaml.org,2002:map" else []


def find_release(texts: Mapping[str, str], ours: str) -> Release:
    """Find the HelmRelease in texts; ``ours`` is the text of our ConfigMap. Raises :class:`CallError`."""
    documents = [(file, *item) for file, text in texts.items() for item in _documents(file, text)]
    every = [(file, data, node) for file, data, node in documents if isinstance(data, dict)]
    releases = [item for item in every if item[1].get("kind") == "HelmRelease"]
    if len(releases) != 1:
        said = (
            "none of the files has a HelmRelease"
            if not releases
            else f"there are {len(releases)} HelmReleases"
        )
        raise CallError(said, "give the file of one HelmRelease, and those of its ConfigMaps")
    file, data, node = releases[0]
    rendered = [data for data, _ in _documents("deploy/jupyterhub/configmap.yaml", ours)]
    objects = {
        (item["kind"], str(_mapping(item, "metadata").get("name"))): item
        for item in [*rendered, *(data for _, data, _ in every)]
        if item.get("kind") in ("ConfigMap", "Secret")
    }
    name = str(_mapping(data, "metadata").get("name"))
    return Release(name, _mapping(data, "spec"), objects, file, node, tuple(texts[file].splitlines()))


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _documents(file: str, text: str) -> Iterator[tuple[Any, Any]]:
    import yaml

    try:
        yield from zip(yaml.safe_load_all(text), yaml.compose_all(text, Loader=yaml.SafeLoader), strict=True)
    except yaml.YAMLError as error:
        raise CallError(f"{file} is not YAML: {' '.join(str(error).split())}", "check the file") from error


def sources(release: Release) -> tuple[list[Source], list[str]]:
    """Return the sources of values in Flux' order, inline values last, and the names of those that no file has."""
    found, absent = [], []
    for reference in release.spec.get("valuesFrom") or ():
        kind, name = str(reference.get("kind")), str(reference.get("name"))
        data = _data(release.objects.get((kind, name)))
        key = str(reference.get("valuesKey") or "values.yaml")
        if data is None or key not in data:
            absent.append(f"{kind} {name}" + (f" key {key}" if data is not None else ""))
            continue
        found.append(_source(f"{kind} {name}", data[key], reference))
    inline = release.spec.get("values")
    if isinstance(inline, dict):
        found.append(Source("spec.values", inline))
    return found, absent


def _source(name: str, text: str, reference: Mapping[str, Any]) -> Source:
    import yaml

    path = reference.get("targetPath")
    if path:
        value = text if reference.get("literal") else yaml.safe_load(text)
        return Source(f"{name} ({path})", value, target_path(str(path)))
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CallError(f"the values in {name} are not YAML", "Flux would refuse them too") from error
    if not isinstance(values, dict):
        raise CallError(f"the values in {name} are no mapping", "Flux would refuse them too")
    return Source(name, values)


def _data(item: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Return an object's texts; those of a Secret are decoded."""
    if item is None:
        return None
    data = {key: str(value) for key, value in _mapping(item, "data").items()}
    if item["kind"] == "Secret":
        data = {key: base64.b64decode(value).decode("utf-8", "replace") for key, value in data.items()}
        data |= {key: str(value) for key, value in _mapping(item, "stringData").items()}
    return data
