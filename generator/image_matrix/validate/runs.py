"""Checks the sections ``workflow``, ``release`` and ``network.logins`` beyond their JSON Schema."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from image_matrix.config.logins import ACR, ARTIFACT_REGISTRY, ECR, ECR_PUBLIC
from image_matrix.config.pull_logins import pull_hosts, scan_hosts
from image_matrix.config.release import GITHUB_REGISTRY
from image_matrix.config.variants import resolution_of
from image_matrix.config.workflow import LEGS, RUNNERS, staging_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean
from image_matrix.text import listed
from image_matrix.validate.findings import bad_value, unknown, unknown_value
from image_matrix.validate.names import bad_reference, has_domain, is_repository, reference_advice
from image_matrix.validate.repositories import repository_place
from image_matrix.validate.secrets import TAKEN, TAKEN_PREFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.workflow import JobOverride
    from image_matrix.diagnostics import Finding
    from image_matrix.diagnostics import Path as FieldPath

DOCKER_HUB = "docker.io"
_STAGING = ("workflow", "staging")
LOCAL = ("localhost", "127.0.0.1")
CRON = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of a month", 1, 31),
    ("month", 1, 12),
    ("day of a week", 0, 6),
)
"""The fields of a schedule; pubs.opengroup.org/onlinepubs/9699919799, crontab."""


def overridden_images(matrix: Matrix) -> Iterator[Finding]:
    """Overrides whose pattern matches no image."""
    for at, override in enumerate(matrix.workflow.overrides):
        for position, pattern in enumerate(override.images):
            if not any(fnmatchcase(name, pattern) for name in matrix.images):
                path: FieldPath = ("workflow", "overrides", at, "match", "image", position)
                yield unknown(path, "image", pattern, matrix.images)


def unknown_in_overrides(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Overrides of jobs that compare with axes or values that no image of theirs has, or that no job is for."""
    for at, override in enumerate(matrix.workflow.overrides):
        path: FieldPath = ("workflow", "overrides", at, "match")
        meant = [item for item in expanded.values() if override.matches_image(item.image)]
        faults = list(_unknown_in_override(path, override, meant))
        yield from faults
        if meant and not faults and not any(_is_for(override, item) for item in meant):
            yield bad_value(path, "no job matches", "correct it, or remove the override")


def _unknown_in_override(
    path: FieldPath, override: JobOverride, meant: Sequence[Variant]
) -> Iterator[Finding]:
    axes: dict[str, list[str]] = {}
    for item in meant:
        for axis, value in item.values.items():
            axes.setdefault(axis, []).append(value)
    for axis, values in override.axes.items():
        if axis not in axes:
            yield unknown((*path, axis), "axis", axis, [*axes, "image", "platform"], target="key")
        for position, value in enumerate(values):
            if axis in axes and value not in axes[axis]:
                yield unknown_value((*path, axis, position), path, axis, value, axes[axis])


def _is_for(override: JobOverride, item: Variant) -> bool:
    return any(override.matches(item.image, platform, item.values) for platform in item.platforms)


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


def registry_login(matrix: Matrix) -> Iterator[Finding]:
    """Registries that nobody logs in to. Local ones, as in the overlays of tests, ask for no login."""
    paths: list[tuple[FieldPath, str]] = [(("registry",), matrix.registry)]
    paths += [(("release", "copies", at), path) for at, path in enumerate(matrix.release.copies)]
    if not matrix.workflow.rendered or matrix.network.docker_config:
        return
    for path, text in ((path, text) for path, text in paths if is_repository(text)):
        host = text.partition("/")[0]
        if host not in matrix.network.logins and host.partition(":")[0] not in (GITHUB_REGISTRY, *LOCAL):
            advice = f"name the repository's secrets, `network: {{logins: {{{host}: {{username: …, password: …}}}}}}`"
            yield rules.NO_LOGIN.at(path, host=host, advice=advice)


