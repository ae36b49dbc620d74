"""Finds variables of Flux: it replaces ``${NAME}`` in every text of a Kustomization that has ``postBuild``.

Which texts of a matrix reach ``deploy/`` stands in no list here. Every text with a variable gets a mark of its own,
``deploy/`` is rendered, and the marks that come out say which texts have reached it.

Flux replaces unknown names by nothing, and leaves ``$NAME`` alone. Without ``postBuild`` it changes nothing, so this is
a warning.

Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.read import read_matrix
from image_matrix.config.variants import expand
from image_matrix.diagnostics import catalogue as rules
from image_matrix.profiles.references import with_sources
from image_matrix.render.kubernetes.outputs import deploy_files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from image_matrix.diagnostics import Finding, Path, Target
    from image_matrix.json_data import Json

_VARIABLE = re.compile(r"\$\{[^}]*\}?")
_NAME = re.compile(r"\$\{([A-Za-z_]\w*)\}(?!\w)")
"""What a shell reads alike without the braces."""
_FIRST_MARK = 0xF0000
"""A character of a private use area, which means nothing to anybody (Unicode, 23.5)."""
_HARMLESS = (
    rules.BAD_TOLERATION, rules.EXPANDED_TEXT, rules.FIELD_TWICE, rules.HTML_TEXT, rules.KUBERNETES_TEXT,
    rules.NEEDS_CHART, rules.REPLACES_LIST, rules.UNKNOWN_TRAIT,
)  # fmt: skip
"""Errors with which ``deploy/`` can be rendered all the same."""
_WITHOUT = "leave `postBuild` out of the Kustomization that applies `deploy/`"


@dataclass(frozen=True, slots=True)
class _Marked:
    """Texts with a variable: where each is, whether it is a key, and what it says; its mark is its position."""

    texts: list[tuple[Path, Target, str]] = field(default_factory=list)

    def mark(self, path: Path, target: Target, text: str) -> str:
        """Return a text of the same length, with a mark in place of each ``$``."""
        if "${" not in text:
            return text
        self.texts.append((path, target, text))
        return text.replace("${", chr(_FIRST_MARK + len(self.texts) - 1) + "{")

    def copy(self, value: Json, path: Path = ()) -> Json:
        """Return a value with the marks in it."""
        if isinstance(value, str):
            return self.mark(path, "value", value)
        if isinstance(value, dict):
            entries = ((key, (*path, key), item) for key, item in value.items())
            return {self.mark(place, "key", key): self.copy(item, place) for key, place, item in entries}
        if isinstance(value, list):
            return [self.copy(item, (*path, at)) for at, item in enumerate(value)]
        return value


def expanded_by_flux(value: Json, others: Collection[Finding]) -> Iterator[Finding]:
    """Yield a finding for every text of a matrix of the right shape that Flux would change in ``deploy/``.

    ``others`` is what is wrong with the matrix besides: with some of it there is no ``deploy/`` to look at yet. A text
    that KubeSpawner refuses is not reported again.
    """
    if any(item.rule.severity == "error" and item.rule not in _HARMLESS for item in others):
        return
    refused = {item.path for item in others if item.rule is rules.EXPANDED_TEXT}
    marked = _Marked()
    copy = marked.copy(value)
    rendered = _rendered(copy) if marked.texts else ""
    for at, (path, target, text) in enumerate(marked.texts):
        # YAML has characters of this area as escapes
        if f"\\U{_FIRST_MARK + at:08X}" in rendered and path not in refused:
            yield _finding(path, target, text)


def _rendered(value: Json) -> str:
    matrix = read_matrix(value)
    variants = expand(matrix)
    references = {item.id: f"{matrix.repository(item)}:{item.label}" for item in variants.values()}
    files = deploy_files(matrix, variants, with_sources(matrix, references, str))
    return "".join(file.content.decode() for file in files.values())


def _finding(path: Path, target: Target, text: str) -> Finding:
    variable, name = _VARIABLE.search(text), _NAME.search(text)
    advice = f"write `${name[1]}` where a shell reads it, or {_WITHOUT}" if name else _WITHOUT
    fields = {"text": variable[0] if variable else text}
    return rules.FLUX_VARIABLE.at(path, target, advice=advice, **fields)
