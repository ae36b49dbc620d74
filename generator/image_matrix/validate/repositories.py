"""Checks the repositories of images: their form, and that pull requests cannot write to them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.release import GITHUB_REGISTRY
from image_matrix.config.variants import resolution_of
from image_matrix.config.workflow import staging_of
from image_matrix.registry.reference import DOCKER_HUB
from image_matrix.validate.filled_texts import axis_advice, has_data_with_braces, settings_at
from image_matrix.validate.findings import bad_value, once_a_place
from image_matrix.validate.names import bad_reference, is_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path, Target

OWNED = (GITHUB_REGISTRY, DOCKER_HUB, "quay.io")
"""Registries whose repositories have an owner; docs.github.com/packages, docs.docker.com/docker-hub, docs.quay.io."""
LONGEST = 255
"""Characters of a repository with its host; github.com/distribution/reference, reference.go."""
_HOST = re.compile(
    r"(localhost|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}|[A-Za-z0-9.-]+(?=:))(:[0-9]+)?/"
)
"""A host in front of a path: a name with a dot, or with a port; ``4.6.1/base`` begins with a version."""
_RULE = "lower-case letters and digits, with `.`, `_`, `-` or `/` between them"


def repositories(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Repositories that no registry has, or that staging would write to; one finding for each place."""
    yield from once_a_place(
        finding for item in expanded.values() for finding in _of_variant(matrix, expanded, item)
    )


def _of_variant(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant) -> Iterator[Finding]:
    path, target = repository_place(matrix, expanded, item)
    staging = staging_of(matrix.registry, matrix.workflow)
    whole = matrix.repository(item)
    written = (settings_at(matrix, path[:-1]).repository or "") if target == "value" else ""
    unknown = "{" in item.repository and not has_data_with_braces(written, item)
    if target == "value" and _HOST.match(item.repository):
        yield _with_host(path, item.repository, matrix.registry)
    elif target == "value" and not unknown and not is_path(item.repository):
        yield _no_repository(path, written, item)
    elif len(whole) > LONGEST:
        problem = f"{whole} has {len(whole)} characters, and a repository at most {LONGEST}"
        yield bad_value(path, problem, "write a shorter one, or a shorter `registry`", target)
    elif whole.startswith(f"{staging}/"):
        problem = f"{whole} is below {staging}, where pull requests push"
        yield bad_value(path, problem, "name another repository, or another `workflow: {staging: …}`", target)
    elif whole.count("/") == 1 and (host := whole.partition("/")[0]) in OWNED:
        problem = f"{host} has no repository {whole}: all are below an owner"
        yield bad_value(("registry",), problem, f"write `registry: {host}/OWNER`, with the name of yours")


def artifact(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """An artifact of releases in a repository that has something else, or that is too long."""
    whole, path = matrix.artifact or "", ("release", "artifact")
    owner = next((item.image for item in expanded.values() if matrix.repository(item) == whole), None)
    staging = staging_of(matrix.registry, matrix.workflow)
    if owner:
        yield bad_value(path, f"{whole} is the repository of the image {owner}", "name another repository")
    elif f"{whole}/".startswith(f"{staging}/"):
        yield bad_value(path, f"{whole} is where pull requests push", "name another repository")
    elif whole.startswith(f"{DOCKER_HUB}/") and whole.count("/") > 2:
        flat = whole.removeprefix(f"{matrix.registry}/").replace("/", "-")
        yield bad_value(path, f"Docker Hub has no repository {whole}", f"write `artifact: {flat}`")
    elif len(whole) > LONGEST:
        problem = f"{whole} has {len(whole)} characters, and a repository at most {LONGEST}"
        yield bad_value(path, problem, "write a shorter one, or a shorter `registry`")


def repository_place(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant) -> tuple[Path, Target]:
    """Return where a variant's repository is written: its ``repository``, or the name of its image."""
    written = resolution_of(matrix, expanded, item).scalars.get("repository")
    return ((*written.origin.path, "repository"), "value") if written else (("images", item.image), "key")


def _with_host(path: Path, text: str, registry: str) -> Finding:
    """Return what to write instead of a repository with its registry."""
    host, _, rest = text.partition("/")
    below, owner = text.removeprefix(f"{registry}/"), text.rpartition("/")[0]
    if below != text:
        advice = f"write `{below}`: `registry` is put in front of it"
    else:
        advice = f"write `{rest.rpartition('/')[2]}`, which is put below `registry`"
    if below == text and owner != host:
        advice += f"; a release is copied to another registry by `release: {{copies: [{owner}]}}`"
    return bad_value(path, f"`{text}` begins with the host `{host}`", advice)


def _no_repository(path: Path, written: str, item: Variant) -> Finding:
    of_axis = axis_advice(written, item, "[a-z0-9._/-]+", _RULE)
    value = f"{item.repository}` of `{item.id}" if of_axis else item.repository
    return bad_reference(path, "repository", value, of_axis or _advice(item.repository))


def _advice(text: str) -> str:
    better = "/".join(
        filter(None, (re.sub(r"[^a-z0-9._-]+", "-", part).strip("._-") for part in text.lower().split("/")))
    )
    return f"write `{better}`: {_RULE}" if is_path(better) else f"use {_RULE}"
