"""Explains a failed build from the end of buildx' log: the image, the step and the remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.build.pulled_images import frontends
from image_matrix.build.r_failure import is_closing_line, lacking
from image_matrix.build.script_step import script_of
from image_matrix.config.mirrors import familiar
from image_matrix.config.proxy import HTTP, HTTPS, shown
from image_matrix.dag import upwards
from image_matrix.dockerfiles.instructions import split_lines
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.lock.logins import NOT_FOUND
from image_matrix.pinned.helper_images import FRONTEND, SCANNER
from image_matrix.pinned.helper_images import remedy as remedy_of
from image_matrix.registry.printed_faults import of_builder, of_step
from image_matrix.retry import NUMBERS, PASSING, PATIENCE, RATE_LIMIT, RetryPolicy, names_rate_limit, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from image_matrix.build.request import BuildLeg, BuildRequest
    from image_matrix.config.model import LegId

Remedies = tuple[tuple[str, str], ...]
"""Patterns, each with the remedy if an output has it."""
_ERROR = re.compile(
    r"^ERROR: (?:target (?P<target>[\w-]+): )?(?:failed to build: )?(?:failed to solve: )?(?P<message>.*)$",
    re.MULTILINE,
)
_STEP = re.compile(r"^ > \[(?P<target>[\w/-]+)[ \]].*\n(?P<output>(?:(?!------).*\n)*)", re.MULTILINE)
"""The log ends with the step that failed, the end of its output, and its lines in the Dockerfile."""
_LINE = re.compile(r"^ +(?P<number>\d+) \| >>> (?P<text>.*)$", re.MULTILINE)
_ENDED = re.compile(r'^process ".*" did not complete successfully: ')
_TIME = re.compile(r"^[\d.]+ +")
_ENGINE = (
    (r"no space left on device",
     "free disk space: `docker system df` shows what uses it, `docker builder prune` frees it"),
    (r"exec format error",
     "this machine cannot run that platform: set QEMU up (docs.docker.com/build/building/multi-platform)"),
)  # fmt: skip
"""What steps print if the engine is the cause, with the remedy."""
_NO_APT_PACKAGE = re.compile(r"Unable to locate package (?P<name>\S+)")
_REFUSED = r"\b401 +unauthorized|\b403 +forbidden|\b(?:returned error: |error code E|HTTP (?:code )?)40[13]\b"
"""What uv, curl, apt, npm, conda and R print if a server refuses access."""
_LOGINS = (
    "a server asks for a login: put those of package indexes, mirrors and downloads into the file that "
    "`network.netrc` names"
)
_AROUND = ((RATE_LIMIT, PATIENCE), (r"no builder", "`docker buildx ls` lists them"))
"""What buildx and the engine report about themselves and about registries, with the remedy for any image."""
_DENIED = re.compile(r"\b40[13]\b|denied|unauthorized|no basic auth", re.IGNORECASE)
"""What they report if an account has no access, or if there is no login."""
_HOST = re.compile(r"https?://(?P<host>[^/\s\"]+)/")
_HUB = ("registry-1.docker.io", "auth.docker.io")
"""Hosts of Docker Hub: `docker login` without a name is for it."""
NETWORK = (
    (rf"refused|no such host|x509|{PASSING}",
     "check the network and the registry; closed ones need `network.mirrors` and `network.ca_bundle` in the matrix"),
)  # fmt: skip
"""What they report if a registry cannot be reached."""
_REFERENCE = re.compile(r"source metadata for (?P<reference>\S+): ")
"""The image that the engine could not look up."""
_STORE_RACE = re.compile(r'^image "[^"]+": already exists$')
"""Two builds wrote an image of the same name to one engine's store at the same time."""
_BOOTING = re.compile(r"^ > \[internal\] booting buildkit:", re.MULTILINE)
"""buildx could not start the builder's BuildKit."""
_NO_BUILDER = "`docker buildx inspect` shows it; `--builder NAME` names another one"
_NO_BUILDER_IMAGE = (
    "the engine pulls BuildKit's image, and from no mirror of the matrix: name one that it can pull, "
    "`network: {builder: {driver: docker-container, options: {image: MIRROR/moby/buildkit:TAG}}}`"
)
_NOT_PULLED = re.compile(r"failed to resolve reference|manifest for|pull access denied")
_STUMBLED = re.compile(
    rf"unexpected status (?:from \w+ request to|code) \S+: (?:{NUMBERS})\b|connection reset by peer"
)
"""A registry was unavailable for a moment."""
MOST_SHOWN = 300
"""Characters of a step's last line of output."""


