"""Finds texts, numbers and tolerations that Kubernetes refuses, together with every pod that has them."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from image_matrix.config.yaml_text import as_written
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean, human
from image_matrix.profiles import kubernetes as k8s
from image_matrix.profiles.field_syntax import RANGES, WORDS, key_syntax_of, syntax_of
from image_matrix.text import type_name
from image_matrix.validate.findings import bad_value
from image_matrix.validate.profiles_overrides import each_override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.buildkit import Buildkit
    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Profile
    from image_matrix.config.sites import Placement, Toleration
    from image_matrix.config.sizes import Size
    from image_matrix.diagnostics import Finding, Path, Target
    from image_matrix.json_data import Json
    from image_matrix.profiles.kubernetes import Syntax

_WITH_UNIT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kKmMgGtT])[iI]?[bB]?")
_EXPANDED = re.compile(r"[{}]|\$\{")
"""Texts that are said elsewhere to be expanded, or not."""
_TAINT = re.compile(
    r"(?P<key>[^=:]+)(?:=(?P<value>[^=:]*))?(?::(?P<effect>NoSchedule|PreferNoSchedule|NoExecute))?"
)
"""What `kubectl taint` takes."""


def refused(matrix: Matrix) -> Iterator[Finding]:
    """Names, labels, quantities and commands that are written otherwise than Kubernetes reads them."""
    site = matrix.catalog.site.path, matrix.catalog.site
    for path, part in (*_placing(matrix), site):
        yield from _labels((*path, "node_selector"), part.node_selector)
    for path, labels in _clients(matrix):
        yield from _labels(path, labels)
    for name, accelerator in matrix.accelerators.items():
        yield from _text(("accelerators", name, "device"), accelerator.device or "", k8s.RESOURCE)
    for name, size in matrix.catalog.sizes.items():
        for device in size.devices:
            yield from _text(("sizes", name, "devices", device), device, k8s.RESOURCE, "key")
    for name, placement in matrix.catalog.site.devices.items():
        path = (*matrix.catalog.site.path, "devices", name, "runtime_class")
        yield from _text(path, placement.runtime_class or "", k8s.OBJECT)
    for path, override in each_override(matrix):
        for setting, value in override.items():
            yield from _below(path, (setting,), value)


def _clients(matrix: Matrix) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Yield the labels of pods that may connect to the site's BuildKit, and of their namespaces."""
    site = matrix.catalog.site
    for at, client in enumerate(site.buildkit.clients if site.buildkit else ()):
        path = (*site.path, "buildkit", "clients", at)
        yield (*path, "namespace_selector"), client.namespace_selector
        yield (*path, "pod_selector"), client.pod_selector


def _placing(matrix: Matrix) -> Iterator[tuple[Path, Profile | Size | Placement | Buildkit]]:
    """Yield everything that has a node selector and tolerations."""
    catalog = matrix.catalog
    yield from ((("profiles", name), profile) for name, profile in catalog.profiles.items())
    yield from ((("sizes", name), size) for name, size in catalog.sizes.items())
    yield from (((*catalog.site.path, "devices", name), item) for name, item in catalog.site.devices.items())
    if catalog.site.buildkit:
        yield (*catalog.site.path, "buildkit"), catalog.site.buildkit


def _labels(path: Path, labels: Mapping[str, str]) -> Iterator[Finding]:
    for key, value in labels.items():
        yield from _text((*path, key), key, k8s.LABEL_NAME, "key")
        yield from _text((*path, key), value, k8s.LABEL_VALUE)


def _below(place: Path, path: Path, value: Json) -> Iterator[Finding]:
    """Check a value of an override at ``path``, which starts with the setting, and everything in it."""
    field = path[-1]
    if field in WORDS and len(path) > 1 and isinstance(value, str):
        yield _not_split((*place, *path), value)
    elif isinstance(value, dict):
        keys = key_syntax_of(path)
        for key, item in value.items():
            if keys:
                yield from _text((*place, *path, key), key, keys, "key")
            yield from _below(place, (*path, key), item)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _below(place, (*path, at), item)
    elif isinstance(value, str):
        yield from _text((*place, *path), value, syntax_of(path))
    elif type(value) is int:
        yield from _number((*place, *path), value, RANGES.get(str(path[0])))


