"""Texts and overrides that reach KubeSpawner: what it, Flux or a browser would read as more than text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from generator.diagnostics import catalogue as rules
from generator.diagnostics import did_you_mean
from generator.matrix.schema import human
from generator.matrix.validate.profiles_pods import cpu_findings, memory_findings
from generator.profiles import traits
from generator.profiles.pod import placements_of, runtime_class, selector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.diagnostics import Finding, Path
    from generator.matrix.model import Matrix
    from generator.matrix.profiles import Profile, Size

_HTML = re.compile(r"<[a-zA-Z/!?][^>]*>?|&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]\w+);")
_VARIABLE = re.compile(r"\$\{[^}]*\}?")
_BRACES = re.compile(r"\{[^{}]*\}?|\}")


def texts(matrix: Matrix) -> Iterator[Finding]:
    """HTML, braces and variables in what users read."""
    for path, said in _texts(matrix):
        yield from _mark(path, said)
        if found := _HTML.search(said):
            yield rules.HTML_TEXT.at(path, "value", where=human(path), text=found[0])
        if found := _VARIABLE.search(said) or _BRACES.search(said):
            who = "Flux" if found[0].startswith("$") else "KubeSpawner"
            advice = "write it without braces"
            fields = {"where": human(path), "text": found[0], "who": who, "advice": advice}
            yield rules.EXPANDED_TEXT.at(path, "value", **fields)


def _texts(matrix: Matrix) -> Iterator[tuple[Path, str]]:
    images = set[str]()
    for name, profile in matrix.catalog.profiles.items():
        images.update(profile.images.names.values())
        yield ("profiles", name, "display_name"), profile.display_name
        yield ("profiles", name, "description"), profile.description
        if profile.deprecated:
            yield ("profiles", name, "deprecated", "message"), profile.deprecated.message
        for at, group in enumerate(profile.groups):
            yield ("profiles", name, "groups", at), group
    for name, size in matrix.catalog.sizes.items():
        yield ("resources", name, "display_name"), size.display_name
        yield ("resources", name, "description"), size.description
    for name in (name for name in matrix.images if name in images):
        yield ("images", name, "description"), matrix.images[name].settings.description or ""


def environment(matrix: Matrix) -> Iterator[Finding]:
    """Braces and variables in environment values and other settings that KubeSpawner formats."""
    for name, profile in matrix.catalog.profiles.items():
        for key, value in profile.env.items():
            yield from _expanded(("profiles", name, "env", key), value)
    for path, override in _overrides(matrix):
        for key in override.keys() & traits.EXPANDED:
            for place, value in _leaves((*path, key), override[key]):
                yield from _expanded(place, value)


def _mark(path: Path, said: str) -> Iterator[Finding]:
    """A text that Helm writes bare and the hub's YAML reader refuses, which would keep the hub from starting."""
    if said == "=":
        problem = "`=` alone is a mark of YAML, on which the hub fails to start"
        yield rules.BAD_VALUE.at(path, where=human(path), problem=problem, advice="write something beside it")


def _expanded(path: Path, value: str) -> Iterator[Finding]:
    yield from _mark(path, value)
    found = _VARIABLE.search(value) or _BRACES.search(value)
    if found:
        who = "Flux" if found[0].startswith("$") else "KubeSpawner"
        advice = "set it in the image (`env:` of an image is not expanded), or read it from a file"
        yield rules.EXPANDED_TEXT.at(path, "value", where=human(path), text=found[0], who=who, advice=advice)


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, str]]:  # noqa: ANN401 - YAML values are anything
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves((*path, key), item)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _leaves((*path, at), item)


def _overrides(matrix: Matrix) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for name, profile in matrix.catalog.profiles.items():
        yield ("profiles", name, "kubespawner_override"), profile.override
    for name, size in matrix.catalog.sizes.items():
        yield ("resources", name, "kubespawner_override"), size.override


def overrides(matrix: Matrix) -> Iterator[Finding]:
    """Settings that KubeSpawner does not have, cannot read, or that would replace the chart's lists."""
    for path, override in _overrides(matrix):
        for name, value in override.items():
            yield from _setting((*path, name), name, value)
        yield from _requests(path, override)


def _setting(path: Path, name: str, value: Any) -> Iterator[Finding]:  # noqa: ANN401
    if name not in traits.KNOWN:
        yield rules.UNKNOWN_TRAIT.at(path, "key", name=name, suggestion=_instead(name))
    elif name in traits.NUMBERS:
        yield from cpu_findings(path, value)
    elif name in traits.MEMORY:
        yield from memory_findings(path, value)
    elif name in traits.CHART_LISTS and not isinstance(value, dict):
        yield rules.REPLACES_LIST.at(path, "key", name=name, advice=_mapping(name))
    elif name == "tolerations":
        # the chart gives a list, over which a mapping would not merge either
        yield rules.REPLACES_LIST.at(path, "key", name=name, advice=_mapping(name))
    elif name in traits.MAPPINGS and not isinstance(value, dict):
        fields = {"where": human(path), "expected": "a mapping", "actual": "something else"}
        yield rules.WRONG_TYPE.at(path, "value", advice=f"write `{name}: {{name: value}}`", **fields)
    elif name in traits.MAPPINGS:
        yield from _texts_only(path, name, value)
    elif value is None:
        fields = {"where": human(path), "expected": "a value", "actual": "empty"}
        yield rules.WRONG_TYPE.at(path, "key", advice="give it a value, or remove it", **fields)