class BuildFailed(Failure):
    """A step of a Dockerfile failed; the log says why."""


@dataclass(frozen=True, slots=True)
class FailedStep:
    """A step of a Dockerfile that failed."""

    leg: BuildLeg
    line: int | None
    output: str
    script: str | None = None
    """The script of the project that it runs."""

    @property
    def place(self) -> tuple[str, int | None]:
        """The Dockerfile in the generated tree, and the line."""
        return self.leg.variant.dockerfile, self.line

    @property
    def last(self) -> str:
        """The last line of its output that says something."""
        lines = [_TIME.sub("", line).strip() for line in self.output.splitlines()]
        reasons = (line[:MOST_SHOWN] for line in reversed(lines) if line and not is_closing_line(line))
        return next(reasons, "the step printed nothing")


def failure(request: BuildRequest, tail: str) -> Failure:
    """Return the failure that the end of a build's log describes.

    It is a :class:`BuildFailed` if a step failed, and an :class:`EnvironmentFailure` if the engine or a registry did.
    """
    message = reason(_last_error(tail)) or "docker did not print a reason"
    if _BOOTING.search(tail):
        advice = _NO_BUILDER_IMAGE if _NOT_PULLED.search(message) else _NO_BUILDER
        return EnvironmentFailure(f"the builder cannot be started: {message}", advice)
    step = failed_step(request, tail)
    subject = cannot_be_built(step.leg) if step else "the build failed"
    ended = _ENDED.match(message)
    if step is None or ended is None:
        remedy = (
            remedy_in((*_ENGINE, *_AROUND), message)
            or of_builder(message)
            or login_remedy(message)
            or _of_image(request, message)
            or remedy_in(NETWORK, message)
        )
        if remedy:
            return EnvironmentFailure(f"{subject}: {message}", remedy)
        return BuildFailed(f"{subject}: {message}", "see the log above")
    status = message[ended.end() :].replace("code: ", "code ")
    return step_failure(step, status, _ENGINE, _proxies(request))


def step_failure(
    step: FailedStep, exit_status: str, engine: Remedies, proxies: Iterable[str] = ()
) -> Failure:
    """Return the failure of a step that ended with ``exit code 1``; ``engine`` is what an engine itself may print.

    ``proxies`` are those of the step, ``HOST:PORT``.
    """
    subject = cannot_be_built(step.leg)
    remedy = (
        remedy_in(engine, step.output)
        or of_step(step.output, proxies)
        or remedy_in(((_REFUSED, _LOGINS),), step.output)
    )
    if remedy:
        return EnvironmentFailure(f"{subject}: {step.last}", remedy)
    killed = " (usually out of memory)" if exit_status.endswith(" 137") else ""
    place = ":".join(str(part) for part in step.place if part)
    parts = (_to_edit(step), _of_index(step), lacking(step.output))
    advice = f"{step.script or place} ended with {exit_status}{killed}; its output is above{''.join(parts)}"
    return BuildFailed(f"{subject}: {step.last}", advice, step.place)


def cannot_be_built(leg: BuildLeg) -> str:
    """Return the beginning of a message about one image."""
    return f"{leg.variant.id} ({leg.platform}) cannot be built"


def _proxies(request: BuildRequest) -> set[str]:
    return {shown(value) for name, value in request.proxy.items() if name in (HTTP, HTTPS)}


def _to_edit(step: FailedStep) -> str:
    """Say what to edit instead of the Dockerfile, which is generated."""
    variant = step.leg.variant
    if variant.build:
        return ""
    if step.script:
        return f"; edit `{step.script}`"
    match = _NO_APT_PACKAGE.search(step.output)
    if match and match["name"] in {package.partition("=")[0] for package in variant.packages.get("apt", ())}:
        return f"; `image-matrix list --resolved {variant.image}` shows the line of `{match['name']}`"
    return f"; it is generated: edit matrix.yaml or the template of kind `{variant.kind}`"


def _of_index(step: FailedStep) -> str:
    """Say that an index may ask for a login if uv did not find a package: uv prints the same message in both cases."""
    variant = step.leg.variant
    indexes = (*([variant.index_url] if variant.index_url else []), *variant.extra_index_urls)
    if not indexes or NOT_FOUND not in step.output:
        return ""
    asks = "asks" if len(indexes) == 1 else "ask"
    return f"; `image-matrix lock` reports whether {' or '.join(indexes)} {asks} for a login"


