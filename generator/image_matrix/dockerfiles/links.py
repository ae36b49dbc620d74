"""Which names in a Dockerfile stand for which images and sources of the matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from image_matrix.config.mirrors import context_key
from image_matrix.config.variant_ids import image_of
from image_matrix.dockerfiles.stages import SCRATCH, Needs, needs, stages, target_number
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.dockerfile_build import DockerfileBuild
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.dockerfiles.instructions import Dockerfile
    from image_matrix.dockerfiles.stages import Use


@dataclass(frozen=True, slots=True)
class Links:
    """What the names in a Dockerfile stand for, and which of them stand for nothing."""

    build: DockerfileBuild
    """With the images and sources that the Dockerfile names."""
    undeclared: tuple[Use, ...] = ()
    """Images from outside that nothing pins."""
    not_parent: Use | None = None
    """The last FROM, if it is not what the image is built from."""
    idle: tuple[str, ...] = ()
    """Names in ``contexts`` that the Dockerfile does not have."""
    unknown_target: tuple[str, ...] | None = None
    """The names of the stages, if the target is none of them."""
    stages: tuple[str, ...] = ()
    """The names of its stages."""
    every: tuple[Use, ...] = ()
    """Everything from outside that the Dockerfile names."""
    numbers: tuple[int, ...] = ()
    """The positions of the stages that are built on any platform."""


def link(
    matrix: Matrix,
    item: Variant,
    build: DockerfileBuild,
    dockerfile: Dockerfile,
    published: Mapping[str, Collection[str]],
) -> Links:
    """Link the names in a variant's Dockerfile, on all of its platforms.

    ``published`` has the repositories of each image. Raises
    :class:`image_matrix.dockerfiles.instructions.DockerfileError`.
    """
    linker = _Linker(matrix, item, build, published)
    declared = {platform: stages(dockerfile, build.args, platform) for platform in item.platforms}
    first = next(iter(declared.values()), [])
    if any(target_number(one, build.target) is None for one in declared.values()):
        return Links(build, unknown_target=tuple(stage.name for stage in first if stage.name))
    replaced = frozenset(name.lower() for name in build.contexts)
    every = [
        needs(one, number, replaced)
        for one in declared.values()
        if (number := target_number(one, build.target)) is not None
    ]
    return replace(linker.links(every), stages=tuple(stage.name for stage in first if stage.name))


@dataclass(frozen=True, slots=True)
class _Linker:
    matrix: Matrix
    item: Variant
    build: DockerfileBuild
    published: Mapping[str, Collection[str]]

    def links(self, every: Collection[Needs]) -> Links:
        uses = tuple(dict.fromkeys(use for one in every for use in one.every))
        images = {use.name: image for use in uses if (image := self.image(use.name))}
        sources = {
            use.name: source for use in uses if use.name not in images and (source := self.source(use.name))
        }
        names = {context_key(use.name) for use in uses}
        return Links(
            replace(self.build, images=images, sources=sources),
            undeclared=tuple(
                use
                for use in uses
                if use.name not in images and use.name not in sources and "@" not in use.name
            ),
            not_parent=next((one.base for one in every if not self.has_parent(one, images, sources)), None),
            idle=tuple(name for name in self.build.contexts if context_key(name) not in names),
            every=uses,
            numbers=tuple(sorted({number for one in every for number in one.numbers})),
        )

    def image(self, name: str) -> str | None:
        """Return the id of the variant that replaces a name: as ``contexts`` says, or the parent by its name."""
        for key, image in self.build.images.items():
            if context_key(key) == context_key(name):
                return image
        if any(context_key(key) == context_key(name) for key in self.build.contexts) or not self.item.parent:
            return None
        repositories = self.published[image_of(self.item.parent)]
        return self.item.parent if parse_reference(name).name in repositories else None

    def source(self, name: str) -> str | None:
        """Return the source that replaces a name: as ``contexts`` says, or the one with this reference."""
        for key, source in self.build.contexts.items():
            if context_key(key) == context_key(name):
                return source if source in self.matrix.sources else None
        named = [source for source, other in self.matrix.sources.items() if same_image(name, other)]
        if self.item.source in named:
            return self.item.source
        floating = (source for source in named if "@" not in self.matrix.sources[source])
        return next(chain(floating, named), None)

    def has_parent(self, one: Needs, images: Mapping[str, str], sources: Mapping[str, str]) -> bool:
        """Say whether the last FROM is what the image is built from; from ``scratch``, any use of that counts."""
        uses = one.others if one.base.name == SCRATCH else (one.base,)
        if self.item.parent:
            return any(images.get(use.name) == self.item.parent for use in uses)
        return any(sources.get(use.name) == self.item.source for use in uses)


def same_image(name: str, reference: str) -> bool:
    """Say whether a name in a Dockerfile is the image of a reference in the matrix.

    A name with a digest is the image with that digest alone: what the lock has for a tag may be another one. A name
    without is what the matrix has for its tag, with or without a digest.
    """
    named, ours = parse_reference(name), parse_reference(reference)
    if named.name != ours.name:
        return False
    return named.digest == ours.digest if named.digest else named.tag == ours.tag
