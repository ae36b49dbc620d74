"""Merges overlays over a matrix, and reports mistakes in overlays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from image_matrix.config.include import patterns
from image_matrix.config.model import DECLARED_IN
from image_matrix.config.overlay_merge import empties, merge, removals, without
from image_matrix.config.schema import is_field, is_nullable
from image_matrix.diagnostics import Diagnostic, MatrixError, Place, diagnostic, did_you_mean
from image_matrix.diagnostics import catalogue as rules
from image_matrix.json_data import at_path
from image_matrix.text import type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from image_matrix.config.document import Document, Documents
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

_START = "start with `version: 1`, or run `image-matrix init`"
_AS_OVERLAYS = "name them as overlays, too: `--overlay FILE`"
_DIFFERS = "write what differs from the matrix, such as `registry: ghcr.io/example/notebooks`"


def overlaid(base: Any, overlays: Sequence[Document]) -> tuple[Any, list[Finding]]:  # noqa: ANN401
    """Return the matrix with its overlays on top, and the names that these remove though they are not there.

    A field may be missing already where an overlay removes it: the same overlay is for several matrices. Raises
    :class:`MatrixError` for an overlay that is empty, no mapping, or includes files.
    """
    unusable = [findings for part in overlays for findings in _unusable(part)]
    if unusable:
        raise MatrixError(unusable)
    value, findings = base, []
    for part in overlays:
        missing = [path for path in empties(part.value) if not _exists(value, path)]
        nothing = {path for path in missing if not _of_image(path, value, part)}
        findings += [_removes_nothing(value, path) for path in sorted(nothing) if not is_field(path)]
        value = without(merge(value, part.value), nothing)
    return value, findings


def _of_image(path: Path, value: Json, overlay: Document) -> bool:
    """Say whether an overlay writes ``null`` into an image that the matrix has: the image takes something away."""
    return bool(overlay.written(path)) and is_nullable(path) and _exists(value, path[:2])


def explained(findings: Iterable[Finding], documents: Documents) -> list[Finding]:
    """Return findings with what an overlay has to do with them."""
    if not documents.overlays:
        return list(findings)
    removed = {path for part in documents.overlays for path in removals(documents.base, part.value)}
    return [
        _of_new_image(_of_removed(finding, removed), documents)
        for finding in findings
        if not _may_be(finding, documents)
    ]


def _may_be(finding: Finding, documents: Documents) -> bool:
    """Say whether a finding is none because of an overlay.

    What a site leaves out of the matrix may leave something unused there, and a field that it takes away may be missing
    already: the same overlay is for several matrices.
    """
    if finding.rule is rules.UNUSED:
        return _exists(documents.base, finding.path)
    removed = finding.rule is rules.REMOVES_NOTHING and is_field(finding.path)
    return removed and any(_exists(part.value, finding.path) for part in documents.overlays)


def empty_matrix(part: Document) -> Diagnostic:
    """Return what is said of a matrix in which nothing stands."""
    return diagnostic(rules.YAML_SYNTAX, Place(part.file, 1, 1), problem="the file is empty", advice=_START)


def _unusable(part: Document) -> list[Diagnostic]:
    if part.value is None:
        place = Place(part.file, 1, 1)
        return [diagnostic(rules.YAML_SYNTAX, place, problem="the overlay is empty", advice=_DIFFERS)]
    for pattern in patterns(part):
        fields = {"pattern": pattern.text, "problem": "an overlay cannot include files"}
        return [diagnostic(rules.BAD_INCLUDE, pattern.place, advice=_AS_OVERLAYS, **fields)]
    if not isinstance(part.value, dict) and part.root is not None:
        fields = {"where": "an overlay", "expected": "a mapping", "actual": type_name(part.value)}
        return [diagnostic(rules.WRONG_TYPE, part.place_of(part.root), advice=_DIFFERS, **fields)]
    return []


def _exists(value: Json, path: Path) -> bool:
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


def _removes_nothing(value: Json, path: Path) -> Finding:
    owner = at_path(value, path[:-1])
    advice = did_you_mean(str(path[-1]), owner) if isinstance(owner, dict) and owner else "remove it"
    return rules.REMOVES_NOTHING.at(path, "key", advice=advice)


def _of_removed(finding: Finding, removed: set[tuple[str, ...]]) -> Finding:
    """A name that is unknown because an overlay removes it, or the section that declares it."""
    if finding.rule not in (rules.UNKNOWN_PARENT, rules.UNKNOWN_REFERENCE):
        return finding
    section = DECLARED_IN.get(str(finding.fields.get("what", "image")), "")
    advice = "remove in the overlay what uses it, too, or leave it there"
    for path in ((section,), (section, str(finding.fields["name"]))):
        if path in removed:
            changed = replace(finding, fields={**finding.fields, "advice": advice})
            return changed.beside((path, "removed here"), *finding.related)
    return finding


def _of_new_image(finding: Finding, documents: Documents) -> Finding:
    """An image that only an overlay has, without a parent: rather one of the matrix whose name is misspelt."""
    known = documents.base.get("images", {})
    if finding.rule is not rules.NO_FROM or finding.path[1] in known or len(finding.path) > 2:
        return finding
    advice = did_you_mean(str(finding.path[1]), known)
    if not advice.endswith("?"):
        return finding
    advice = f"{advice} A new image needs `from: NAME`"
    return replace(finding, fields={**finding.fields, "advice": advice})
