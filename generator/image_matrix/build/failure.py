"""Why a build failed, out of the end of buildx' log: which image, which step, and what helps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.build.workspace import frontend_of
from image_matrix.config.mirrors import familiar, mirrored
from image_matrix.dag import chain
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.lock.logins import NOT_FOUND
from image_matrix.pinned.helper_images import FRONTEND, SCANNER
from image_matrix.pinned.helper_images import remedy as remedy_of
from image_matrix.retry import NUMBERS, PASSING, PATIENCE, RATE_LIMIT, Again, names_rate_limit, reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.build.request import Leg, Request

_ERROR = re.compile(
    r"^ERROR: (?:target [\w-]+: )?(?:failed to build: )?(?:failed to solve: )?(?P<message>.*)$", re.MULTILINE
)
_STEP = re.compile(r"^ > \[(?P<target>[\w-]+)[ \]].*\n(?P<output>(?:(?!------).*\n)*)", re.MULTILINE)
"""The end of the log has the step that failed once more, with the end of its output, then its lines."""
_LINE = re.compile(r"^ +(?P<number>\d+) \| >>> (?P<text>.*)$", re.MULTILINE)
_ENDED = re.compile(r'^process ".*" did not complete successfully: ')
_TIME = re.compile(r"^[\d.]+ +")
_ENGINE = (
    (
        r"no space left on device",
        "make room: `docker system df` shows what takes it, `docker builder prune` frees it",
    ),
    (
        r"exec format error",
        "this machine cannot run that platform: set QEMU up (docs.docker.com/build/building/multi-platform)",
    ),
)
"""What steps print where the engine is at fault, and what helps."""
_REFUSED = r"\b401 +unauthorized|\b403 +forbidden|\b(?:returned error: |error code E|HTTP (?:code )?)40[13]\b"
"""What uv, curl, apt, npm, conda and R print where a server refuses them."""
_LOGINS = (
    "a server asks for a login: the file that `netrc:` names has those of package indexes, mirrors and downloads; "
    "micromamba, npm and R take none"
)
_AROUND = (
    (RATE_LIMIT, PATIENCE),
    (r"no builder", "`docker buildx ls` lists them"),
    (r"\b40[13]\b|denied|unauthorized|no basic auth", "`docker login` with an account that may do this"),
)
"""What buildx and the engine say of themselves and of registries, and what helps whatever was asked for."""
_NETWORK = (
    (
        rf"refused|no such host|x509|{PASSING}",
        "check the network and the registry; closed ones need `network.mirrors` and `network.ca_bundle` in the matrix",
    ),
)
"""What they say of a registry that cannot be reached."""
_REFERENCE = re.compile(r"source metadata for (?P<reference>\S+): ")
"""The image that the engine could not look up."""
_STORE_RACE = re.compile(r'^image "[^"]+": already exists$')
"""Two builds named the same image at once in one engine's store."""
_STUMBLED = re.compile(
    rf"unexpected status (?:from \w+ request to|code) \S+: (?:{NUMBERS})\b|connection reset by peer"
)
"""A registry could not answer for a moment."""
MOST_SHOWN = 300
"""Characters of what a step said last."""


class BuildFailed(Failure):
    """A step of a Dockerfile failed; the log says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a Dockerfile that failed."""

    leg: Leg
    line: int | None
    output: str

    @property
    def place(self) -> tuple[str, int | None]:
        """Its file in the generated tree, and line."""
        return f"{self.leg.variant.folder}/Dockerfile", self.line

    @property
    def last(self) -> str:
        """The last that it said."""
        lines = [_TIME.sub("", line).strip() for line in self.output.splitlines()]
        return next((line[:MOST_SHOWN] for line in reversed(lines) if line), "it said nothing")


def failure(request: Request, tail: str) -> Failure:
    """Return why a build failed, by the end of its log.

    :class:`BuildFailed` where a step did; :class:`EnvironmentFailure` where the engine or a registry did.
    """
    said = reason(_last_error(tail)) or "docker gave no reason"
    step = failed_step(request, tail)
    who = f"{step.leg.variant.id} ({step.leg.platform}) cannot be built" if step else "the build failed"
    ended = _ENDED.match(said)
    if step is None or ended is None:
        remedy = _remedy((*_ENGINE, *_AROUND), said) or _of_image(request, said) or _remedy(_NETWORK, said)
        return (
            EnvironmentFailure(f"{who}: {said}", remedy)
            if remedy
            else BuildFailed(f"{who}: {said}", "see the log above")
        )
    remedy = _remedy((*_ENGINE, (_REFUSED, _LOGINS)), step.output)
    if remedy:
        return EnvironmentFailure(f"{who}: {step.last}", remedy)
    how = said[ended.end() :].replace("code: ", "code ")
    killed = ", most often for want of memory" if how.endswith(" 137") else ""
    where = ":".join(str(part) for part in step.place if part)
    advice = f"{where} ended with {how}{killed}; its output is above{_of_index(step)}"
    return BuildFailed(f"{who}: {step.last}", advice, step.place)


