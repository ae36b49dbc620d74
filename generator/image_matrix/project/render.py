"""Renders all outputs of a repository from its inputs, as ``{path: file}``. All functions are pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import MatrixError, Place, diagnostic, errors
from image_matrix.diagnostics import catalogue as rules
from image_matrix.planning.keys import compute_keys, dockerfile_inputs, tagged
from image_matrix.profiles.references import with_sources
from image_matrix.render.bake import BAKE_FILE, bake_file
from image_matrix.render.dockerfile import build_context, context
from image_matrix.render.docs.catalog import CATALOG, catalog_page
from image_matrix.render.docs.catalog_data import shown_of
from image_matrix.render.docs.images_page import PAGE, images_page
from image_matrix.render.kubernetes.outputs import deploy_files
from image_matrix.render.lists.outputs import list_files
from image_matrix.render.rootfs import rootfs_files
from image_matrix.render.workflow import workflows
from image_matrix.validate.workflow import diagnostics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.pins import Pins
    from image_matrix.output_tree.files import File
    from image_matrix.render.templates import Templates


def render_all(loaded: Loaded, pins: Pins, templates: Templates) -> dict[str, File]:
    """Render every output, by path in the repository, sorted by path."""
    matrix, variants = loaded.matrix, loaded.variants
    outputs = render_builds(loaded, pins, templates)
    builds = dict(outputs)
    _add(outputs, {PAGE: images_page(matrix, variants)})
    if matrix.workflow.rendered:
        _add(outputs, render_workflows(loaded, templates))
    _add(outputs, {CATALOG: catalog_page(shown_of(loaded, pins), templates)})
    _add(outputs, render_deploy(loaded, builds, pins))
    return dict(sorted(outputs.items()))


def render_builds(loaded: Loaded, pins: Pins, templates: Templates) -> dict[str, File]:
    """Render the files that builds read and keys hash: Dockerfiles with their contexts, and the bake file."""
    shared = context(loaded, pins, templates)
    outputs: dict[str, File] = {}
    for item in (one for one in loaded.variants.values() if one.build is None):
        _add(outputs, {f"{item.folder}/{path}": file for path, file in build_context(shared, item).items()})
    _add(outputs, rootfs_files(templates, loaded.variants.values()))
    _add(outputs, {BAKE_FILE: bake_file(loaded.matrix, loaded.variants, shared.with_files)})
    return outputs


def render_workflows(loaded: Loaded, templates: Templates) -> dict[str, File]:
    """Render the workflows of GitHub Actions.

    Raises :class:`MatrixError` if GitHub rejects a workflow (IM801), or if the matrix does not say what its jobs
    install (IM803).
    """
    problems = errors(diagnostics(loaded))
    if problems:
        raise MatrixError(problems)
    return workflows(loaded, templates.workflows, templates.compiled)


def render_deploy(loaded: Loaded, builds: Mapping[str, File], pins: Pins) -> dict[str, File]:
    """Render ``deploy/`` with the immutable tags, which are the keys of the builds' files."""
    matrix, variants = loaded.matrix, loaded.variants
    is_deployed = any(catalog.profiles or catalog.site.buildkit for catalog in matrix.catalogs.values())
    if not (is_deployed or matrix.release.lists):
        return {}

    keys = compute_keys(variants, builds, dockerfile_inputs(loaded, pins), loaded.image_files)
    references = with_sources(matrix, tagged(matrix, variants, keys), pins.pinned)
    return {
        **deploy_files(matrix, variants, references, pins=pins),
        **list_files(matrix, variants, references, pins),
    }


def _add(outputs: dict[str, File], more: Mapping[str, File]) -> None:
    for path in more:
        if path in outputs:
            raise MatrixError([diagnostic(rules.OUTPUT_CLASH, Place(path, 0, 0), path=path)])
    outputs.update(more)