def _texts_only(path: Path, name: str, value: Mapping[str, Any]) -> Iterator[Finding]:
    """Numbers and booleans in mappings of texts: KubeSpawner or Kubernetes refuses them."""
    if name in ("extra_pod_config", "extra_container_config", "lifecycle_hooks"):
        return
    for key, item in value.items():
        if not isinstance(item, str):
            place = (*path, key)
            written = str(item).lower() if isinstance(item, bool) else item
            fields = {"where": human(place), "expected": "text", "actual": "something else"}
            yield rules.WRONG_TYPE.at(place, "value", advice=f'quote it: "{written}"', **fields)


def _instead(name: str) -> str:
    if name in traits.OWN:
        return f"`{traits.OWN[name]}` is for that"
    same = traits.EQUIVALENTS.get(name)
    if same in traits.OWN:
        return f"`{traits.OWN[same]}` is for that"
    return f"KubeSpawner calls it `{same}`" if same else did_you_mean(name, traits.KNOWN)


def _mapping(name: str) -> str:
    if name == "tolerations":
        return "use the field `tolerations:` beside `kubespawner_override`: the whole list is made from it"
    return f"write a mapping, which joins the chart's: `{name}: {{my-name: {{…}}}}`"


def _requests(path: Path, override: Mapping[str, Any]) -> Iterator[Finding]:
    """Extended resources and huge pages with a request and no limit."""
    requested, limits = override.get("extra_resource_guarantees"), override.get("extra_resource_limits")
    for key in requested if isinstance(requested, dict) else ():
        special = "/" in key or key.startswith("hugepages-")
        if special and key not in (limits if isinstance(limits, dict) else ()):
            yield rules.REQUEST_WITHOUT_LIMIT.at((*path, "extra_resource_guarantees", key), "key", name=key)


def set_twice(matrix: Matrix) -> Iterator[Finding]:
    """Fields that a profile sets together with one of its sizes, or that an override sets beside a field of its own."""
    catalog = matrix.catalog
    for name, size in catalog.sizes.items():
        path: Path = ("resources", name, "kubespawner_override")
        own = dict(_from_fields(matrix, size))
        for field, place in _fields(path, size.override):
            if field in own:
                yield _twice(place, own[field], f"resource {name}", field)
    for profile in catalog.profiles.values():
        yield from _with_sizes(matrix, profile)


def _with_sizes(matrix: Matrix, profile: Profile) -> Iterator[Finding]:
    here: Path = ("profiles", profile.slug)
    own = dict(_fields((*here, "kubespawner_override"), profile.override))
    for field, place in _of_profile(here, profile):
        if field in own:
            yield _twice(own[field], place, profile.slug, field)
        own.setdefault(field, place)
    seen: set[str] = set()
    for name in profile.sizes.names.values():
        size = matrix.catalog.sizes.get(name)
        if size is None:
            continue
        path: Path = ("resources", name, "kubespawner_override")
        for field, place in (*_from_fields(matrix, size), *_fields(path, size.override)):
            if field in own and field not in seen:
                seen.add(field)
                yield _twice(own[field], place, profile.slug, field)


def _of_profile(here: Path, profile: Profile) -> Iterator[tuple[str, Path]]:
    for field, said in (("environment", profile.env), ("node_selector", profile.node_selector)):
        for key in said:
            yield f"{field}.{key}", (*here, "env" if field == "environment" else field, key)


def _from_fields(matrix: Matrix, size: Size) -> Iterator[tuple[str, Path]]:
    """Yield what a size's own fields and its placement set, each with its place."""
    here: Path = ("resources", size.name)
    for field, name, side in (
        ("cpu_limit", "cpu", "limit"), ("cpu_guarantee", "cpu", "guarantee"),
        ("mem_limit", "memory", "limit"), ("mem_guarantee", "memory", "guarantee"),
    ):  # fmt: skip
        if getattr(getattr(size, name), side) is not None:
            yield field, (*here, name, side)
    for accelerator in size.accelerator:
        if accelerator in matrix.accelerators:
            yield f"extra_resource_limits.{matrix.accelerators[accelerator].resource}", (*here, "accelerator")
    placements = placements_of(matrix, size)
    for key in selector(size, placements):
        own = key in size.node_selector
        yield f"node_selector.{key}", (*here, "node_selector", key) if own else (*here, "accelerator")
    if runtime_class(placements):
        yield "extra_pod_config.runtimeClassName", (*here, "accelerator")
    if size.shm:
        yield "volumes.shm", (*here, "shm")


def _fields(path: Path, override: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    for key, value in override.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", (*path, key, inner)) for inner in value)
        else:
            yield key, (*path, key)


def _twice(first: Path, second: Path, profile: str, field: str) -> Finding:
    fields = {"first": human(first), "second": human(second), "profile": profile, "field": field}
    return rules.FIELD_TWICE.at(first, "key", **fields).beside((second, "the other place"))
