"""From the texts of ``matrix.yaml`` and its overlays to the model, or to everything that is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, MatrixError, Place, diagnose, diagnostic, errors
from generator.diagnostics import catalogue as rules
from generator.matrix.document import Documents
from generator.matrix.overlay import merge_all
from generator.matrix.parse import parse
from generator.matrix.read import read_matrix
from generator.matrix.schema import check_shape
from generator.matrix.validate import check_meaning
from generator.matrix.variants import expand

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from generator.diagnostics import Finding
    from generator.matrix.model import Matrix, Variant


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid matrix with its variants, its files for places, and the warnings about it."""

    matrix: Matrix
    variants: Mapping[str, Variant]
    documents: Documents
    warnings: tuple[Diagnostic, ...]


def load(texts: Mapping[str, str], templates: Collection[str]) -> Loaded:
    """Load a matrix from its files' texts, the first one being the matrix and the others overlays.

    ``templates`` are the names that ``template:`` may give. Raises :class:`MatrixError` with every problem that was
    found; warnings come along.
    """
    documents = _documents(texts)
    findings = check_shape(documents)
    if findings:
        raise MatrixError(diagnose([*findings, *_despite(documents, findings, templates)], documents))
    matrix = read_matrix(documents.value)
    variants = expand(matrix)
    found = diagnose(check_meaning(matrix, variants, templates), documents)
    if errors(found):
        raise MatrixError(found)
    return Loaded(
        matrix, variants, documents, tuple(item for item in found if not _of_a_site(item, documents))
    )


def _of_a_site(item: Diagnostic, documents: Documents) -> bool:
    """Say whether a warning is about the workflow's login to a registry which only an overlay names.

    The workflow is rendered from the matrix: a site that builds for itself has logged in already.
    """
    return item.code == rules.NO_LOGIN.code and item.place.file != documents.parts[0].file


def _despite(documents: Documents, findings: list[Finding], templates: Collection[str]) -> list[Finding]:
    from generator.matrix.consequences import findings_despite

    return findings_despite(documents, findings, templates)


def _documents(texts: Mapping[str, str]) -> Documents:
    parsed = [parse(text, file) for file, text in texts.items()]
    found = [item for _, items in parsed for item in items]
    if found:
        raise MatrixError(sorted(found, key=lambda item: item.place))
    parts = tuple(document for document, _ in parsed if document is not None)
    for part in parts:
        if part.value is None:
            problem, advice = "the file is empty", "start with `version: 1`, or run `image-matrix init`"
            raise MatrixError(
                [diagnostic(rules.YAML_SYNTAX, Place(part.file, 1, 1), problem=problem, advice=advice)]
            )
    return Documents(merge_all(part.value for part in parts), parts)
