"""Checks the branches and registry paths to which the workflow pushes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.registry.reference import DOCKER_HUB
from image_matrix.validate.findings import bad_value
from image_matrix.validate.names import bad_reference, is_repository, reference_advice
from image_matrix.validate.repositories import repository_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding
    from image_matrix.diagnostics import Path as FieldPath


_STAGING = ("workflow", "staging")


def branches_and_staging(matrix: Matrix) -> Iterator[Finding]:
    """Branches and registry paths that cannot be what is meant."""
    staging = matrix.workflow.staging
    host = matrix.registry.partition("/")[0]
    if staging and not is_repository(staging):
        advice = reference_advice(staging, "ghcr.io/example/notebooks-staging")
        yield bad_reference(_STAGING, "registry path", staging, advice)
    elif staging and staging.partition("/")[0] != host:
        yield bad_value(
            _STAGING, "it is not where `registry` is", f"runs log in to {host} alone; name a path there"
        )
    if staging == matrix.registry:
        yield bad_value(_STAGING, "it is the registry itself", "pull requests push there; name another path")
    if matrix.workflow.rendered and host == DOCKER_HUB:
        yield from _docker_hub(matrix)
    yield from _branch(("workflow", "default_branch"), matrix.workflow.default_branch)
    yield from _branch(("release", "branch"), matrix.release.branch)
    if matrix.workflow.default_branch == matrix.release.branch:
        yield bad_value(
            ("release", "branch"), "it is the default branch", "name a separate branch, such as `release`"
        )


def _branch(path: FieldPath, name: str) -> Iterator[Finding]:
    """A name that no branch has: with git's prefix for branches, or one that git refuses (git-check-ref-format)."""
    bare = re.sub(r"^(refs/)?(heads|remotes/origin|origin)/", "", name)
    if name.startswith(("refs/", "origin/", "remotes/")):
        other_ref = "write the branch's own name, without `refs/`"
        advice = other_ref if bare.startswith("refs/") else f"write `{bare}`"
        yield bad_value(path, f"`{name}` is not the name of a branch", advice)
    elif ".." in name or name.endswith(".") or any(part.endswith(".lock") for part in name.split("/")):
        problem = f"git has no branch `{name}`: `..`, `.lock` and a `.` at the end are not allowed"
        yield bad_value(path, problem, "write the name as `git branch` prints it")


def _docker_hub(matrix: Matrix) -> Iterator[Finding]:
    """A place for pull requests below a namespace: Docker Hub has none; docs.docker.com/docker-hub/repos."""
    advice = "Docker Hub's names are NAMESPACE/IMAGE: "
    if matrix.registry.count("/") > 1:
        advice += "write docker.io/NAMESPACE"
        yield bad_reference(("registry",), "registry path", matrix.registry, advice)
    elif not matrix.workflow.staging:
        advice += "name a second one, `workflow: {staging: docker.io/OTHER}`"
        yield bad_value(("registry",), "it leaves no place for what pull requests build", advice)
    elif matrix.workflow.staging.count("/") > 1:
        yield bad_value(_STAGING, "it is not a namespace", f"{advice}write docker.io/OTHER")


def too_deep_for_docker_hub(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Repositories with a `/` where Docker Hub is a place for them."""
    paths = [matrix.registry, *matrix.release.copies]
    hub = next((path for path in paths if path.startswith(f"{DOCKER_HUB}/")), None)
    deep = {item.image: item for item in expanded.values() if "/" in item.repository}
    for item in deep.values() if hub else ():
        path, target = repository_place(matrix, expanded, item)
        problem = f"Docker Hub has no repository {hub}/{item.repository}: its names are NAMESPACE/IMAGE"
        flat = item.repository.replace("/", "-")
        advice = f"write `repository: {flat}`" if target == "value" else f"give it `repository: {flat}`"
        yield bad_value(path, problem, advice, target)