def _of_index(step: Step) -> str:
    """Say of a package that uv does not find that its index may be closed: uv prints the same then."""
    indexes = step.leg.variant.extra_index_urls
    if not indexes or NOT_FOUND not in step.output:
        return ""
    asks = "asks" if len(indexes) == 1 else "ask"
    return f"; `image-matrix lock` says whether {' or '.join(indexes)} {asks} for a login"


def worth(tail: str) -> Again | None:
    """Return what another try of a build is worth, by the end of its log; ``None`` where it would not help.

    A rate limit lasts for minutes. Anything else that passes is over at once: somebody else was in the way, or a
    registry was down for a moment.
    """
    first, _, more = _last_error(tail).partition("\n")
    if _ENDED.match(first):
        return None
    if names_rate_limit(first) or names_rate_limit(more):
        return Again()
    return Again(attempts=2) if _STORE_RACE.match(first) or _STUMBLED.search(first) else None


def _last_error(tail: str) -> str:
    """Return buildx' last error with the lines below it: what a registry answers may have several."""
    match = next(reversed([*_ERROR.finditer(tail)]), None)
    return tail[match.start("message") :] if match else ""


def _remedy(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((remedy for pattern, remedy in table if re.search(pattern, text, re.IGNORECASE)), None)


def _of_image(request: Request, said: str) -> str | None:
    """Return what helps where an image from outside cannot be had: by what it is for."""
    match = _REFERENCE.search(said)
    if match is None:
        return None
    asked = familiar(match["reference"])
    if asked in {familiar(reference) for reference in _frontends(request)}:
        return remedy_of(FRONTEND)
    if request.scanner and asked == familiar(request.scanner):
        return remedy_of(SCANNER)
    names = {familiar(reference): name for reference, name in request.names.items()}
    return _of_source(names[asked], match["reference"], said) if asked in names else None


def _frontends(request: Request) -> set[str]:
    """Return the frontends of what is built, as the engine is asked for them."""
    texts = (request.rendered[f"{leg.variant.folder}/Dockerfile"].content for leg in request.legs)
    lines = (text.partition(b"\n")[0].decode("utf-8", "replace") for text in texts)
    return {mirrored(found, request.registries) for line in lines if (found := frontend_of(line))}


def _of_source(name: str, reference: str, said: str) -> str:
    where = f"it is the source `{name}` in matrix.yaml"
    if said.endswith("not found"):
        looked = "`image-matrix lock --upgrade` looks digests up again"
        return f"{where}: check name and tag there, and whether a mirror has it; {looked}"
    host = reference.partition("/")[0]
    mirror = f"`network: {{mirrors: {{registries: {{{host}: MIRROR}}}}}}`"
    return f"{where}: check the network; where a mirror has it, write {mirror}, with `ca_bundle` for its certificate"


def failed_step(request: Request, tail: str) -> Step | None:
    """Return the step that a log says has failed, if it is one of an image.

    buildx names a step that several targets have in common after any of them: a parent's step may stand there under a
    child's name. Its lines say whose it is. Where there is one target, it names none.
    """
    legs = {leg.target: leg for leg in request.legs}
    for match in _STEP.finditer(tail):
        named = legs.get(match["target"], request.legs[0] if len(legs) == 1 else None)
        if named:
            lines = {int(line["number"]): line["text"] for line in _LINE.finditer(tail, match.end())}
            owner = next((leg for leg in _upwards(request, named) if _has(request, leg, lines)), named)
            return Step(owner, min(lines, default=None), match["output"])
    return None


def _upwards(request: Request, leg: Leg) -> Iterator[Leg]:
    """Yield a leg and those of its ancestors that are built with it, nearest first."""
    legs = {one.id: one for one in request.legs}
    return chain(leg, lambda one: legs.get((one.variant.parent or "", one.platform)))


def _has(request: Request, leg: Leg, lines: dict[int, str]) -> bool:
    text = request.rendered[f"{leg.variant.folder}/Dockerfile"].content.decode().splitlines()
    return bool(lines) and all(
        number <= len(text) and text[number - 1].rstrip() == line.rstrip() for number, line in lines.items()
    )


def excerpt(tail: str) -> str:
    """Return the part of a log that is about the failure, for those who did not see the log."""
    start = tail.find("------\n > [")
    return tail[start:] if start >= 0 else tail
