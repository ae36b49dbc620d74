"""Finds what runners of the workflow reach by themselves, and what builds on a BuildKit elsewhere do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.logins import ECR_PUBLIC
from image_matrix.endpoints.model import EndpointNeed, UnknownHosts, endpoint_of
from image_matrix.endpoints.sent_on import known, sent_on
from image_matrix.registry.known_hosts import service

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.endpoints.model import Step
    from image_matrix.endpoints.sent_on import Entries
    from image_matrix.lock.model import Lock

_RUN: tuple[Step, ...] = ("workflow",)
_GIT = re.compile(r"git\+(https?://\S+)")


def steps_of_runs(loaded: Loaded) -> tuple[Step, ...]:
    """Return the steps that runners take by themselves: none where no workflow is rendered."""
    return _RUN if loaded.matrix.workflow.rendered else ()


def workflow_needs(loaded: Loaded, lock: Lock) -> Entries:
    """Yield what each job of the workflow reaches: GitHub, uv, image-matrix itself, and keyless logins."""
    matrix = loaded.matrix
    if not matrix.workflow.rendered:
        return
    yield from known(service("GitHub Actions"), _RUN, "GitHub Actions")
    yield from known(service("setup-uv"), _RUN, "uv of the runner")
    yield from _generator(matrix.workflow.generator or "", lock)
    if telemetry := matrix.workflow.telemetry:
        path = ("workflow", "telemetry", "endpoint")
        yield EndpointNeed(endpoint_of(telemetry.endpoint), _RUN, "the receiver of spans", path)
    for host, login in matrix.network.logins.items():
        what = f"the login to {host}"
        if login.aws:
            yield from known(service("AWS STS", login.aws.region), _RUN, what)
            yield from known(service("ECR's public API"), _RUN, what) if host == ECR_PUBLIC else ()
        if login.azure:
            yield from known(service("Microsoft Entra"), _RUN, what)
        if login.google:
            yield from known(service("Google's token services"), _RUN, what)


def _generator(generator: str, lock: Lock) -> Entries:
    """Yield where runners install image-matrix from: a repository, and the index of what it needs."""
    path, git = ("workflow", "generator"), _GIT.search(generator)
    if git:
        yield EndpointNeed(endpoint_of(git[1]), _RUN, "image-matrix", path)
        yield from sent_on(git[1], _RUN, {})
    index = lock.defaults.get("pip")
    if index:
        yield EndpointNeed(
            endpoint_of(index), _RUN, "image-matrix and what it needs (pip's default index)", path
        )
        yield from sent_on(index, _RUN, lock.hosts)
    else:
        yield UnknownHosts(
            _RUN, "where uv installs image-matrix from", "`image-matrix lock` asks uv for it", path
        )


def builder_needs(loaded: Loaded) -> Entries:
    """Yield the addresses of the BuildKits that build."""
    builder, path = loaded.matrix.network.builder, ("network", "builder")
    if builder is None:
        return
    for node in builder.nodes:
        if node.endpoint:
            yield EndpointNeed(
                endpoint_of(node.endpoint), ("build",), "BuildKit that builds", (*path, "endpoint")
            )
    if builder.driver == "kubernetes":
        advice = "`kubectl cluster-info` prints it"
        yield UnknownHosts(("build",), "the API server of the cluster where BuildKit runs", advice, path)
