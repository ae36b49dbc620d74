"""Says what else is wrong with a matrix that has mistakes: what does not follow from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.from_lists import expand_from_lists, in_images
from image_matrix.config.overlay_errors import explained
from image_matrix.config.read import read_matrix
from image_matrix.config.variants import expand
from image_matrix.diagnostics import MatrixError, diagnose

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from image_matrix.config.document import Documents
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Diagnostic, Finding, Path
    from image_matrix.dockerfiles.context_reader import ContextReader
    from image_matrix.json_data import Json


def misshapen(
    documents: Documents,
    findings: list[Finding],
    shape: list[Finding],
    kinds: Collection[str],
    of_policies: list[Diagnostic],
    contexts: ContextReader,
) -> MatrixError:
    """Return the error of a matrix of the wrong shape, with wrong names and contexts outside of the faulty entries."""
    from image_matrix.validate import check_sound_names

    expanded = expand_from_lists(documents.value)
    documents = replace(documents, entries=expanded.entries)
    faulty = {item.path[:2] for item in shape}
    of_lists = [item for item in expanded.findings if item.path[:2] not in faulty]
    faults = in_images([item.path for item in shape], expanded.entries)
    meaning = check_sound_names(expanded.value, faults, kinds, expanded.entries)
    meaning += _independent_contexts(expanded.value, faults, documents, contexts)
    diagnostics = diagnose(explained([*findings, *of_lists, *shape, *meaning], documents), documents)
    return MatrixError(sorted([*diagnostics, *of_policies], key=lambda item: item.place))


def _independent_contexts(
    value: Json, faults: Sequence[Path], documents: Documents, contexts: ContextReader
) -> list[Finding]:
    """Return the missing folders and Dockerfiles of images that have nothing to do with ``faults`` of the shape."""
    from image_matrix.validate.doubt import in_doubt, independent, without_faults

    remaining = without_faults(value, faults)
    if remaining is None or any(path[0] == "defaults" for path in faults):
        return []
    doubted = in_doubt(value, faults)
    matrix = read_matrix(remaining)
    variants = {name: item for name, item in expand(matrix).items() if ("images", item.image) not in doubted}
    findings = unlocatable_of(matrix, variants, documents, contexts)
    return [item for item in findings if independent(item, doubted, faults)]


def unlocatable_of(
    matrix: Matrix, variants: Mapping[str, Variant], documents: Documents, contexts: ContextReader
) -> list[Finding]:
    """Return the missing folders and Dockerfiles of a matrix with other mistakes."""
    if not any(item.build for item in variants.values()):
        return []
    from image_matrix.project.dockerfile_contexts import unlocatable

    return unlocatable(matrix, variants, documents, contexts)