def _text(path: Path, text: str, syntax: Syntax | None, target: Target = "value") -> Iterator[Finding]:
    if syntax and text and not syntax.fits(text) and not _EXPANDED.search(text):
        yield rules.KUBERNETES_TEXT.at(
            path, target, value=text, what=syntax.noun, advice=_advice(text, syntax)
        )


def _advice(text: str, syntax: Syntax) -> str:
    if syntax.words:
        same = [word for word in syntax.words if word.lower() == text.lower()]
        near = f"write `{same[0]}`" if same else did_you_mean(text, syntax.words)
        return syntax.rule if near.startswith("known") else near
    unit = _WITH_UNIT.fullmatch(text) if syntax is k8s.QUANTITY else None
    if unit:
        large = unit[2].upper()
        small = "k" if large == "K" else large
        return f"write {unit[1]}{small} (powers of 1000) or {unit[1]}{large}i (of 1024)"
    return syntax.rule


def _number(path: Path, value: int, limits: tuple[int, int] | None) -> Iterator[Finding]:
    if limits and not limits[0] <= value <= limits[1]:
        advice = f"write a number from {limits[0]} to {limits[1]}"
        yield bad_value(path, f"{value} is out of range", advice)


def _not_split(path: Path, command: str) -> Finding:
    try:
        words = shlex.split(command)
    except ValueError:
        words = [command]
    advice = f"write its words as a list: `{path[-1]}: {as_written(words)}`"
    return rules.WRONG_TYPE.at(path, expected="a list", actual=type_name(command), advice=advice)


def tolerations(matrix: Matrix) -> Iterator[Finding]:
    """Fields of one toleration that exclude each other, and texts that no taint has.

    Source of the rules: kubernetes/kubernetes, pkg/apis/core/validation, ``ValidateTolerations``.
    """
    site = matrix.catalog.site.path, matrix.catalog.site
    for path, part in (*_placing(matrix), site):
        for at, item in enumerate(part.tolerations):
            place = (*path, "tolerations", at)
            for field, problem, advice in list(_unlabelled(item)) or _contradicting(item):
                fields = {"where": human(place), "problem": problem, "advice": advice}
                yield rules.BAD_TOLERATION.at((*place, field) if field in item else place, "key", **fields)


def _unlabelled(item: Toleration) -> Iterator[tuple[str, str, str]]:
    """Yield field, problem and advice for a key that is no label's name, and a value that is no label's."""
    for field, syntax in (("key", k8s.LABEL_NAME), ("value", k8s.LABEL_VALUE)):
        text = str(item.get(field) or "")
        if text and not syntax.fits(text) and "${" not in text:
            yield field, f"`{text}` is not {syntax.noun}", _from_taint(item, field, text) or syntax.rule


def _from_taint(item: Toleration, field: str, text: str) -> str:
    """Return the toleration of a taint that is written as `kubectl taint` takes it: ``KEY=VALUE:EFFECT``."""
    taint = _TAINT.fullmatch(text if field == "key" else f"{item.get('key', '')}={text}")
    if (
        taint is None
        or not k8s.LABEL_NAME.fits(taint["key"])
        or not k8s.LABEL_VALUE.fits(taint["value"] or "")
    ):
        return ""
    effect = taint["effect"] or item.get("effect")
    seconds = item.get("tolerationSeconds") if effect == "NoExecute" else None
    written = {
        "key": taint["key"],
        **({"value": taint["value"]} if taint["value"] else {"operator": "Exists"}),
        **({"effect": effect} if effect else {}),
        **({"tolerationSeconds": seconds} if seconds is not None else {}),
    }
    return f"write `{as_written(written)}`"


def _contradicting(item: Toleration) -> Iterator[tuple[str, str, str]]:
    """Yield field, problem and advice for fields that exclude each other."""
    exists = item.get("operator") == "Exists"
    if exists and item.get("value"):
        yield "value", "`Exists` with a value", "remove `value`, or write `operator: Equal`"
    if not exists and not item.get("key"):
        advice = "add the taint's `key`, or write `operator: Exists`"
        yield "operator", "`Equal`, the default, without a key", advice
    if "tolerationSeconds" in item and item.get("effect") != "NoExecute":
        problem = "`tolerationSeconds` with another effect than NoExecute"
        yield "tolerationSeconds", problem, "write `effect: NoExecute`, or remove `tolerationSeconds`"
