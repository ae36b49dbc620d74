"""Checks Dockerfiles that images have as they are against the matrix, and fields that such images ignore."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.config.dockerfile_build import FloatingImage, NamedImage
from image_matrix.config.layer_order import start_path
from image_matrix.config.lineage import ancestors
from image_matrix.config.variant_ids import image_of
from image_matrix.diagnostics import Place, diagnostic, did_you_mean, human
from image_matrix.diagnostics import catalogue as rules
from image_matrix.dockerfiles.downloads import fetched
from image_matrix.dockerfiles.secret_mounts import mounted_secrets
from image_matrix.dockerfiles.stages import PREDEFINED, SCRATCH, arguments, bodies
from image_matrix.dockerfiles.variables import variables_of
from image_matrix.registry.reference import parse_reference
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.resolve import Resolution
    from image_matrix.diagnostics import Diagnostic, Finding, Locator, Path, Target
    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction
    from image_matrix.dockerfiles.links import Links
    from image_matrix.dockerfiles.stages import Use


@dataclass(frozen=True, slots=True)
class CheckedDockerfile:
    """One variant with its own Dockerfile."""

    matrix: Matrix
    item: Variant
    resolution: Resolution
    path: str
    """Of the Dockerfile."""
    dockerfile: Dockerfile
    links: Links
    published: Mapping[str, Collection[str]]
    """The repositories of each image."""
    inherited: tuple[Instruction, ...] = ()
    """What ``ONBUILD`` of the Dockerfile that it is built on has its build run."""

    def origin(self, field: str, key: str | None = None) -> Path | None:
        """Return where a field, or an entry of it, is set; ``None`` if ``defaults`` sets it."""
        given = self.resolution.scalars[field] if key is None else getattr(self.resolution, field)[key]
        steps = (field,) if key is None else (field, key)
        return None if given.origin.kind == "defaults" else (*given.origin.path, *steps)

    def place(self, line: int, text: str) -> Place:
        """Return the place of a text in the Dockerfile, at or behind a line."""
        return place_of(self.path, self.dockerfile, line, text)


def place_of(path: str, dockerfile: Dockerfile, line: int, text: str) -> Place:
    """Return the place of a text in a Dockerfile, at or behind a line."""
    for number, source in enumerate(dockerfile.lines[line - 1 :], start=line):
        if text in source:
            return Place(path, number, source.index(text) + 1, max(1, len(text)), source)
    return whole_line(path, dockerfile, line)


def whole_line(path: str, dockerfile: Dockerfile | None, line: int) -> Place:
    """Return the place of a line of a Dockerfile."""
    lines = dockerfile.lines if dockerfile else ()
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    return Place(path, line, 1, max(1, len(source)), source)


def not_in_dockerfile(checked: CheckedDockerfile) -> Iterator[Finding]:
    """Yield arguments, a target and contexts that the Dockerfile does not have."""
    build, links = checked.links.build, checked.links
    known = arguments(checked.dockerfile)
    for name in build.args:
        path = checked.origin("args", name)
        if path and name not in known and name not in PREDEFINED:
            shown = listed([f"`{one}`" for one in known], 8) or "none"
            advice = f"its arguments (ARG): {shown}"
            yield _missing(checked, path, "argument", name, advice)
    if links.unknown_target is not None and (path := checked.origin("target")):
        stages = listed([f"`{one}`" for one in links.unknown_target], 8) or "none has a name"
        yield _missing(checked, path, "stage", build.target or "", f"its stages: {stages}")
    mounted = mounted_secrets((*checked.dockerfile.instructions, *checked.inherited))
    for secret in checked.resolution.secrets:
        if secret.value not in mounted:
            path = (*secret.origin.path, "secrets", secret.position or 0)
            advice = f"write `RUN --mount=type=secret,id={secret.value},env={secret.value} …`, or remove it"
            yield _missing(checked, path, "secret", secret.value, advice)
    for name in links.idle:
        path = checked.origin("contexts", name)
        if path:
            names = listed([f"`{use.name}`" for use in links.every], 8) or "none"
            advice = f"the images that it is built FROM or copies from: {names}"
            yield _missing(checked, path, "image", name, advice)


def _missing(checked: CheckedDockerfile, path: Path, what: str, name: str, advice: str) -> Finding:
    at: Target = "value" if path[-1] == "target" or what == "secret" else "key"
    return rules.NOT_IN_DOCKERFILE.at(
        path, at, where=human(path[:2]), file=checked.path, what=what, name=name, advice=advice
    )


def of_other_parent(checked: CheckedDockerfile, locator: Locator) -> Iterator[Diagnostic]:
    """Yield the last FROM of a Dockerfile, if it is not what the image is built from."""
    use = checked.links.not_parent
    if use is None:
        return
    item, matrix = checked.item, checked.matrix
    parent = image_of(item.parent) if item.parent else item.source or ""
    reference = _published_name(checked, parent) if item.parent else matrix.sources[parent]
    path = start_path(matrix.images[item.image], item.values)
    problem = diagnostic(
        rules.FROM_MISMATCH,
        checked.place(use.line, use.written),
        image=item.image,
        parent=parent,
        base=use.name,
        advice=_parent_advice(checked, use, parent, reference),
    )
    yield replace(problem, related=((locator.place(path), f"`{item.image}` is built from `{parent}`"),))


def dropped_folders(checked: CheckedDockerfile, variants: Mapping[str, Variant]) -> Iterator[Diagnostic]:
    """Yield the ENV of a Dockerfile whose PATH lacks folders that images below it put there."""
    folders = {
        folder: above.image for above in ancestors(variants, checked.item) for folder in reversed(above.path)
    }
    item, value = _last_path(checked.dockerfile)
    if item is None or re.search(r"\$(PATH\b|\{PATH\b)", value):
        return
    missing = [folder for folder in reversed(folders) if folder not in value.split(":")]
    if missing:
        names = dict.fromkeys(f"`{folders[folder]}`" for folder in missing)
        place = checked.place(item.line, "PATH")
        fields = {
            "image": checked.item.image,
            "folders": listed(missing, 3),
            "ancestors": listed([*names], 3),
        }
        yield diagnostic(rules.PATH_DROPPED, place, value=value, **fields)


def _last_path(dockerfile: Dockerfile) -> tuple[Instruction | None, str]:
    """Return the instruction of the last stage that sets PATH first, and its value."""
    for item in (one for one in bodies(dockerfile)[-1] if one.name == "ENV"):
        for name, value in variables_of(item, dockerfile.escape):
            if name == "PATH":
                return item, value.strip("\"'")
    return None, ""


def _published_name(checked: CheckedDockerfile, image: str) -> str:
    """Return the name by which a Dockerfile calls an image of the matrix."""
    names = sorted(checked.published[image])
    return next((name for name in names if name.startswith(f"{checked.matrix.registry}/")), names[0])


def _parent_advice(checked: CheckedDockerfile, use: Use, parent: str, reference: str) -> str:
    if use.name == SCRATCH:
        return f"copy from `{reference}`, or write another `from`"
    other = published(checked, use.name)
    if other and other != checked.item.image:
        return f"write `from: {other}` in matrix.yaml, or `FROM {reference}` in the Dockerfile"
    if parse_reference(use.name).digest and (advice := _digest_advice(checked, use, parent, reference)):
        return advice
    return (
        f"write `contexts: {{{json.dumps(use.name)}: {parent}}}` at `images.{checked.item.image}` in matrix.yaml, "
        f"or `FROM {reference}` in the Dockerfile"
    )


def _digest_advice(checked: CheckedDockerfile, use: Use, parent: str, reference: str) -> str:
    """Return what to write for a digest in a Dockerfile that its source has not; empty for another image."""
    named, declared = parse_reference(use.name), checked.links.build.sources.get(use.name)
    if declared:
        return f"write `from: {declared}` in matrix.yaml, or `FROM {reference}` in the Dockerfile"
    if parent not in checked.matrix.sources or replace(named, digest=None) != parse_reference(reference):
        return ""
    return (
        f"write `FROM {reference}` in the Dockerfile: the lock has its digest; or keep this one, with "
        f"`sources: {{{parent}: {json.dumps(str(named))}}}` in matrix.yaml, and run `image-matrix lock`"
    )


def published(checked: CheckedDockerfile, name: str) -> str | None:
    """Return the image of the matrix that is published under a name."""
    repository = parse_reference(name).name
    return next((image for image, names in checked.published.items() if repository in names), None)


def floating(checked: CheckedDockerfile) -> Iterator[FloatingImage]:
    """Yield the images from outside that nothing pins."""
    for use in checked.links.undeclared:
        if use != checked.links.not_parent:
            place = checked.place(use.line, use.written)
            yield FloatingImage(place, use.name, f"{use.instruction} {use.name}", _declaration(checked, use))


def named(checked: CheckedDockerfile) -> Iterator[NamedImage]:
    """Yield the images from outside, pinned or not, that are no sources of the matrix."""
    build = checked.links.build
    for use in checked.links.every:
        if use.name not in build.images and use.name not in build.sources:
            place = checked.place(use.line, use.written)
            yield NamedImage(place, use.name, f"{use.instruction} {use.name}")


def _declaration(checked: CheckedDockerfile, use: Use) -> str:
    """Return what to write for an image that nothing pins; empty if it is a source."""
    image = published(checked, use.name)
    if image:
        return f"write `contexts: {{{json.dumps(use.name)}: {image}}}` at `images.{checked.item.image}` in matrix.yaml"
    stages = checked.links.stages
    if not re.search("[./:]", use.name) and did_you_mean(use.name, stages).endswith("?"):
        return did_you_mean(use.name, stages)
    return ""


def unchecked(path: str, dockerfile: Dockerfile) -> Iterator[Diagnostic]:
    """Yield what a Dockerfile, or a template of one, fetches without a checksum."""
    for item, line, address in fetched(dockerfile):
        is_later = dockerfile.lines[item.line - 1].lstrip().upper().startswith("ONBUILD")
        add = f"{'ONBUILD ' if is_later else ''}ADD --checksum=sha256:…"
        advice = (
            f"write `{add} {address} …`"
            if item.name == "ADD"
            else f"fetch it with `{add}`, or compare its checksum in this step"
        )
        place = place_of(path, dockerfile, line, address)
        yield diagnostic(rules.UNCHECKED_FETCH, place, address=address, advice=advice)