def other_logins(matrix: Matrix) -> Iterator[Finding]:
    """Logins to registries that the workflow does not use."""
    copied = (path for path in matrix.release.copies if is_repository(path))
    pushed = (path.partition("/")[0] for path in (matrix.registry, *copied))
    hosts = list(dict.fromkeys((*pushed, *pull_hosts(matrix), *scan_hosts(matrix))))
    for name in matrix.network.logins:
        if name not in hosts:
            problem = f"the workflow uses {listed(hosts, 4)} alone: `registry`, `release.copies` and sources are there"
            advice = did_you_mean(name, hosts)
            yield bad_value(("network", "logins", name), problem, advice, "key")


def variables_of_files(matrix: Matrix) -> Iterator[Finding]:
    """Variables for the text of a file that no environment and no secret can have."""
    network = matrix.network
    for field, name in (("netrc", network.netrc_secret), ("ca_bundle", network.ca_bundle_variable)):
        if name is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            advice = (
                f"write `env://` and a name of letters, digits and `_`, such as `env://{field.upper()}_TEXT`"
            )
            yield bad_value(("network", field), f"`{name}` is not the name of a variable", advice)


def login_forms(matrix: Matrix) -> Iterator[Finding]:
    """Logins that are of no form or of several, or of a cloud that does not have the host."""
    for host, login in matrix.network.logins.items():
        path: FieldPath = ("network", "logins", host)
        forms = [name for name in _FORMS if getattr(login, name)]
        if len(forms) != 1:
            several = f"it has several logins: {listed([_FORMS[name] for name in forms], 4)}"
            problem = several if forms else "it does not say how to log in"
            yield bad_value(path, problem, f"write one of {listed(list(_FORMS.values()), 4)}")
        elif forms == ["secrets"] and len(login.secrets) == 1:
            field = "password" if login.username else "username"
            yield bad_value(path, f"`{field}` is missing", f"name the secret with it: `{field}: …`")
        elif login.keyless and not _CLOUDS[forms[0]](host):
            problem = f"{host} is not a registry of this cloud"
            yield bad_value((*path, forms[0]), problem, _OTHER_HOST, "key")


_FORMS = {
    "secrets": "`{username: …, password: …}`",
    "aws": "`{aws: …}`",
    "azure": "`{azure: …}`",
    "google": "`{google: …}`",
}
_CLOUDS: dict[str, Callable[[str], object]] = {
    "aws": lambda host: host == ECR_PUBLIC or ECR.fullmatch(host),
    "azure": ACR.fullmatch,
    "google": ARTIFACT_REGISTRY.fullmatch,
}
_OTHER_HOST = (
    "`aws` is for ACCOUNT.dkr.ecr.REGION.amazonaws.com, `azure` for NAME.azurecr.io, `google` for "
    "REGION-docker.pkg.dev and gcr.io; elsewhere name secrets: `{username: …, password: …}`"
)


def release_push(matrix: Matrix) -> Iterator[Finding]:
    """Several logins for the release branch, or one whose commits GitHub's API does not sign."""
    push = matrix.release.push
    logins = {"app": push.app, "token": push.token, "deploy_key": push.deploy_key}
    named = [name for name, value in logins.items() if value]
    if len(named) > 1:
        path: FieldPath = ("release", "push", named[1])
        yield bad_value(path, f"`{named[0]}` has a login, too", "remove one of the two", "key")
    elif push.verified and (push.token or push.deploy_key):
        other = "another token" if push.token else "a deploy key"
        advice = (
            f"write `app` in place of `{named[0]}`, or neither: GitHub signs for Apps and for its own token"
        )
        yield bad_value(("release", "push", "verified"), f"GitHub signs no commit of {other}", advice)


