"""Computes the commands with which buildah or Podman builds a request: one image after the other, parents first.

Everything follows from the bake definition, so both engines build the same. Sources: buildah-pull(1), buildah-build(1)
and buildah-push(1); Podman's commands have the same options.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.build.heredoc_scripts import CONTEXT, FOLDER, without_scripts
from image_matrix.build.workspace import definition
from image_matrix.config.mirrors import context_key
from image_matrix.dockerfiles.instructions import parse
from image_matrix.dockerfiles.stages import needs, stages, target_number
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from image_matrix.build.request import BuildLeg, BuildRequest
    from image_matrix.config.platforms import Platform

IMAGE, TARGET = "docker-image://", "target:"
"""What begins a bake context that is an image, and one that is another target."""
WORKSPACE = "cwd://"
"""What begins a path below the folder of the bake definition."""
DEFAULT_OPEN_FILES = 1 << 20
"""The limit of open files that steps get; github.com/containers/common, pkg/config/default.go."""


@dataclass(frozen=True, slots=True)
class BuildahPlace:
    """The program that builds, and what it has to know of the place."""

    program: str
    """``buildah`` or ``podman``."""
    is_plain: Callable[[str], bool]
    """Whether a registry's host has no certificate that counts."""
    open_files: int = DEFAULT_OPEN_FILES
    """The most open files that this process may allow its children."""


@dataclass(frozen=True, slots=True)
class ImageCommands:
    """The commands that build one image and push it."""

    leg: BuildLeg
    pulls: Mapping[str, list[str]]
    """Reference of an image that it is built from, to the command that brings it."""
    build: list[str]
    pushes: Mapping[str, list[str]]
    """Tag to the command that pushes the image there."""


def image_commands(request: BuildRequest, place: BuildahPlace, *, push: bool) -> list[ImageCommands]:
    """Return the commands for each image of a request, to be run in its workspace."""
    targets = definition(request)["target"]
    local = {leg.target: leg.tags[0] for leg in request.legs}
    results = {leg.id for leg in request.results}
    return [
        _of_image(request, leg, targets[leg.target], local, place, push=push and leg.id in results)
        for leg in request.legs
    ]


def _of_image(
    request: BuildRequest,
    leg: BuildLeg,
    target: Mapping[str, Any],
    local: Mapping[str, str],
    place: BuildahPlace,
    *,
    push: bool,
) -> ImageCommands:
    contexts = _contexts(request, leg, target["contexts"], local)
    if without_scripts(request.dockerfile_text(leg)).scripts:
        contexts[CONTEXT] = FOLDER
    outside = [value.removeprefix(IMAGE) for value in contexts.values() if value.startswith(IMAGE)]
    built = set(local.values())
    pulls = {name: _pull(name, leg.platform, place) for name in outside if name not in built}
    return ImageCommands(
        leg,
        pulls,
        _build(leg, target, contexts, place),
        {tag: _push(tag, place) for tag in leg.tags} if push else {},
    )


def _contexts(
    request: BuildRequest, leg: BuildLeg, contexts: Mapping[str, str], local: Mapping[str, str]
) -> dict[str, str]:
    """Return the named contexts of a Dockerfile, each under the name that the Dockerfile writes.

    BuildKit looks a context up by the familiar form of a name, buildah by the letters of the Dockerfile. Images that no
    context replaces get their whole name: buildah does not take Docker Hub for granted.
    """
    result: dict[str, str] = {}
    known = {context_key(name): value for name, value in contexts.items()}
    for names in _names(request, leg):
        value = known.get(context_key(names[0]))
        if value is None:
            value = f"{IMAGE}{without_tag(names[0])}"
        elif value.startswith(TARGET):
            value = f"{IMAGE}{local[value.removeprefix(TARGET)]}"
        elif value.startswith(IMAGE):
            value = f"{IMAGE}{without_tag(value.removeprefix(IMAGE))}"
        result |= dict.fromkeys(names, value)
    return result


def _names(request: BuildRequest, leg: BuildLeg) -> Iterator[tuple[str, ...]]:
    """Yield the names that a target is built from or copies from: with values of arguments, and as written."""
    build = leg.variant.build
    dockerfile = parse(request.dockerfile_text(leg))
    declared = stages(dockerfile, build.args if build else {}, leg.platform)
    number = target_number(declared, build.target if build else None)
    for use in needs(declared, len(declared) - 1 if number is None else number).every:
        yield tuple(dict.fromkeys((use.name, use.written)))
    yield from ((name,) for name in (*leg.variant.trigger_sources, *leg.variant.trigger_images))


def without_tag(reference: str) -> str:
    """Return the whole name of an image; with a digest, a tag says nothing."""
    parsed = parse_reference(reference)
    return parsed.at(parsed.digest) if parsed.digest else str(parsed)


def _pull(reference: str, platform: Platform, place: BuildahPlace) -> list[str]:
    """Return the command that brings an image; one with a digest can only be the one that is there.

    Podman always asks the registry.
    """
    policy = f"--policy={'missing' if '@' in reference else 'always'}"
    options = (*((policy,) if place.program == "buildah" else ()), f"--platform={platform}")
    return [place.program, "pull", *options, *_unverified(reference, place), reference]


def _unverified(reference: str, place: BuildahPlace) -> tuple[str, ...]:
    return ("--tls-verify=false",) if place.is_plain(parse_reference(reference).host) else ()


def _build(
    leg: BuildLeg, target: Mapping[str, Any], contexts: Mapping[str, str], place: BuildahPlace
) -> list[str]:
    """Return the command that builds an image.

    The OCI format knows no SHELL, so steps would run in another shell; see buildah-build(1), ``--format``.
    """
    build = leg.variant.build
    folder = str(target["context"])
    dockerfile = str(target.get("dockerfile", f"{folder}/Dockerfile")).removeprefix(WORKSPACE)
    options = [
        *("--format=docker", "--layers", "--identity-label=false"),
        *("--file", dockerfile),
        *("--platform", leg.platform),
        *(("--no-cache",) if target.get("no-cache") else ()),
        *(("--target", build.target) if build and build.target else ()),
        *_each("--build-arg", (f"{name}={value}" for name, value in (build.args if build else {}).items())),
        *_each(
            "--label", (f"{name}={value}" for name, value in (leg.variant.labels if build else {}).items())
        ),
        *_each("--build-context", (f"{name}={value}" for name, value in contexts.items())),
        *_each("--secret", target.get("secret", ())),
        *_open_files(place),
        *_each("--tag", leg.tags),
    ]
    return [place.program, "build", *options, folder]


def _each(option: str, values: Any) -> Iterator[str]:  # noqa: ANN401 - of a bake definition
    for value in values:
        yield from (option, value)


def _open_files(place: BuildahPlace) -> tuple[str, ...]:
    """Return the limit of open files where the default is more than this process may give, as in containers."""
    limit = place.open_files
    return ("--ulimit", f"nofile={limit}:{limit}") if limit < DEFAULT_OPEN_FILES else ()


def digest_file(tag: str) -> str:
    """Return the name of the file, in the workspace, with the digest that a push prints."""
    return f"{tag.replace('/', '_')}.digest"


def _push(tag: str, place: BuildahPlace) -> list[str]:
    options = ("--digestfile", digest_file(tag), *_unverified(tag, place))
    return [place.program, "push", *options, tag, f"docker://{tag}"]
