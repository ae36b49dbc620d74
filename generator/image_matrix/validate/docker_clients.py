"""Checks that docker and buildx can be installed in images of the kind ``buildx``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.notebook_builds import BUILDX_KIND
from image_matrix.config.package_names import package_name
from image_matrix.config.variants import resolution_of
from image_matrix.lock.distributions import distribution_of
from image_matrix.validate.findings import bad_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

_CLIENTS = {"docker-cli", "docker-ce-cli", "docker.io"}
_PLUGINS = {"docker-buildx", "docker-buildx-plugin"}
"""Packages of Debian, Docker and Ubuntu. The template of the kind knows the same names."""
_ADVICE = (
    "start at Debian 13; or list the packages in this image: `apt: [docker.io, docker-buildx]` of Ubuntu, or "
    "`docker-ce-cli` and `docker-buildx-plugin` of Docker's own repository, which `apt: {repositories: …}` names"
)


def without_packages(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images of the kind on a distribution that has no packages of these names, and that list no others."""
    reported: set[Path] = set()
    for item in expanded.values():
        distribution = distribution_of(matrix.sources.get(item.root_source, ""))
        if item.kind != BUILDX_KIND or distribution is None or distribution.docker:
            continue
        listed = {package_name("apt", name) for name in item.packages.get("apt", ())}
        path: Path = (*resolution_of(matrix, expanded, item).scalars["kind"].origin.path, "kind")
        if path not in reported and not (listed & _CLIENTS and listed & _PLUGINS):
            reported.add(path)
            problem = f"`{item.root_source}` has no packages `docker-cli` and `docker-buildx`, which the kind installs"
            yield bad_value(path, problem, _ADVICE)
