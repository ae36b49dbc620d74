"""Finds the registries that images are pulled from and pushed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.catalog import offered_sources
from image_matrix.config.mirrors import mirrored
from image_matrix.config.trusted_hosts import is_trusted
from image_matrix.config.workflow import staging_of
from image_matrix.endpoints.clusters import buildkits
from image_matrix.endpoints.dockerfiles import outside_images
from image_matrix.endpoints.model import EndpointNeed, UnknownHosts, endpoint_of
from image_matrix.endpoints.runners import steps_of_runs
from image_matrix.endpoints.sent_on import sent_on
from image_matrix.lock.hosts import registry_address
from image_matrix.lock.read import used_sources
from image_matrix.pinned.helper_images import BINFMT, BUILDKIT, SCANNER
from image_matrix.registry.addresses import is_plain
from image_matrix.registry.known_hosts import behind
from image_matrix.registry.reference import parse_reference
from image_matrix.render.kubernetes.prepull import PAUSE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Path
    from image_matrix.endpoints.model import Step
    from image_matrix.endpoints.sent_on import Entries
    from image_matrix.lock.model import Lock

    Pull = tuple[str, str, tuple[Step, ...], Path | None]
    """Reference, what it is, who pulls it, where the matrix asks for it."""

NOTES = "`image-matrix lock` notes it, from a place that reaches the registry"


def image_needs(loaded: Loaded, lock: Lock) -> Entries:
    """Yield the registries of everything that is pulled and pushed, behind their mirrors."""
    for reference, what, steps, path in _pulled(loaded):
        yield from _of_registry(loaded, lock, reference, what, steps, path)
    yield from _pushed(loaded, lock)


def _of_registry(
    loaded: Loaded, lock: Lock, reference: str, what: str, steps: tuple[Step, ...], path: Path | None
) -> Entries:
    reached = mirrored(str(parse_reference(reference)), loaded.matrix.network.mirrors.registries)
    address = registry_address(parse_reference(reached).host)
    yield EndpointNeed(endpoint_of(address), steps, what, path)
    yield from _plain(loaded, parse_reference(reached).host, steps, what, path)
    is_locked = "lock" in steps and reached == str(parse_reference(reference))
    yield from _behind_registry(parse_reference(reached).host, steps, lock, NOTES if is_locked else "")


def _plain(loaded: Loaded, host: str, steps: tuple[Step, ...], what: str, path: Path | None) -> Entries:
    """Yield the port of plain HTTP of a trusted registry that is named without a port: it may answer there alone."""
    if is_trusted(host, loaded.matrix.network.trusted_hosts) and ":" not in host:
        yield EndpointNeed(endpoint_of(f"http://{host}"), steps, f"{what}, over plain HTTP", path)


def _behind_registry(host: str, steps: tuple[Step, ...], lock: Lock, advice: str) -> Entries:
    """Yield where a registry sends on to; ``advice`` says what notes it, where the lock could have."""
    address = registry_address(host)
    yield from sent_on(f"https://{host}", steps, {f"https://{host}": lock.hosts.get(address, ())})
    if advice and behind(host) is None and address not in lock.hosts and not is_plain(host):
        yield UnknownHosts(steps, f"where the registry {host} sends requests on to", advice)


def _pulled(loaded: Loaded) -> Iterator[Pull]:
    matrix = loaded.matrix
    for name in used_sources(loaded):
        yield matrix.sources[name], f"source {name}", ("lock", "build"), ("sources", name)
    for name in offered_sources(matrix):
        yield (
            matrix.sources[name],
            f"source {name}, which profiles offer",
            ("lock", "cluster"),
            ("sources", name),
        )
    if loaded.uses_frontend:
        yield (
            matrix.network.frontend,
            "the frontend of Dockerfiles",
            ("lock", "build"),
            ("network", "frontend"),
        )
    for name, place in outside_images(loaded):
        yield name, f"an image that {place} names", ("build",), None
    if matrix.release.sbom:
        yield SCANNER.name, "the bill of materials of pushed images", ("build",), ("release", "sbom")
    if steps := _starts_buildkit(loaded):
        yield BUILDKIT.name, "BuildKit", steps, ("network", "builder")
    yield from _in_cluster(loaded)
    if _emulates(loaded):
        yield BINFMT.name, "the emulation of a platform", ("workflow",), ("workflow", "runners")
    if matrix.release.scan.image:
        yield matrix.release.scan.image, "the scanner", ("scan",), ("release", "scan", "image")
    if any(catalog.profiles and catalog.site.spawner == "jupyterhub" for catalog in matrix.catalogs.values()):
        yield PAUSE, "the container that keeps pulled images", ("cluster",), ("sites",)


def _in_cluster(loaded: Loaded) -> Iterator[Pull]:
    sources = loaded.matrix.sources
    for buildkit, path in buildkits(loaded):
        if not buildkit.endpoint:
            yield BUILDKIT.name, "BuildKit of the cluster", ("cluster",), path
        if buildkit.job and buildkit.job.image in sources:
            name, place = buildkit.job.image, (*path, "job", "image")
            yield sources[name], f"source {name}, which a Job runs", ("cluster",), place


def _starts_buildkit(loaded: Loaded) -> tuple[Step, ...]:
    """Return the steps that start a BuildKit: builds if the matrix names a builder of this kind, and the workflow."""
    builder = loaded.matrix.network.builder
    runs = steps_of_runs(loaded)
    if builder is None:
        return runs
    return () if builder.driver == "remote" else ("build", *runs)


def _emulates(loaded: Loaded) -> bool:
    workflow = loaded.matrix.workflow
    return workflow.rendered and any(
        not workflow.runner(item.image, platform, item.values)
        for item in loaded.variants.values()
        for platform in item.platforms
    )


def _pushed(loaded: Loaded, lock: Lock) -> Entries:
    matrix = loaded.matrix
    every: tuple[Step, ...] = ("build", "scan", "sign", "release", *steps_of_runs(loaded), "cluster")
    places: list[tuple[str, str, tuple[Step, ...], Path]] = [
        (matrix.registry, "the registry of the images", every, ("registry",)),
        *(
            (copy, "copies of releases", ("sign", "release"), ("release", "copies"))
            for copy in matrix.release.copies
        ),
    ]
    if matrix.workflow.rendered:
        staging = staging_of(matrix.registry, matrix.workflow)
        places.append((staging, "images of pull requests", ("workflow",), ("workflow", "staging")))
    for prefix, what, steps, path in places:
        host = prefix.partition("/")[0]
        yield EndpointNeed(endpoint_of(registry_address(host)), steps, what, path)
        yield from _plain(loaded, host, steps, what, path)
        yield from _behind_registry(host, steps, lock, "")
