"""Reports what a repository's own templates of Dockerfiles name and nothing pins: images and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.dockerfile_build import FloatingImage, NamedImage
from image_matrix.dockerfiles.instructions import DockerfileError
from image_matrix.dockerfiles.templated import literal_images, templated
from image_matrix.registry.reference import parse_reference
from image_matrix.validate.dockerfiles import place_of, unchecked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.diagnostics import Diagnostic
    from image_matrix.dockerfiles.instructions import Dockerfile
    from image_matrix.render.templates import Templates

FOLDER = "templates/dockerfiles/"


def floating_images(templates: Templates) -> Iterator[FloatingImage]:
    """Yield the images that templates name literally and without a digest."""
    for path, dockerfile in _custom(templates):
        for use in literal_images(dockerfile):
            if "@" not in use.name:
                place = place_of(path, dockerfile, use.line, use.written)
                advice = f"write it with its digest, as in `{parse_reference(use.name)}@sha256:…`"
                yield FloatingImage(place, use.name, f"{use.instruction} {use.name}", advice)


def named_images(templates: Templates) -> Iterator[NamedImage]:
    """Yield the images that templates name literally."""
    for path, dockerfile in _custom(templates):
        for use in literal_images(dockerfile):
            place = place_of(path, dockerfile, use.line, use.written)
            yield NamedImage(place, use.name, f"{use.instruction} {use.name}")


def unchecked_fetches(templates: Templates) -> list[Diagnostic]:
    """Return a warning for each address that a template fetches without a checksum."""
    return [item for path, dockerfile in _custom(templates) for item in unchecked(path, dockerfile)]


def _custom(templates: Templates) -> Iterator[tuple[str, Dockerfile]]:
    """Yield the repository's own templates; what cannot be split is left to the build."""
    paths = {f"templates/{path}" for path in templates.custom} | templates.replaced
    for name, text in templates.dockerfiles.items():
        if FOLDER + name in paths:
            try:
                yield FOLDER + name, templated(text)
            except DockerfileError:
                continue
