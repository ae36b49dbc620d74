"""Describes a build: variants on platforms, their tags, and the parents that they are built from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from image_matrix.build.ancestors import to_build
from image_matrix.build.bake_fields import attestations, caching, output_of
from image_matrix.build.network_script import contexts
from image_matrix.build.origin import UNKNOWN
from image_matrix.build.refreshed_steps import line_of_user, with_day
from image_matrix.config.mirrors import mirrored
from image_matrix.config.platforms import architecture
from image_matrix.errors import Blocked
from image_matrix.pinned.actions import image
from image_matrix.pinned.helper_images import SCANNER
from image_matrix.planning.keys import dockerfile_inputs
from image_matrix.planning.plan import reference
from image_matrix.planning.registry_locations import CANDIDATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.build.origin import BuildOrigin
    from image_matrix.config.image_files import ImageFiles
    from image_matrix.config.model import LegId, Variant
    from image_matrix.config.platforms import Platform
    from image_matrix.output_tree.files import File
    from image_matrix.planning.keys import DockerfileInputs
    from image_matrix.planning.plan import State
    from image_matrix.planning.registry_locations import Locations

_RUNS = re.compile(rb"^[ \t]*RUN\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """Where a build puts its results, and which cached layers it may use."""

    push: bool
    """To the registry; otherwise to the engine's image store."""
    candidate: bool = False
    """Push under the candidate tag."""
    staging: bool = False
    """Push below the staging path."""
    cache: str = "none"
    """``read``, ``write`` (and read) or ``none``."""
    fresh: bool = False
    """Run every step of the requested images, without cached layers."""
    origin: BuildOrigin = UNKNOWN
    """The run that builds, for provenance and annotations."""

    @property
    def layers(self) -> str:
        """How the registry's cache is used: only a build that pushes has one."""
        return self.cache if self.push else "none"


@dataclass(frozen=True, slots=True)
class BuildLeg:
    """What is built of one variant on one platform."""

    variant: Variant
    platform: Platform
    tags: tuple[str, ...]
    """Full references of the result; the first one is shown to users."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Bake's fields for its cached layers: a registry to read from and write to, or none."""

    @property
    def target(self) -> str:
        """Its name in the bake definition."""
        return f"{self.variant.target}-{architecture(self.platform)}"

    @property
    def id(self) -> LegId:
        """Variant id and platform."""
        return self.variant.id, self.platform


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """The legs to build, with their files, parents and options."""

    legs: tuple[BuildLeg, ...]
    """Parents before children."""
    rendered: Mapping[str, File] = field(repr=False)
    parents: Mapping[LegId, str] = field(default_factory=dict)
    """Parents that are not built here, to a reference with a digest."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Named contexts that replace sources."""
    given: Mapping[str, DockerfileInputs] = field(default_factory=dict)
    """Id of a variant to its own Dockerfile and the folder that it is built with."""
    copied: Mapping[str, ImageFiles] = field(default_factory=dict)
    """Id of a variant to the files of the project that it copies or runs."""
    source_references: Mapping[str, str] = field(default_factory=dict)
    """Name of a source to the reference that the engine pulls."""
    secrets: tuple[str, ...] = ()
    """Of every target: what the place that builds gives to steps."""
    exported: frozenset[LegId] | None = None
    """The legs whose images leave the builder; ``None`` for all. The others are built as parents alone."""
    named_secrets: frozenset[str] = frozenset()
    """Names of the images' secrets that the environment has."""
    builtin_frontend: bool = False
    registries: Mapping[str, str] = field(default_factory=dict)
    """Mirrors of registries. The frontend needs them too: named contexts do not apply to it."""
    scanner: str | None = None
    """Reference of the image that writes bills of materials, as the engine requests it."""
    proxy: Mapping[str, str] = field(default_factory=dict)
    """Proxy variables without passwords: build arguments that BuildKit knows, and that no image and no key has."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of every target, such as attestations."""
    output: str | None = None
    """How results leave the builder, as bake writes it; ``None``: as ``--push`` and ``--load`` do it by themselves."""

    @property
    def names(self) -> dict[str, str]:
        """Reference of a source, as the engine requests it, to its name in the matrix."""
        return {reference: name for name, reference in self.source_references.items()}

    @property
    def results(self) -> tuple[BuildLeg, ...]:
        """The legs whose images leave the builder."""
        return tuple(leg for leg in self.legs if self.is_result(leg))

    def is_result(self, leg: BuildLeg) -> bool:
        """Say whether the image of a leg leaves the builder."""
        return self.exported is None or leg.id in self.exported

    @property
    def platforms_with_steps(self) -> frozenset[Platform]:
        """The platforms whose machine code runs: some Dockerfile has a step that is not only copied."""
        return frozenset(leg.platform for leg in self.legs if _RUNS.search(self.dockerfile(leg)))

    def dockerfile(self, leg: BuildLeg) -> bytes:
        """Return the Dockerfile of a leg, as the engine gets it but for the frontend."""
        if leg.variant.build:
            inputs = self.given[leg.variant.id]
            text = inputs.files.dockerfile
            return with_day(text, inputs.refreshed) if inputs.refreshed else text
        return self.rendered[leg.variant.dockerfile].content

    def line_of_user(self, leg: BuildLeg, number: int) -> int:
        """Return the number of a line in the Dockerfile of the user, by its number in what the engine gets."""
        return line_of_user(self.dockerfile_text(leg), number) if leg.variant.build else number

    def dockerfile_text(self, leg: BuildLeg) -> str:
        """Return the Dockerfile of a leg as text; what is no UTF-8 is replaced."""
        return self.dockerfile(leg).decode("utf-8", "replace")