def copies(matrix: Matrix) -> Iterator[Finding]:
    """Copies of a release that have no place of their own."""
    taken = {
        matrix.registry: "`registry`",
        staging_of(matrix.registry, matrix.workflow): "`workflow.staging`",
    }
    for at, text in enumerate(matrix.release.copies):
        path: FieldPath = ("release", "copies", at)
        if not is_repository(text):
            yield bad_reference(path, "registry path", text, reference_advice(text, "docker.io/team"))
        elif text in taken:
            advice = "remove it, or name another registry or path"
            yield bad_value(path, f"{text} is {taken[text]} itself", advice)
        elif text.partition("/")[0] == DOCKER_HUB and text.count("/") != 1:
            advice = "Docker Hub's names are NAMESPACE/IMAGE: write docker.io/NAMESPACE"
            yield bad_reference(path, "registry path", text, advice)


def copied_twice(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Copies that would share a repository with another copy or with the release."""
    published = [item for item in expanded.values() if item.publish]
    owners: dict[str, str] = {matrix.repository(item): matrix.registry for item in published}
    for at, text in enumerate(matrix.release.copies):
        for repository in dict.fromkeys(item.repository for item in published):
            path: FieldPath = ("release", "copies", at)
            name = f"{text}/{repository}"
            if owners.setdefault(name, text) != text and is_repository(text) and text != matrix.registry:
                problem = f"{name} is an image of {owners[name]}, too"
                yield bad_value(path, problem, "name a path that no other registry path begins with")


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


def scanner_and_signer(matrix: Matrix) -> Iterator[Finding]:
    """Scanners and signers without what they need."""
    scan, sign = matrix.release.scan, matrix.release.sign
    if scan.tool == "image" and not scan.image:
        advice = "add, for example, `image: registry.example.org/scanner@sha256:…`"
        yield bad_value(("release", "scan"), "it names no scanner image", advice)
    if scan.image and not has_domain(scan.image):
        advice = f"write the whole reference: `docker.io/{scan.image}`"
        yield bad_reference(("release", "scan", "image"), "image reference with a digest", scan.image, advice)
    places = ("{archive}", "{report}", *(("{sarif}",) if scan.sarif else ()))
    for place in places if scan.tool in ("command", "image") else ():
        if place not in " ".join(scan.command):
            advice = f"add {place} to `command` where it belongs"
            yield bad_value(("release", "scan"), f"the command has no {place}", advice)
    if sign.tool == "notation" and not (sign.plugin and sign.key):
        yield bad_value(("release", "sign"), "notation needs a plugin and a key", "add `plugin:` and `key:`")
    if sign.tool == "cosign" and sign.key and not sign.public_key:
        advice = f"run `cosign public-key --key {sign.key} > cosign.pub`, and add `public_key: cosign.pub`"
        yield bad_value(("release", "sign"), "nothing verifies what `key` signs", advice)
    if sign.public_key and not (sign.tool == "cosign" and sign.key):
        yield bad_value(
            ("release", "sign"), "`public_key` goes with cosign's `key`", "remove it, or add `key:`"
        )


def scanner_settings(matrix: Matrix) -> Iterator[Finding]:
    """Settings of a scanner that it has no use for, and variables that would steer other programs."""
    scan = matrix.release.scan
    if scan.tool != "image":
        boxed = {"entrypoint": scan.entrypoint, "resources": scan.resources.cpu or scan.resources.memory}
        for name in (name for name, value in boxed.items() if value):
            problem = f"only a scanner that runs in a container has `{name}`"
            yield bad_value(("release", "scan", name), problem, "write `tool: image`, or remove it", "key")
    for at, name in enumerate(scan.secrets):
        path: FieldPath = ("release", "scan", "secrets", at)
        if name in scan.env:
            yield bad_value(path, f"`env` has a variable `{name}`, too", "remove one of the two")
        elif name in TAKEN or name.startswith(TAKEN_PREFIXES):
            problem = f"a variable `{name}` would change how programs of the scan work"
            yield bad_value(path, problem, "give the secret another name, such as `SCANNER_TOKEN`")


def runners(matrix: Matrix) -> Iterator[Finding]:
    """Images that no runner would build, not even by emulation."""
    if not any(matrix.workflow.runner("", platform) for platform in matrix.workflow.runners):
        yield _emulated(("workflow", "runners"))


def without_runner(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Platforms that GitHub has no runner for, and that `runners` does not name."""
    workflow = matrix.workflow
    named = {*RUNNERS, *workflow.runners, *(name for one in workflow.overrides for name in one.runners)}
    first: dict[str, Variant] = {}
    for item in expanded.values() if workflow.rendered else ():
        for platform in item.platforms:
            if platform not in named:
                first.setdefault(platform, item)
    for platform, item in first.items():
        origin = resolution_of(matrix, expanded, item).platforms.origin
        problem = f"GitHub has no runner for {platform}"
        advice = f"add `workflow: {{runners: {{{platform}: emulate}}}}`, or name a runner of yours"
        yield bad_value((*origin.path, "platforms"), problem, advice)


def runners_of_variants(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Overrides that leave a variant without a runner."""
    workflow = matrix.workflow
    for item in expanded.values():
        if not any(workflow.runner(item.image, platform, item.values) for platform in workflow.runners):
            for at, override in enumerate(workflow.overrides):
                if override.runners and override.matches_image(item.image):
                    yield _emulated(("workflow", "overrides", at, "runners"))


def _emulated(path: FieldPath) -> Finding:
    advice = "name a runner for one of the platforms; the other can be emulated there"
    return bad_value(path, "every platform is emulated", advice)


def schedules(matrix: Matrix) -> Iterator[Finding]:
    """A schedule that GitHub would refuse, and with it the whole workflow; or one that has nothing to do."""
    yield from cron_faults(("workflow", "lock_schedule"), matrix.workflow.lock_schedule)
    if matrix.workflow.prune:
        yield from cron_faults(("workflow", "prune", "schedule"), matrix.workflow.prune.schedule)
    if matrix.workflow.rescan:
        yield from cron_faults(("workflow", "rescan", "schedule"), matrix.workflow.rescan.schedule)
        if matrix.release.scan.tool == "none":
            yield bad_value(
                ("workflow", "rescan"),
                "nothing scans, with `release.scan: none`",
                "name a scanner there, or remove this section",
                "key",
            )


def cron_faults(path: FieldPath, schedule: str) -> Iterator[Finding]:
    """Yield what is wrong with the five fields of a schedule."""
    for value, (name, least, most) in zip(schedule.split(), CRON, strict=True):
        wrong = [part for part in value.split(",") if not _is_cron(part, least, most)]
        if wrong:
            problem = f"`{wrong[0]}` is not a valid {name}"
            advice = f"write numbers from {least} to {most}, a range such as {least}-{most}, `*` or `*/2`"
            yield bad_value(path, problem, advice)


def _is_cron(part: str, least: int, most: int) -> bool:
    match = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
    if not match:
        return False
    first, last, step = (int(number) if number else None for number in match.groups())
    low = least if first is None else first
    high = last if last is not None else first if first is not None else most
    return least <= low <= high <= most and step != 0


def too_many_legs(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images with more variants than one job of a workflow can have legs; layers have several jobs."""
    if not matrix.workflow.rendered or matrix.workflow.jobs != "image":
        return
    counts: dict[str, int] = {}
    for item in expanded.values():
        counts[item.image] = counts.get(item.image, 0) + len(item.platforms)
    for image, count in counts.items():
        if count > LEGS:
            problem = f"image `{image}` has {count} variants over its platforms, and a job of a workflow at most {LEGS}"
            advice = "write `workflow: {jobs: layer}`, which has no such limit, or restrict the `axes` of the image"
            yield rules.WORKFLOW_LIMIT.at(("images", image), "key", problem=problem, advice=advice)
