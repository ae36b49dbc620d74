"""Checks ``sites.NAME.buildkit``: fields that contradict each other, the cluster, or the rest of the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.amounts import is_too_much
from image_matrix.config.buildkit import Buildkit
from image_matrix.config.buildkit_needs import HEADINGS, PARTS, unmet
from image_matrix.diagnostics import catalogue as rules
from image_matrix.profiles.units import QUANTITIES, byte_count
from image_matrix.validate.cron import cron_faults
from image_matrix.validate.findings import bad_value, unknown
from image_matrix.validate.profiles_pods import cpu_findings, memory_findings, over_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from image_matrix.config.buildkit import Cache
    from image_matrix.config.model import Matrix
    from image_matrix.config.sites import Site
    from image_matrix.diagnostics import Finding, Path

_WITH_ENDPOINT = ("endpoint", "job")
"""Fields that mean something where a BuildKit is there already."""
_REMEDIES = {
    "always": "update the cluster; without it, name a BuildKit outside: `endpoint: tcp://HOST:1234`",
    "host_users": "remove `host_users`, or update the cluster",
    "overlayfs": "write `snapshotter: auto`, which takes what works, or update the nodes",
    "fuse-overlayfs": "write `snapshotter: native`, which is slow, or update the nodes",
}


def buildkits(matrix: Matrix) -> Iterator[Finding]:
    """What is wrong with the BuildKit of each site."""
    for catalog in matrix.catalogs.values():
        site = catalog.site
        if site.buildkit is None:
            continue
        path: Path = (*site.path, "buildkit")
        if site.buildkit.endpoint:
            yield from _without_effect(path, site.buildkit)
        else:
            for check in _CHECKS:
                yield from check(path, site, site.buildkit)
        yield from _of_job((*path, "job"), matrix, site, site.buildkit)


def _without_effect(path: Path, buildkit: Buildkit) -> Iterator[Finding]:
    usual = Buildkit(openshift=buildkit.openshift)
    for name in (name for name in Buildkit.__slots__ if name not in _WITH_ENDPOINT):
        if getattr(buildkit, name) != getattr(usual, name):
            problem = f"`{name}` has no effect: `endpoint` names a BuildKit that is there already"
            yield bad_value((*path, name), problem, "remove it, or remove `endpoint`", "key")


def _versions(path: Path, _: Site, buildkit: Buildkit) -> Iterator[Finding]:
    for setting, need, has in unmet(buildkit):
        name = HEADINGS[setting] if setting != "always" else "BuildKit"
        fields = {"setting": name, "part": PARTS[need.part], "version": need.version, "why": need.why}
        place = (*path, "cluster", need.part)
        yield rules.CLUSTER_TOO_OLD.at(place, has=has, advice=_REMEDIES[setting], **fields)
    if {"containerd", "crio"} <= buildkit.cluster.keys():
        problem = "a node has one of containerd and CRI-O"
        yield bad_value((*path, "cluster", "crio"), problem, "remove the one that yours do not have", "key")


def _fuse(path: Path, _: Site, buildkit: Buildkit) -> Iterator[Finding]:
    place = (*path, "snapshotter")
    if buildkit.snapshotter != "fuse-overlayfs":
        return
    if not buildkit.host_users:
        problem = "the image of BuildKit for `host_users: false` has no fuse-overlayfs"
        yield bad_value(place, problem, "write `snapshotter: overlayfs`")
    elif not (buildkit.devices or buildkit.openshift):
        problem = "fuse-overlayfs needs /dev/fuse, and nothing gives it to the pod"
        yield bad_value(place, problem, "add `devices: {NAME: 1}` with the resource of a device plugin")


def _amounts(path: Path, _: Site, buildkit: Buildkit) -> Iterator[Finding]:
    for side in ("limit", "guarantee"):
        if (cores := getattr(buildkit.cpu, side)) is not None:
            yield from cpu_findings((*path, "cpu", side), cores)
        if (memory := getattr(buildkit.memory, side)) is not None:
            yield from memory_findings((*path, "memory", side), memory, QUANTITIES)
    yield from over_limit((*path, "cpu"), "cpu", buildkit.cpu)
    yield from over_limit((*path, "memory"), "memory", buildkit.memory)
    yield from _cache_sizes(path, buildkit.cache)


def _cache_sizes(path: Path, cache: Cache) -> Iterator[Finding]:
    if is_too_much("memory", cache.size):
        advice = "write a smaller size, such as 100Gi"
        yield bad_value((*path, "cache", "size"), f"no volume has `{cache.size}`", advice)
    size = byte_count(cache.size) or 0
    spaces = ("reserved_space", "max_used_space", "min_free_space")
    shares = {name: _bytes(getattr(cache, name), size) for name in spaces}
    for name, count in shares.items():
        if count > size:
            problem = f"`{getattr(cache, name)}` is more than the volume, which has {cache.size}"
            yield bad_value((*path, "cache", name), problem, "lower it, or raise `size`")
    if shares["reserved_space"] > shares["max_used_space"]:
        given = "reserved_space" if cache.reserved_space != "10%" else "max_used_space"
        problem = f"`{cache.reserved_space}` is reserved, and at most `{cache.max_used_space}` may be used"
        yield bad_value((*path, "cache", given), problem, "lower `reserved_space`, or raise `max_used_space`")


def _bytes(amount: str, size: int) -> int:
    share = amount.removesuffix("%")
    return int(share) * size // 100 if share != amount else byte_count(amount) or 0


def _namespaces(path: Path, site: Site, buildkit: Buildkit) -> Iterator[Finding]:
    """Pods of a privileged namespace may do everything on a node, so nobody else has any there."""
    taken = {site.configmap_namespace: "the hub", site.namespace: "users' pods"}
    name = buildkit.namespace
    if name in taken:
        free = next(other for other in ("buildkit", "image-buildkit", "buildkitd") if other not in taken)
        problem = f"`{name}` also has {taken[name]}, and BuildKit's namespace is `privileged`"
        yield bad_value((*path, "namespace"), problem, f"write a namespace for BuildKit alone: `{free}`")


_CHECKS: tuple[Callable[[Path, Site, Buildkit], Iterator[Finding]], ...] = (
    _versions,
    _fuse,
    _amounts,
    _namespaces,
)


def _of_job(path: Path, matrix: Matrix, site: Site, buildkit: Buildkit) -> Iterator[Finding]:
    job = buildkit.job
    if job is None:
        return
    if job.image not in {*matrix.images, *matrix.sources}:
        yield unknown((*path, "image"), "image", job.image, {*matrix.images, *matrix.sources})
    for at, name in enumerate(job.images):
        if name not in matrix.images:
            yield unknown((*path, "images", at), "image", name, matrix.images)
    taken = {site.namespace: "users' pods"} | ({} if buildkit.endpoint else {buildkit.namespace: "BuildKit"})
    if job.namespace in taken:
        free = next(other for other in ("image-builds", "notebook-builds", "builds") if other not in taken)
        problem = (
            f"`{job.namespace}` also has {taken[job.namespace]}, and the namespace of builds is `restricted`"
        )
        yield bad_value((*path, "namespace"), problem, f"write a namespace for builds alone: `{free}`")
    if job.schedule:
        yield from cron_faults((*path, "schedule"), job.schedule)
    if buildkit.tls and not job.tls:
        problem = "BuildKit asks for a client's certificate, and the builds have none"
        yield bad_value(
            path, problem, "add `tls: NAME`, a Secret with `tls.crt`, `tls.key` and `ca.crt`", "key"
        )
    elif job.tls and not (buildkit.tls or buildkit.endpoint):
        problem = "BuildKit has no certificate"
        yield bad_value((*path, "tls"), problem, "add `tls: NAME` to `buildkit`, or remove it here", "key")
