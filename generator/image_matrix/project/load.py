"""Loads the texts of ``matrix.yaml`` and its overlays into the model, or raises all their problems."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from image_matrix.config.dockerfile_build import UserDockerfiles
from image_matrix.config.document import Documents
from image_matrix.config.from_lists import expand_from_lists
from image_matrix.config.include import joined
from image_matrix.config.loaded import Loaded
from image_matrix.config.overlay_errors import empty_matrix, explained, overlaid
from image_matrix.config.policy import FIELD as POLICY
from image_matrix.config.policy import sections, stated, without_section
from image_matrix.config.read import NO_KINDS, read_matrix
from image_matrix.config.variants import expand
from image_matrix.diagnostics import Diagnostic, MatrixError, diagnose, errors
from image_matrix.diagnostics import catalogue as rules
from image_matrix.dockerfiles.context_reader import NO_FILES
from image_matrix.project.cached import Given, cached_meaning, cached_order, cached_section, cached_shape
from image_matrix.project.content_cache import NO_CACHE, ContentCache
from image_matrix.project.image_files import with_files
from image_matrix.project.included_files import parsed
from image_matrix.project.listed_files import with_listed_files
from image_matrix.project.misshapen import misshapen, unlocatable_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from image_matrix.config.dockerfile_build import FloatingImage, NamedImage
    from image_matrix.config.document import Document
    from image_matrix.config.model import Kind, Matrix, Variant
    from image_matrix.diagnostics import Finding
    from image_matrix.dockerfiles.context_reader import ContextReader
    from image_matrix.project.inputs import Inputs
    from image_matrix.render.templates import Templates


NOTHING: Mapping[str, str] = MappingProxyType({})


def load_inputs(inputs: Inputs, cache: ContentCache = NO_CACHE) -> Loaded:
    """Load the matrix of a repository; raises :class:`MatrixError` as :func:`load` does."""
    templates = inputs.templates
    loaded = load(
        inputs.texts,
        templates.kinds,
        templates.serving,
        cache,
        templates.custom_pip,
        inputs.included,
        templates.kind_traits,
        inputs.contexts,
    )
    return replace(
        loaded,
        floating_in_templates=partial(_floating_images, templates),
        named_in_templates=partial(_named_images, templates),
    )


def _floating_images(templates: Templates) -> Iterator[FloatingImage]:
    from image_matrix.project.custom_templates import floating_images

    return floating_images(templates)


def _named_images(templates: Templates) -> Iterator[NamedImage]:
    from image_matrix.project.custom_templates import named_images

    return named_images(templates)


def load(
    texts: Mapping[str, str],
    kinds: Collection[str],
    serving: Collection[str] = (),
    cache: ContentCache = NO_CACHE,
    custom_pip: Collection[str] = (),
    included: Mapping[str, str] = NOTHING,
    traits: Mapping[str, Kind] = NO_KINDS,
    contexts: ContextReader = NO_FILES,
) -> Loaded:
    """Load a matrix from the texts of its files: the first is the matrix, the others are overlays.

    ``included`` are the texts of the files that it includes; ``contexts`` reads the Dockerfiles that it names.

    ``kinds`` are the names that templates have, ``serving`` those that have a service, ``custom_pip`` those whose
    templates install Python packages themselves, ``traits`` what the templates say about their images. ``cache`` keeps
    results between runs. Raises :class:`MatrixError` with all problems, warnings included.
    """
    given = Given(frozenset(kinds), frozenset(serving), frozenset(custom_pip))
    documents, findings = _shaped(texts, included, given, cache, contexts)
    documents, faults = with_listed_files(documents, contexts)
    if faults:
        raise MatrixError([*faults, *diagnose(explained(findings, documents), documents)])
    sound = _sound(documents, findings, given, traits, cache, contexts)
    matrix, documents = sound.matrix, sound.documents
    linked = _linked(matrix, sound.variants, documents, contexts)
    copying = with_files(matrix, linked.variants, documents, contexts)
    diagnostics = [item for item in sound.warnings if not _used_by(linked, documents, item)]
    diagnostics += [*linked.problems, *copying.problems]
    if errors(diagnostics):
        raise MatrixError(_without_doubt(diagnostics, linked.variants, documents))
    return Loaded(
        matrix,
        copying.variants,
        documents,
        tuple(item for item in diagnostics if not _of_a_site(item, documents)),
        given.serving,
        linked.files,
        image_files=copying.files,
        policies=tuple(stated(one) for one in sections(documents.parts)),
    )


def load_shaped(inputs: Inputs, cache: ContentCache = NO_CACHE) -> Documents:
    """Read the files of a matrix, whose shape is that of the schema; raises :class:`MatrixError` with what is not.

    An import reads names from a matrix that it may make valid.
    """
    templates = inputs.templates
    given = Given(frozenset(templates.kinds), frozenset(templates.serving), frozenset(templates.custom_pip))
    return _shaped(inputs.texts, inputs.included, given, cache, inputs.contexts)[0]


def _shaped(
    texts: Mapping[str, str],
    included: Mapping[str, str],
    given: Given,
    cache: ContentCache,
    contexts: ContextReader,
) -> tuple[Documents, list[Finding]]:
    """Return the documents, whose shape is that of the schema, and what else is wrong with their texts."""
    documents, findings = _documents(texts, included)
    shape_findings = cached_shape(documents, cache)
    policies = sections(documents.parts)
    of_policies = [item for one in policies for item in diagnose(cached_section(one, POLICY, cache), one)]
    if shape_findings or of_policies:
        raise misshapen(documents, findings, shape_findings, given.kinds, of_policies, contexts)
    return documents, findings


@dataclass(frozen=True, slots=True)
class _Sound:
    """A matrix without errors, before the files that it names are read."""

    documents: Documents
    matrix: Matrix
    variants: Mapping[str, Variant]
    warnings: list[Diagnostic]


def _sound(
    documents: Documents,
    findings: list[Finding],
    given: Given,
    traits: Mapping[str, Kind],
    cache: ContentCache,
    contexts: ContextReader,
) -> _Sound:
    """Read the model, and check it."""
    expanded = expand_from_lists(documents.value)
    documents = replace(documents, entries=expanded.entries)
    matrix = read_matrix(expanded.value, lambda parents, others: cached_order(parents, cache, others), traits)
    variants = expand(matrix)
    meaning = cached_meaning(expanded, matrix, variants, given, cache)
    every = [*findings, *expanded.findings, *meaning]
    diagnostics = diagnose(explained(every, documents), documents)
    if errors(diagnostics):
        faulty = {item.path for item in every}
        more = [
            item for item in unlocatable_of(matrix, variants, documents, contexts) if item.path not in faulty
        ]
        diagnostics = diagnose(explained([*every, *more], documents), documents)
        raise MatrixError(_without_doubt(diagnostics, variants, documents))
    return _Sound(documents, matrix, variants, diagnostics)


def _linked(
    matrix: Matrix, variants: Mapping[str, Variant], documents: Documents, contexts: ContextReader
) -> UserDockerfiles:
    """Read the Dockerfiles of variants that have their own; without any, nothing is imported for that."""
    if not any(item.build for item in variants.values()):
        return UserDockerfiles(variants)
    from image_matrix.project.user_dockerfiles import with_dockerfiles

    return with_dockerfiles(matrix, variants, documents, contexts)


def _without_doubt(
    diagnostics: Iterable[Diagnostic], variants: Mapping[str, Variant], documents: Documents
) -> list[Diagnostic]:
    """Return diagnostics without those of unused sources, where a Dockerfile may name them that is not read."""
    if not any(item.build for item in variants.values()):
        return list(diagnostics)
    sources = {documents.place(("sources", name), "key") for name in documents.value.get("sources") or {}}
    return [item for item in diagnostics if item.code != rules.UNUSED.code or item.place not in sources]


def _used_by(linked: UserDockerfiles, documents: Documents, item: Diagnostic) -> bool:
    """Return whether a diagnostic is about an unused source that a Dockerfile names."""
    if item.code != rules.UNUSED.code or not linked.files:
        return False
    used = {name for variant in linked.variants.values() for name in variant.used_sources}
    return item.place in {documents.place(("sources", name), "key") for name in used}


def _of_a_site(item: Diagnostic, documents: Documents) -> bool:
    """Return whether a warning is about the workflow's login to a registry that only an overlay names.

    The workflow is rendered from the matrix alone; a site that builds images itself is already logged in.
    """
    return item.code == rules.NO_LOGIN.code and item.place.file in {part.file for part in documents.overlays}


def _documents(texts: Mapping[str, str], included: Mapping[str, str]) -> tuple[Documents, list[Finding]]:
    (matrix, text), *others = texts.items()
    declared = _parsed({matrix: text, **included})
    overlays = _parsed(dict(others))
    faults = [*declared[1], *overlays[1]]
    if faults:
        raise MatrixError(sorted(faults, key=lambda item: item.place))
    if declared[0][0].value is None:
        raise MatrixError([empty_matrix(declared[0][0])])
    base, faults = joined([without_section(part) for part in declared[0]])
    if faults:
        raise MatrixError(faults)
    value, findings = overlaid(base, [without_section(part) for part in overlays[0]])
    return Documents(value, (*declared[0], *overlays[0]), len(declared[0]), base), findings


def _parsed(texts: Mapping[str, str]) -> tuple[list[Document], list[Diagnostic]]:
    """Return the documents of texts, and what is wrong with them as YAML."""
    every = [parsed(text, file) for file, text in texts.items()]
    documents = [document for document, _ in every if document is not None]
    return documents, [item for _, items in every for item in items]
