"""The ``build:`` section: what JSON Schema cannot say about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.build import GITHUB_REGISTRY
from image_matrix.config.schema import human
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean
from image_matrix.validate.names import has_domain, is_repository, reference_advice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

DOCKER_HUB = "docker.io"
LOCAL = ("localhost", "127.0.0.1")
LEGS = 256
"""Jobs of one matrix; docs.github.com/actions/reference/limits."""
CRON = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of a month", 1, 31),
    ("month", 1, 12),
    ("day of a week", 0, 6),
)
"""The fields of a schedule; pubs.opengroup.org/onlinepubs/9699919799, crontab."""


def build_names(matrix: Matrix) -> Iterator[Finding]:
    """Images, branches and registry paths that cannot be what is meant."""
    build = matrix.build
    for name in build.images:
        if name not in matrix.images:
            fields = {"what": "image", "name": name, "suggestion": did_you_mean(name, matrix.images)}
            yield rules.UNKNOWN_REFERENCE.at(
                ("build", "images", name), "key", where="`build.images`", **fields
            )
    if build.staging and not is_repository(build.staging):
        advice = reference_advice(build.staging, "ghcr.io/example/notebooks-staging")
        yield rules.BAD_REFERENCE.at(
            ("build", "staging"), value=build.staging, what="registry path", advice=advice
        )
    host = matrix.registry.partition("/")[0]
    if build.staging and is_repository(build.staging) and build.staging.partition("/")[0] != host:
        advice = f"runs log in to {host} alone; name a path there"
        yield _bad("staging", "is not where `registry` is", advice)
    if build.staging == matrix.registry:
        yield _bad("staging", "is the registry itself", "pull requests push there; name another path")
    if build.workflow and host == DOCKER_HUB:
        yield from _docker_hub(matrix)
    for field in ("default_branch", "release_branch"):
        yield from _branch(field, getattr(build, field))
    if build.default_branch == build.release_branch:
        yield _bad("release_branch", "is the default branch", "name a branch of its own, such as `release`")


def _branch(field: str, name: str) -> Iterator[Finding]:
    """A name that no branch has: with git's prefix for branches, or one that git refuses (git-check-ref-format)."""
    bare = re.sub(r"^(refs/)?(heads|remotes/origin|origin)/", "", name)
    if name.startswith(("refs/", "origin/", "remotes/")):
        advice = (
            f"write `{bare}`"
            if not bare.startswith("refs/")
            else "write the branch's own name, without `refs/`"
        )
        yield _bad(field, f"`{name}` is not the name of a branch", advice)
    elif ".." in name or name.endswith(".") or any(part.endswith(".lock") for part in name.split("/")):
        advice = "write the name as `git branch` prints it"
        yield _bad(
            field, f"git has no branch `{name}`: `..`, `.lock` and a `.` at the end are not allowed", advice
        )


def _docker_hub(matrix: Matrix) -> Iterator[Finding]:
    """A place for pull requests below a namespace: Docker Hub has none; docs.docker.com/docker-hub/repos."""
    advice = "Docker Hub's names are NAMESPACE/IMAGE: "
    if matrix.registry.count("/") > 1:
        yield rules.BAD_REFERENCE.at(
            ("registry",),
            value=matrix.registry,
            what="registry path",
            advice=f"{advice}write docker.io/NAMESPACE",
        )
    elif not matrix.build.staging:
        problem = "leaves no place for what pull requests build"
        yield rules.BAD_VALUE.at(
            ("registry",),
            where="`registry`",
            problem=problem,
            advice=f"{advice}name a second one, `build: {{staging: docker.io/OTHER}}`",
        )
    elif matrix.build.staging.count("/") > 1:
        yield _bad("staging", "is no namespace", f"{advice}write docker.io/OTHER")


def build_login(matrix: Matrix) -> Iterator[Finding]:
    """A registry that nobody logs in to. Local ones, as in the overlays of tests, ask for no login."""
    host = matrix.registry.partition("/")[0]
    name = host.partition(":")[0]
    login = matrix.build.login.password or name in (GITHUB_REGISTRY, *LOCAL)
    if login or not matrix.build.workflow or not is_repository(matrix.registry):
        return
    advice = "name the repository's secrets, `build: {login: {username: …, password: …}}`"
    yield rules.NO_LOGIN.at(("registry",), host=host, advice=advice)


def build_tools(matrix: Matrix) -> Iterator[Finding]:
    """Scanners and signers without what they need."""
    scan, sign = matrix.build.scan, matrix.build.sign
    if scan.tool == "image" and not scan.image:
        yield _bad("scan", "names no scanner image", "add `image: registry.example.org/scanner@sha256:…`")
    if scan.image and not has_domain(scan.image):
        path: Path = ("build", "scan", "image")
        advice = f"write the whole reference: `docker.io/{scan.image}`"
        yield rules.BAD_REFERENCE.at(
            path, value=scan.image, what="image reference with a digest", advice=advice
        )
    if scan.tool in ("command", "image"):
        joined = " ".join(scan.command)
        for place in ("{archive}", "{report}"):
            if place not in joined:
                yield _bad(
                    "scan", f"the command has no {place}", f"add {place} to `command` where it belongs"
                )
    if sign.tool == "notation" and not (sign.plugin and sign.key):
        yield _bad("sign", "notation needs a plugin and a key", "add `plugin:` and `key:`")


def build_runners(matrix: Matrix) -> Iterator[Finding]:
    """Images that no runner would build, not even by emulation."""
    build = matrix.build
    for name in ("", *(name for name, steps in build.images.items() if steps.runners)):
        if not any(build.runner(name, platform) for platform in build.runners):
            path: Path = ("build", "images", name, "runners") if name else ("build", "runners")
            advice = "name a runner for one of the platforms; the other can be emulated there"
            problem = "every platform is emulated"
            yield rules.BAD_VALUE.at(path, where=human(path), problem=problem, advice=advice)


def build_schedule(matrix: Matrix) -> Iterator[Finding]:
    """A schedule that GitHub would refuse, and with it the whole workflow."""
    for value, (name, least, most) in zip(matrix.build.lock_schedule.split(), CRON, strict=True):
        wrong = [part for part in value.split(",") if not _is_cron(part, least, most)]
        if wrong:
            problem = f"`{wrong[0]}` is no {name}"
            advice = f"write numbers from {least} to {most}, a range such as {least}-{most}, `*` or `*/2`"
            yield _bad("lock_schedule", problem, advice)


def _is_cron(part: str, least: int, most: int) -> bool:
    match = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
    if not match:
        return False
    first, last, step = (int(found) if found else None for found in match.groups())
    low = least if first is None else first
    high = last if last is not None else first if first is not None else most
    return least <= low <= high <= most and step != 0


def too_many_legs(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images with more variants than one job of a workflow can have legs."""
    counts: dict[str, int] = {}
    for item in expanded.values():
        counts[item.image] = counts.get(item.image, 0) + len(item.platforms)
    for image, count in counts.items():
        if count > LEGS and matrix.build.workflow:
            problem = f"image `{image}` has {count} variants over its platforms, and a job of a workflow at most {LEGS}"
            advice = "split it into several images, or restrict its axes with `only`"
            yield rules.WORKFLOW_LIMIT.at(("images", image), "key", problem=problem, advice=advice)


def _bad(field: str, problem: str, advice: str) -> Finding:
    path: Path = ("build", field)
    return rules.BAD_VALUE.at(path, where=human(path), problem=problem, advice=advice)
