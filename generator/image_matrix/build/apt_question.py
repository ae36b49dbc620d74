"""Asks apt in images of the registry: a small Dockerfile for each, whose answers BuildKit exports as files.

No image is made, and the engine keeps nothing but caches. The scripts in ``in_image`` say what is asked.
"""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from image_matrix.build.failure import failed_target, retry_policy
from image_matrix.render.bake import escaped
from image_matrix.render.templates import word
from image_matrix.retry import persevere

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from image_matrix.build.process import Completed, Runner
    from image_matrix.config.platforms import Platform
    from image_matrix.retry import RetryPolicy, Sleep

BAKE_FILE = "docker-bake.json"
UPDATES, CHANGELOGS = "apt_updates.sh", "apt_changelogs.sh"
SEARCH = "search"
AT_ONCE = 16
"""Images in one call of bake: all of them are unpacked at the same time."""
MOST_BYTES = 8_000_000
"""The most that is read of an answer: the list of all installed packages is far below."""
_DOCKERFILE = """\
FROM asked.invalid/image AS asked
USER 0
ARG BASH_ENV=/run/secrets/site.sh
ARG DEBIAN_FRONTEND=noninteractive
ARG MOMENT=
ARG RUN
RUN --mount=type=secret,id=site,target=/run/secrets/site.sh \\
    --mount=type=secret,id=ca-bundle,target=/run/secrets/ca-bundle.crt \\
    --mount=type=tmpfs,target=/tmp \\
    --mount=type=cache,id=apt-archives-{source},target=/var/cache/apt,sharing=locked \\
    --mount=type=cache,id=apt-lists-{source},target=/var/lib/apt,sharing=locked \\
    --mount=type=bind,from=asked.invalid/base,source=/,target=/run/asked/base \\
    --mount=type=bind,source=.,target=/run/asked/context \\
    ["/bin/sh", "/run/asked/context/script.sh"]
FROM scratch
COPY --from=asked /image-matrix-answers /
"""
"""One step. Its argument RUN is another one in each run, so that it is never taken from a cache."""


@dataclass(frozen=True, slots=True)
class ImageToAsk:
    """A released image of one platform."""

    variant: str
    """Id of the variant."""
    target: str
    """Its name in the bake file."""
    platform: Platform
    image: str
    """Reference with a digest."""
    source: str
    """Name of the source that its chain starts at; its builds share the caches of apt."""
    base_image: str
    """Reference of that source, or of the image of its chain up to which a new build changes nothing."""
    moment: str = ""
    """Moment of the snapshot that is asked; empty without snapshots."""
    search: str = ""
    """What ``apt_changelogs.sh`` is to find."""


@dataclass(frozen=True, slots=True)
class AskSettings:
    """What is the same for all images of a run."""

    script: str
    """A file in ``in_image``."""
    run: str
    """A text that no other run has."""
    secrets: tuple[str, ...] = ()
    """Bake's field ``secret``."""
    proxy: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answers:
    """What images answered."""

    texts: Mapping[str, Mapping[str, str]]
    """Variant to its files, by name."""
    failures: Mapping[str, str]
    """Variant to the reason why it did not answer."""


def ask_images(
    images: Sequence[ImageToAsk],
    settings: AskSettings,
    options: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    run: Runner,
    sleep: Sleep,
) -> Answers:
    """Ask images, some at a time. One that cannot be asked stops no other.

    ``folder`` is an empty one; ``options`` are those of ``docker buildx bake`` that choose the builder.
    """
    failures: dict[str, str] = {}
    for start in range(0, len(images), AT_ONCE):
        part = images[start : start + AT_ONCE]
        write_question(folder, part, settings)
        failures |= _ask(part, lambda targets: _bake(targets, options, environment, folder, run), sleep)
    texts = {
        one.variant: read_files(folder / "answers" / one.target)
        for one in images
        if one.variant not in failures
    }
    reported = {name: " ".join(text["failed"].split()) for name, text in texts.items() if "failed" in text}
    return Answers({name: text for name, text in texts.items() if name not in reported}, failures | reported)


def _bake(
    targets: Sequence[str], options: Sequence[str], environment: Mapping[str, str], folder: Path, run: Runner
) -> Completed:
    command = ["docker", "buildx", "bake", f"--file={BAKE_FILE}", *options, "--progress=plain", *targets]
    return run(command, folder, environment)


def _ask(
    images: Sequence[ImageToAsk], bake: Callable[[Sequence[str]], Completed], sleep: Sleep
) -> dict[str, str]:
    """Ask images in one call, and again without the one that failed, until the others have answered.

    What has answered before is in the builder's cache then. Returns the reasons by variant.
    """
    failures: dict[str, str] = {}
    rest = list(images)
    while rest:
        targets = [one.target for one in rest]
        completed = persevere(lambda targets=targets: bake(targets), _judge, sleep)  # type: ignore[misc]
        if not completed.code:
            break
        target, reason = failed_target(completed.tail)
        failed = [one for one in rest if one.target == target] or rest
        failures |= {one.variant: reason for one in failed}
        rest = [one for one in rest if one not in failed]
    return failures


def _judge(completed: Completed) -> RetryPolicy | None:
    return retry_policy(completed.tail) if completed.code else None


def write_question(folder: Path, images: Sequence[ImageToAsk], settings: AskSettings) -> None:
    """Write a context for each image, and the bake file."""
    script = files("image_matrix.build").joinpath("in_image", settings.script).read_text(encoding="utf-8")
    for one in images:
        context = folder / one.target
        context.mkdir(parents=True, exist_ok=True)
        (context / "script.sh").write_text(script, encoding="utf-8")
        (context / SEARCH).write_text(one.search, encoding="utf-8")
        (context / "Dockerfile").write_text(dockerfile(one), encoding="utf-8")
    targets = {one.target: _target(one, settings) for one in images}
    (folder / BAKE_FILE).write_text(json.dumps({"target": targets}, indent=2), encoding="utf-8")


def dockerfile(image: ImageToAsk) -> str:
    """Return the Dockerfile that asks an image."""
    return _DOCKERFILE.format(source=word(image.source))


def _target(image: ImageToAsk, settings: AskSettings) -> dict[str, Any]:
    arguments = {**settings.proxy, "MOMENT": image.moment, "RUN": settings.run}
    return {
        "context": image.target,
        "contexts": {
            "asked.invalid/image": f"docker-image://{image.image}",
            "asked.invalid/base": f"docker-image://{image.base_image}",
        },
        "args": escaped(arguments),
        "platforms": [image.platform],
        "attest": ["type=provenance,disabled=true"],
        **({"secret": list(settings.secrets)} if settings.secrets else {}),
        "output": [f"type=local,dest=answers/{image.target}"],
    }


def read_files(folder: Path) -> dict[str, str]:
    """Return the regular files of a folder by name; a link, which an image may have written, is none."""
    if not folder.is_dir():
        return {}
    contents = {}
    for path in sorted(folder.iterdir()):
        if stat.S_ISREG(path.lstat().st_mode):
            with path.open("rb") as file:
                contents[path.name] = file.read(MOST_BYTES).decode("utf-8", "replace")
    return contents
