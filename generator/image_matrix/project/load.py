"""From the texts of ``matrix.yaml`` and its overlays to the model, or to everything that is wrong with them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from image_matrix.config.document import Documents
from image_matrix.config.include import joined
from image_matrix.config.loaded import Loaded
from image_matrix.config.overlay_errors import empty_matrix, explained, overlaid
from image_matrix.config.read import read_matrix
from image_matrix.config.variants import expand
from image_matrix.diagnostics import Diagnostic, MatrixError, diagnose, errors
from image_matrix.diagnostics import catalogue as rules
from image_matrix.project.cached import cached_order, cached_shape
from image_matrix.project.content_cache import NO_CACHE, ContentCache
from image_matrix.project.included_files import parsed
from image_matrix.validate import check_meaning, check_sound_names
from image_matrix.validate.flux_variables import expanded_by_flux

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.document import Document
    from image_matrix.diagnostics import Finding
    from image_matrix.project.inputs import Inputs


NOTHING: Mapping[str, str] = MappingProxyType({})


def load_inputs(inputs: Inputs, cache: ContentCache = NO_CACHE) -> Loaded:
    """Load the matrix of a repository; raises :class:`MatrixError` as :func:`load` does."""
    templates = inputs.templates
    return load(
        inputs.texts, templates.kinds, templates.serving, cache, templates.custom_pip, inputs.included
    )


def load(
    texts: Mapping[str, str],
    templates: Collection[str],
    serving: Collection[str] = (),
    cache: ContentCache = NO_CACHE,
    custom_pip: Collection[str] = (),
    included: Mapping[str, str] = NOTHING,
) -> Loaded:
    """Load a matrix from its files' texts, the first one being the matrix and the others overlays.

    ``included`` are the texts of the files that it includes.

    ``templates`` are the names that ``kind:`` may give, ``serving`` those that bring a service, ``custom_pip`` those
    that install Python packages in their own way. ``cache`` keeps what need not be computed again. Raises
    :class:`MatrixError` with every problem that was found; warnings come along.
    """
    documents, findings = _documents(texts, included)
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
    return item.code == rules.NO_LOGIN.code and item.place.file in {part.file for part in documents.overlays}


def _documents(texts: Mapping[str, str], included: Mapping[str, str]) -> tuple[Documents, list[Finding]]:
    (matrix, text), *others = texts.items()
    own = _parsed({matrix: text, **included})
    overlays = _parsed(dict(others))
    faults = [*own[1], *overlays[1]]
    if faults:
        raise MatrixError(sorted(faults, key=lambda item: item.place))
    if own[0][0].value is None:
        raise MatrixError([empty_matrix(own[0][0])])
    base, faults = joined(own[0])
    if faults:
        raise MatrixError(faults)
    value, findings = overlaid(base, overlays[0])
    return Documents(value, (*own[0], *overlays[0]), len(own[0]), base), findings


def _parsed(texts: Mapping[str, str]) -> tuple[list[Document], list[Diagnostic]]:
    """Return the documents of texts, and what is wrong with them as YAML."""
    every = [parsed(text, file) for file, text in texts.items()]
    documents = [document for document, _ in every if document is not None]
    return documents, [item for _, items in every for item in items]
