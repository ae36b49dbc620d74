"""Defines the result of loading a matrix: the model, its variants, and the documents for places of diagnostics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from image_matrix.config.dockerfile_build import ContextFiles, FloatingImage, NamedImage
    from image_matrix.config.document import Documents
    from image_matrix.config.image_files import ImageFiles
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.policy import StatedPolicy
    from image_matrix.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid matrix with its variants, its files for places, and the warnings about it."""

    matrix: Matrix
    variants: Mapping[str, Variant]
    documents: Documents
    warnings: tuple[Diagnostic, ...]
    serving: frozenset[str] = frozenset()
    """Templates that bring a service."""
    context_files: Mapping[str, ContextFiles] = field(default_factory=dict)
    """Id of a variant to the files that it is built from, if it is built from its own Dockerfile."""
    floating_in_templates: Callable[[], Iterable[FloatingImage]] = tuple
    """Returns the images from outside that templates of kinds name, and that nothing pins."""
    named_in_templates: Callable[[], Iterable[NamedImage]] = tuple
    """Returns the images from outside that templates of kinds name."""
    policies: tuple[StatedPolicy, ...] = ()
    """What the matrix, its included files and its overlays ask for, each by itself."""
    image_files: Mapping[str, ImageFiles] = field(default_factory=dict)
    """Id of a variant to the files of the project that it copies or runs, if there are any."""

    @property
    def uses_frontend(self) -> bool:
        """Whether a build uses the frontend of the matrix: generated Dockerfiles do, and others that name it."""
        network = self.matrix.network
        is_named = any(files.syntax == network.frontend for files in self.context_files.values())
        is_generated = any(item.build is None for item in self.variants.values())
        return not network.builtin_frontend and (is_named or is_generated)
