"""Reads from users' Dockerfiles which images and addresses they name, as far as their text says it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.instructions import DockerfileError, parse
from image_matrix.dockerfiles.stages import SCRATCH, needs, stages, target_number
from image_matrix.endpoints.model import EndpointNeed, UnknownHosts, endpoint_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.dockerfile_build import DockerfileBuild
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.dockerfiles.instructions import Dockerfile
    from image_matrix.endpoints.sent_on import Entries

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?=[/\s\"'<>|;&)\]]|$)")
PROXY = "read it, or build once through a proxy that notes hosts"


def outside_images(loaded: Loaded) -> Iterator[tuple[str, str]]:
    """Yield the images that users' Dockerfiles and templates name and no source has, each with the file that does."""
    for item, build, dockerfile in _user_dockerfiles(loaded):
        syntax = loaded.context_files[item.id].syntax
        if syntax and syntax != loaded.matrix.network.frontend:
            yield syntax, build.dockerfile
        for name in _outside(item, build, dockerfile):
            yield name, build.dockerfile
    for image in loaded.floating_in_templates():
        yield image.name, image.place.file


def _user_dockerfiles(loaded: Loaded) -> Iterator[tuple[Variant, DockerfileBuild, Dockerfile]]:
    for item in loaded.variants.values():
        if item.build is not None and item.id in loaded.context_files:
            text = loaded.context_files[item.id].dockerfile.decode(errors="replace")
            try:
                yield item, item.build, parse(text)
            except DockerfileError:
                continue


def _outside(item: Variant, build: DockerfileBuild, dockerfile: Dockerfile) -> Iterator[str]:
    replaced = frozenset(name.lower() for name in build.contexts)
    for platform in item.platforms:
        declared = stages(dockerfile, build.args, platform)
        number = target_number(declared, build.target)
        uses = needs(declared, number, replaced).every if number is not None else ()
        for use in uses:
            if use.name not in (*build.images, *build.sources, SCRATCH):
                yield use.name


def dockerfile_needs(loaded: Loaded) -> Entries:
    """Yield the addresses in ADD and RUN of users' Dockerfiles, and that their steps may fetch from others."""
    for item, build, dockerfile in _user_dockerfiles(loaded):
        for step in dockerfile.with_later:
            if step.name in ("ADD", "RUN"):
                for text in (step.text, *step.heredocs):
                    for address in _ADDRESS.findall(text):
                        what = f"{build.dockerfile}, line {step.line}"
                        yield EndpointNeed(endpoint_of(address), ("build",), what, ("images", item.image))
        yield UnknownHosts(
            ("build",), f"what else the steps of {build.dockerfile} fetch", PROXY, ("images", item.image)
        )
    for script, image in {
        name: item.image for item in loaded.variants.values() for name in item.scripts
    }.items():
        yield UnknownHosts(("build",), f"what {script} fetches", PROXY, ("images", image))


def template_unknowns(loaded: Loaded, custom: frozenset[str]) -> Entries:
    """Yield that the steps of the repository's own templates may fetch from anywhere; ``custom`` are their paths."""
    for kind, image in {
        item.kind: item.image for item in loaded.variants.values() if item.build is None
    }.items():
        if any(path.startswith(f"dockerfiles/{kind}.") for path in custom):
            yield UnknownHosts(
                ("build",),
                f"what the steps of your template for the kind {kind} fetch",
                PROXY,
                ("images", image),
            )