def retry_policy(tail: str) -> RetryPolicy | None:
    """Return how to retry a build, by the end of its log; ``None`` if another try does not help.

    A rate limit lasts for minutes. Other temporary reasons are over at once: two builds collided, or a registry was
    unavailable for a moment.
    """
    first, _, more = _last_error(tail).partition("\n")
    if _ENDED.match(first):
        return None
    if names_rate_limit(first) or names_rate_limit(more):
        return RetryPolicy()
    return RetryPolicy(attempts=2) if _STORE_RACE.match(first) or _STUMBLED.search(first) else None


def _last_error(tail: str) -> str:
    """Return buildx' last error with the lines below it: a registry's answer may have several lines."""
    match = next(reversed([*_ERROR.finditer(tail)]), None)
    return tail[match.start("message") :] if match else ""


def failed_target(tail: str) -> tuple[str, str]:
    """Return the target that buildx' last error names, empty if it names none, and the reason."""
    match = next(reversed([*_ERROR.finditer(tail)]), None)
    message = reason(_last_error(tail)) or "docker did not print a reason"
    return (match["target"] or "" if match else "", message)


def remedy_in(table: Remedies, text: str) -> str | None:
    """Return the remedy of the first pattern that a text has."""
    return next((remedy for pattern, remedy in table if re.search(pattern, text, re.IGNORECASE)), None)


def login_remedy(message: str) -> str | None:
    """Return the remedy if a registry refuses access: a login to it, if the message has its address."""
    if not _DENIED.search(message):
        return None
    match = _HOST.search(message)
    host = match["host"] if match and match["host"] not in _HUB else ""
    return f"`{f'docker login {host}'.strip()}` with an account that may do this"


def _of_image(request: BuildRequest, message: str) -> str | None:
    """Return the remedy if an image from outside cannot be pulled: it depends on what the image is for."""
    match = _REFERENCE.search(message)
    if match is None:
        return None
    image = familiar(match["reference"])
    if image in {familiar(reference) for reference in frontends(request)}:
        return remedy_of(FRONTEND)
    if request.scanner and image == familiar(request.scanner):
        return remedy_of(SCANNER)
    names = {familiar(reference): name for reference, name in request.names.items()}
    return source_remedy(names[image], match["reference"], message) if image in names else None


def source_remedy(name: str, reference: str, message: str) -> str:
    """Return the remedy if a source of the matrix cannot be pulled."""
    source = f"it is the source `{name}` in matrix.yaml"
    if message.endswith(("not found", "manifest unknown")):
        upgrade = "`image-matrix lock --upgrade` updates digests"
        return f"{source}: check its name and tag, and whether your mirror has it; {upgrade}"
    host = reference.partition("/")[0]
    mirror = f"`network: {{mirrors: {{registries: {{{host}: MIRROR}}}}}}`"
    trust = "`network.ca_bundle` for its certificate"
    return f"{source}: check the network; if a mirror has it, write {mirror}, with {trust}"


def failed_step(request: BuildRequest, tail: str) -> FailedStep | None:
    """Return the failed step that a log names, if it belongs to an image.

    buildx names a step that several targets share after any one of them: a parent's step can have a child's name. The
    step's lines identify its Dockerfile. If there is only one target, buildx does not name it.
    """
    legs = {leg.target: leg for leg in request.legs}
    for match in _STEP.finditer(tail):
        named = legs.get(match["target"], request.legs[0] if len(legs) == 1 else None)
        if named:
            lines = {int(line["number"]): line["text"] for line in _LINE.finditer(tail, match.end())}
            owner = next((leg for leg in _upwards(request, named) if _has(request, leg, lines)), named)
            line = request.line_of_user(owner, min(lines)) if lines else None
            return FailedStep(owner, line, match["output"], script_of(request, owner, line))
    return None


def _upwards(request: BuildRequest, leg: BuildLeg) -> Iterator[BuildLeg]:
    """Yield a leg and the ancestors that are built with it, nearest first."""
    legs = {one.id: one for one in request.legs}

    def parents(key: LegId) -> list[LegId]:
        return [(name, key[1]) for name in legs[key].variant.parents if (name, key[1]) in legs]

    yield from (legs[key] for key in upwards(leg.id, parents))


def _has(request: BuildRequest, leg: BuildLeg, lines: dict[int, str]) -> bool:
    text = split_lines(request.dockerfile(leg).decode("utf-8", "replace"))
    return bool(lines) and all(
        number <= len(text) and text[number - 1].rstrip() == line.rstrip() for number, line in lines.items()
    )


def excerpt(tail: str) -> str:
    """Return the part of a log that describes the failure, for users who did not see the log."""
    start = tail.find("------\n > [")
    return tail[start:] if start >= 0 else tail
