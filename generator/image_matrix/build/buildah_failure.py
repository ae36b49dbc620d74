"""Explains what buildah and Podman print when they fail: the image, the line of its Dockerfile, and the remedy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.build.buildah_commands import without_tag
from image_matrix.build.failure import (
    NETWORK,
    BuildFailed,
    FailedStep,
    cannot_be_built,
    login_remedy,
    remedy_in,
    source_remedy,
    step_failure,
)
from image_matrix.build.script_step import script_of
from image_matrix.dockerfiles.instructions import parse
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.retry import PATIENCE, names_rate_limit

if TYPE_CHECKING:
    from image_matrix.build.failure import Remedies
    from image_matrix.build.request import BuildLeg, BuildRequest
    from image_matrix.dockerfiles.instructions import Instruction

STEP = re.compile(r"^(?:\[(?P<stage>\d+)/\d+\] )?STEP (?P<number>\d+)/\d+: (?P<name>\w+)", re.MULTILINE)
"""The line before the output of a step: FROM is the first of each stage, whose number stands in front of several."""
_ERROR = re.compile(r'^Error: (?:building at STEP ".*?": )?(?P<message>.*)$', re.MULTILINE)
_ENDED = re.compile(r"(?:while running runtime: )?exit status (?P<code>\d+)$")
_NOISE = re.compile(
    r'^(?:Error: .*|subprocess exited with status \d+|: exit status \d+|time="[^"]*" level=.*)\n?',
    re.MULTILINE,
)
"""What buildah prints about itself behind the output of a step."""
PLACE: Remedies = (
    (r"unshare\(CLONE_NEWUSER\)|cannot clone: |user namespaces are not enabled",
     "allow user namespaces: for a container `--security-opt seccomp=unconfined`, for a pod the seccomp profile "  # noqa: ISC004
     "Unconfined, on a machine `sysctl user.max_user_namespaces=15000`"),
    (r"no sub[ug]id ranges found|newuidmap",
     "install the package uidmap, and give the user numbers of its own: "  # noqa: ISC004
     "`usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER`"),
    (r"overlay' is not supported over overlayfs|mount_program is required",
     "put /var/lib/containers on a volume, or set `driver = \"vfs\"` in /etc/containers/storage.conf"),
    (r"could not find \"(?:netavark|aardvark-dns)\"", "install the package netavark"),
    (r"policy\.json: no such file", "install containers-common (Debian: golang-github-containers-common)"),
)  # fmt: skip
"""What a place can lack before anything is built, with the remedy."""
_AT_STEPS: Remedies = (
    (r"setting \"RLIMIT_NOFILE\"|setrlimit .RLIMIT_NOFILE",
     "allow more open files: of a container with `--ulimit nofile=1048576:1048576`"),
    (r"from /usr/bin/(?:crun|runc) creating container",
     "set BUILDAH_ISOLATION=chroot: this place may not start containers of its own"),
    (r"no space left on device", "free disk space: `buildah prune` removes what no image uses"),
    (r"exec format error",
     "this machine cannot run that platform: install qemu-user-static, or build on a machine that has it"),
)  # fmt: skip
"""What steps print if the place is the cause, with the remedy."""


def build_failure(request: BuildRequest, leg: BuildLeg, tail: str) -> Failure:
    """Return the failure that the end of a log describes.

    It is a :class:`BuildFailed` if a step failed, and an :class:`EnvironmentFailure` if the place or a registry did.
    """
    message, step = error_of(tail), failed_step(request, leg, tail)
    ended = _ENDED.search(message)
    if step and ended:
        return step_failure(step, f"exit code {ended['code']}", _AT_STEPS)
    problem = f"{cannot_be_built(leg)}: {message}"
    remedy = remedy_in((*_AT_STEPS, *PLACE), message) or login_remedy(message) or remedy_in(NETWORK, message)
    if remedy:
        return EnvironmentFailure(problem, remedy)
    place = step.place if step else (leg.variant.dockerfile, None)
    return BuildFailed(
        problem, f"see {':'.join(str(part) for part in place if part)}, and the log above", place
    )


def error_of(tail: str) -> str:
    """Return the last error of a log, without the step that it repeats."""
    match = _last(_ERROR, tail)
    return match["message"] if match else "it did not print a reason"


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next(reversed([*pattern.finditer(text)]), None)


def excerpt(tail: str) -> str:
    """Return the part of a log that describes the failure: the last step with its output."""
    match = _last(STEP, tail)
    return tail[match.start() :] if match else tail


def failed_step(request: BuildRequest, leg: BuildLeg, tail: str) -> FailedStep | None:
    """Return the step that a log ends with, and its line; ``None`` if the log has none."""
    match = _last(STEP, tail)
    if match is None:
        return None
    instruction = _instruction(request, leg, int(match["stage"] or 1), int(match["number"]))
    is_named = instruction and instruction.name == match["name"].upper()
    line = request.line_of_user(leg, instruction.line) if instruction and is_named else None
    _, _, output = tail[match.start() :].partition("\n")
    return FailedStep(leg, line, _NOISE.sub("", output), script_of(request, leg, line))


def _instruction(request: BuildRequest, leg: BuildLeg, stage: int, number: int) -> Instruction | None:
    """Return an instruction by the numbers of its stage and of its step, both from 1."""
    counts = [0, 0]
    for instruction in parse(request.dockerfile_text(leg)).instructions:
        counts = [counts[0] + 1, 1] if instruction.name == "FROM" else [counts[0], counts[1] + 1]
        if counts == [stage, number]:
            return instruction
    return None


def pull_failure(request: BuildRequest, leg: BuildLeg, reference: str, tail: str) -> Failure:
    """Return the failure of a pull: it depends on what the image is for."""
    message = error_of(tail)
    names = {without_tag(known): name for known, name in request.names.items()}
    name = names.get(reference)
    if names_rate_limit(message):
        remedy = PATIENCE
    elif known := remedy_in((*_AT_STEPS, *PLACE), message) or login_remedy(message):
        remedy = known
    elif name:
        remedy = source_remedy(name, reference, message)
    else:
        remedy = "check the network and the registry"
    return EnvironmentFailure(f"{cannot_be_built(leg)}: {message}", remedy)


def push_failure(tag: str, tail: str) -> Failure:
    """Return the failure of a push."""
    message = error_of(tail)
    remedy = PATIENCE if names_rate_limit(message) else login_remedy(message)
    return EnvironmentFailure(
        f"{tag} cannot be pushed: {message}", remedy or "check the network and the registry"
    )