def make_request(
    locations: Locations,
    requested: list[LegId],
    existing: Mapping[LegId, str],
    options: BuildOptions,
    secrets: tuple[str, ...],
) -> BuildRequest:
    """Return a request for the requested legs and for the ancestors that do not exist yet."""
    # only pushed images are staged; on this machine an image has the name that `verify` and users expect
    state = locations.target if options.push else locations.main
    matrix = state.loaded.matrix
    legs = tuple(
        _target(locations, state, leg, options, fresh=options.fresh and leg in requested)
        for leg in to_build(state, requested, existing, rebuild=not options.push)
    )
    used = {
        name: state.pins.pinned(matrix.sources[name])
        for leg in legs
        for name in (*leg.variant.used_sources, *leg.variant.trigger_sources.values())
    }
    built = {leg.variant.id for leg in legs}
    given = dockerfile_inputs(state.loaded, state.pins)
    scanner = (
        mirrored(image(SCANNER.name, matrix.workflow.pins), matrix.network.mirrors.registries)
        if matrix.release.sbom
        else None
    )
    return BuildRequest(
        legs=legs,
        rendered=state.rendered,
        parents=existing,
        given={name: inputs for name, inputs in given.items() if name in built},
        copied={name: files for name, files in state.loaded.image_files.items() if name in built},
        source_references={
            name: mirrored(reference, matrix.network.mirrors.registries) for name, reference in used.items()
        },
        sources=contexts(used.values(), matrix.network.mirrors),
        secrets=secrets,
        builtin_frontend=matrix.network.builtin_frontend,
        registries=matrix.network.mirrors.registries,
        scanner=scanner if options.push else None,
        options=attestations(matrix.release, options.origin, scanner) if options.push else {},
        output=output_of(matrix.release, scanner) if options.push else None,
    )


def _target(
    locations: Locations, state: State, leg: LegId, options: BuildOptions, *, fresh: bool
) -> BuildLeg:
    """Return what is built of a leg; ``fresh``: every step of it runs."""
    name, platform = leg
    fields: dict[str, Any] = caching(locations, name, platform, options.layers)
    return BuildLeg(
        state.loaded.variants[name],
        platform,
        _tags(state, name, platform, options),
        {**fields, "no-cache": True} if fresh else fields,
    )


def _tags(state: State, name: str, platform: Platform, options: BuildOptions) -> tuple[str, ...]:
    """Return the immutable tag to push; on this machine also the short tag, for `docker run`."""
    item = state.loaded.variants[name]
    immutable = reference(state, item, platform)
    if options.candidate:
        return (f"{immutable}{CANDIDATE}",)
    return (
        (immutable,) if options.push else (f"{state.loaded.matrix.repository(item)}:{item.label}", immutable)
    )


def missing_secrets(legs: Iterable[BuildLeg], named: frozenset[str]) -> dict[str, str]:
    """Return the secrets of images that the environment does not have, each with the first image that needs it."""
    missing: dict[str, str] = {}
    for leg in legs:
        for name in leg.variant.secrets:
            if name not in named:
                missing.setdefault(name, leg.variant.image)
    return missing


def refuse_ancestors(request: BuildRequest, requested: Iterable[LegId], refused: Mapping[LegId, str]) -> None:
    """Raise :class:`Blocked` if a parent has to be built first: the parent's job builds it.

    ``refused`` says why images are not used although the registry has them.
    """
    missing = [leg.id for leg in request.legs if leg.id not in set(requested)]
    if missing:
        name, platform = missing[-1]
        if reason := refused.get(missing[-1]):
            raise Blocked(
                f"blocked: the parent {name} is not used for {platform}: {reason}",
                "check who can push to the registry; then run the workflow for all images: it builds the parent again",
            )
        raise Blocked(
            f"blocked: the parent {name} is not in the registry for {platform}",
            "the job of the parent did not finish: see its log; the next run builds this image",
        )
