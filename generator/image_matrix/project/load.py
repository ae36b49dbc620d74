"""From the texts of ``matrix.yaml`` and its overlays to the model, or to everything that is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.document import Documents
from image_matrix.config.loaded import Loaded
from image_matrix.config.overlay_errors import explained, overlaid
from image_matrix.config.read import read_matrix
from image_matrix.config.variants import expand
from image_matrix.config.yaml_loader import parse
from image_matrix.diagnostics import Diagnostic, MatrixError, diagnose, errors
from image_matrix.diagnostics import catalogue as rules
from image_matrix.project.cached import cached_order, cached_shape
from image_matrix.project.content_cache import NO_CACHE, ContentCache
from image_matrix.validate import check_meaning, check_sound_names
from image_matrix.validate.flux_variables import expanded_by_flux

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.diagnostics import Finding


def load(
    texts: Mapping[str, str],
    templates: Collection[str],
    serving: Collection[str] = (),
    cache: ContentCache = NO_CACHE,
    custom_pip: Collection[str] = (),
) -> Loaded:
    """Load a matrix from its files' texts, the first one being the matrix and the others overlays.

    ``templates`` are the names that ``kind:`` may give, ``serving`` those that bring a service, ``custom_pip`` those
    that install Python packages in their own way. ``cache`` keeps what need not be computed again. Raises
    :class:`MatrixError` with every problem that was found; warnings come along.
    """
    documents, findings = _documents(texts)
    shapes = cached_shape(documents, cache)
    if shapes:
        meant = check_sound_names(documents.value, [item.path for item in shapes], templates)
        raise MatrixError(diagnose(explained([*findings, *shapes, *meant], documents), documents))
    matrix = read_matrix(documents.value, lambda parents: cached_order(parents, cache))
    variants = expand(matrix)
    meant = check_meaning(documents.value, matrix, variants, templates, serving, custom_pip)
    meant += expanded_by_flux(documents.value, meant)
    found = diagnose(explained([*findings, *meant], documents), documents)
    if errors(found):
        raise MatrixError(found)
    warnings = tuple(item for item in found if not _of_a_site(item, documents))
    return Loaded(matrix, variants, documents, warnings, frozenset(serving))


def _of_a_site(item: Diagnostic, documents: Documents) -> bool:
    """Say whether a warning is about the workflow's login to a registry which only an overlay names.

    The workflow is rendered from the matrix: a site that builds for itself has logged in already.
    """
    return item.code == rules.NO_LOGIN.code and item.place.file != documents.parts[0].file


def _documents(texts: Mapping[str, str]) -> tuple[Documents, list[Finding]]:
    parsed = [parse(text, file) for file, text in texts.items()]
    found = [item for _, items in parsed for item in items]
    if found:
        raise MatrixError(sorted(found, key=lambda item: item.place))
    parts = tuple(document for document, _ in parsed if document is not None)
    value, findings = overlaid(parts)
    return Documents(value, parts), findings
