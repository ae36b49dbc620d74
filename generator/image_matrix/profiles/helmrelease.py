"""Reads a HelmRelease with its ConfigMaps and Secrets, and the places of its inline values."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from image_matrix.diagnostics import Place
from image_matrix.errors import CallError
from image_matrix.profiles.compose import Source
from image_matrix.profiles.strvals import assignments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.profiles.labelled import PathPart, ValuePath

VALUES_KEY = "values.yaml"
REFUSED = "fix it: Flux rejects it as well, with `ValuesError`, and does not upgrade the release"


class _FluxLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads YAML as Flux does: only the types of JSON, so a date is a text."""


for _tag in ("timestamp", "binary"):
    _FluxLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", yaml.SafeLoader.construct_yaml_str)
_FluxLoader.add_constructor("tag:yaml.org,2002:set", yaml.SafeLoader.construct_yaml_map)


@dataclass(frozen=True, slots=True)
class HelmRelease:
    """One HelmRelease; ``objects`` has ConfigMaps and Secrets by kind and name."""

    name: str
    namespace: str
    """Empty if the file leaves it to kustomize or kubectl."""
    spec: Mapping[str, Any]
    objects: Mapping[tuple[str, str], Mapping[str, Any]]
    file: str
    node: yaml.Node
    lines: tuple[str, ...]

    @property
    def chart(self) -> str:
        """Version or range of the chart; empty if the release has none, or refers to a chart in another object."""
        return str(_mapping(_mapping(self.spec, "chart"), "spec").get("version") or "")

    def place(self, path: ValuePath) -> Place:
        """Return the place of a path in the HelmRelease, or of its nearest parent that exists."""
        node, mark = self.node, self.node
        for part in path:
            child = _child(node, part)
            if child is None:
                break
            mark, node = child
        at, text = mark.start_mark, mark.value if isinstance(mark.value, str) else ""
        line = self.lines[at.line] if at.line < len(self.lines) else ""
        return Place(self.file, at.line + 1, at.column + 1, max(1, len(text)), line)


def _child(node: yaml.Node, part: PathPart) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the node that marks the place of a child (a key, or the first key of an entry), and the child."""
    if isinstance(part, int):
        items = node.value if node.tag == "tag:yaml.org,2002:seq" else []
        item = items[part] if part < len(items) else None
        return item and (item.value[0][0] if _pairs(item) else item, item)
    return next((pair for pair in _pairs(node) if pair[0].value == part), None)


def _pairs(node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
    return list(node.value) if node.tag == "tag:yaml.org,2002:map" else []


def find_release(texts: Mapping[str, str], ours: str) -> HelmRelease:
    """Find the HelmRelease in texts; ``ours`` is the text of our ConfigMap. Raises :class:`CallError`."""
    documents = [(file, *item) for file, text in texts.items() for item in _documents(file, text)]
    every = [(file, data, node) for file, data, node in documents if isinstance(data, dict)]
    releases = [item for item in every if item[1].get("kind") == "HelmRelease"]
    if len(releases) != 1:
        problem = (
            "none of the files has a HelmRelease"
            if not releases
            else f"the files have {len(releases)} HelmReleases"
        )
        raise CallError(problem, "name the file of one HelmRelease, and the files of its ConfigMaps")
    file, data, node = releases[0]
    metadata = _mapping(data, "metadata")
    namespace = str(metadata.get("namespace") or "")
    rendered = [data for data, _ in _documents("configmap.yaml", ours)]
    objects = {
        (item["kind"], str(_mapping(item, "metadata").get("name"))): item
        for item in [*rendered, *(data for _, data, _ in every)]
        if item.get("kind") in ("ConfigMap", "Secret") and _is_in(item, namespace)
    }
    lines = tuple(texts[file].splitlines())
    return HelmRelease(
        str(metadata.get("name") or "without a name"),
        namespace,
        _mapping(data, "spec"),
        objects,
        file,
        node,
        lines,
    )


def _is_in(item: Mapping[str, Any], namespace: str) -> bool:
    """Say whether an object is in the namespace of the release, or names none."""
    return not namespace or _mapping(item, "metadata").get("namespace", namespace) == namespace


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _documents(file: str, text: str) -> Iterator[tuple[Any, Any]]:
    try:
        yield from zip(load_all(text), yaml.compose_all(text, Loader=_FluxLoader), strict=True)
    except (yaml.YAMLError, RecursionError) as error:
        raise CallError(f"{file} is not YAML: {' '.join(str(error).split())}", "correct the file") from error


def load_all(text: str) -> list[Any]:
    """Return the documents of a text with the values that Flux reads; raises :class:`yaml.YAMLError`."""
    return list(yaml.load_all(text, Loader=_FluxLoader))


def references(release: HelmRelease) -> tuple[list[Source], list[str]]:
    """Return the sources of ``valuesFrom`` in order, and the names of the objects that no file has.

    Raises :class:`CallError` for values that Flux rejects.
    """
    sources, absent = [], []
    listed = release.spec.get("valuesFrom") or []
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise CallError(
            "`spec.valuesFrom` is not a list of references",
            "write lines such as `- {kind: ConfigMap, name: …}`",
        )
    for at, reference in enumerate(listed):
        kind, name = str(reference.get("kind")), str(reference.get("name"))
        key = str(reference.get("valuesKey") or VALUES_KEY)
        item = release.objects.get((kind, name))
        text = None if item is None else _text(item, key)
        if text is None:
            absent.append(f"{kind} {name}" + (f" key {key}" if item is not None else ""))
        else:
            sources.append(_source(text, reference, ("spec", "valuesFrom", at)))
    return sources, absent


def inline(release: HelmRelease) -> Source:
    """Return ``spec.values``."""
    return Source("spec.values", _mapping(release.spec, "values"), place=("spec", "values"))


def _source(text: str, reference: Mapping[str, Any], place: ValuePath) -> Source:
    name, path = f"{reference['kind']} {reference['name']}", reference.get("targetPath")
    if path:
        try:
            sets = assignments(str(path), text, reference.get("literal") is True)
        except ValueError as error:
            raise CallError(f"{name}: targetPath `{path}`: {error}", REFUSED) from error
        return Source(f"{name} ({path})", sets=tuple(sets), place=place)
    key = str(reference.get("valuesKey") or VALUES_KEY)
    try:
        (values,) = load_all(text) or [None]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise CallError(f"the values in {name} are not YAML", REFUSED) from error
    if not isinstance(values, dict | None):
        raise CallError(f"the values in {name} are not a mapping", REFUSED)
    return Source(name if key == VALUES_KEY else f"{name} ({key})", values or {}, place=place)


def _text(item: Mapping[str, Any], key: str) -> str | None:
    """Return a text of a ConfigMap or a Secret; those of a Secret are decoded."""
    data, plain = _mapping(item, "data"), _mapping(item, "stringData")
    if item["kind"] != "Secret":
        return str(data[key]) if key in data else None
    if key in plain:
        return str(plain[key])
    if key not in data:
        return None
    try:
        return base64.b64decode(str(data[key]), validate=True).decode("utf-8", "replace")
    except ValueError as error:
        name = _mapping(item, "metadata").get("name")
        advice = "decrypt it first, or omit its file: its values are then ignored"
        raise CallError(f"the key {key} of Secret {name} is not base64; is it encrypted?", advice) from error
