"""Runs buildah or Podman: brings what an image is built from, builds it, pushes it, and reads what the push wrote."""

from __future__ import annotations

import re
import resource
from typing import TYPE_CHECKING

from image_matrix.build.bake import Built
from image_matrix.build.buildah_commands import DEFAULT_OPEN_FILES, digest_file, image_commands
from image_matrix.build.buildah_failure import build_failure, pull_failure, push_failure
from image_matrix.build.heredoc_scripts import FOLDER, without_scripts
from image_matrix.build.oci_manifest import rewrite_as_oci
from image_matrix.build.workspace import write_workspace
from image_matrix.program import run_once
from image_matrix.retry import persevere, retry_policy
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from image_matrix.build.buildah_commands import BuildahPlace, ImageCommands
    from image_matrix.build.process import Completed, Runner
    from image_matrix.build.request import BuildLeg, BuildRequest
    from image_matrix.registry.client import Registry
    from image_matrix.retry import RetryPolicy, Sleep

_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"(?P<digest>sha256:\S+) +(?P<number>[\d.]+) ?(?P<unit>[kMGT]?B)")


def open_files() -> int:
    """Return how many open files this process may allow the steps of a build."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return DEFAULT_OPEN_FILES if hard == resource.RLIM_INFINITY else hard


def build_each(
    request: BuildRequest,
    place: BuildahPlace,
    environment: Mapping[str, str],
    run: Runner,
    registry: Registry | None,
    log: Callable[[str], None],
    sleep: Sleep,
) -> list[Built]:
    """Build the images of a request, parents first, and push the results to ``registry``, if there is one.

    What is pushed stays if a later image fails. What fails for a temporary reason between the machine and a registry
    is tried again. Raises the failures of :mod:`image_matrix.build.buildah_failure`.
    """

    def wait(seconds: float) -> None:
        log(f"a registry did not answer as it should; trying again in {seconds:.0f} s")
        sleep(seconds)

    with temporary_folder() as folder:
        write_workspace(folder, request)
        _write_scripts(folder, request)

        def patiently(command: list[str]) -> Completed:
            return persevere(lambda: run(command, folder, environment), _judge, wait)

        built: list[Built] = []
        pulled: set[tuple[str, str]] = set()
        for commands in image_commands(request, place, push=registry is not None):
            leg = commands.leg
            log(f"{leg.variant.id} {leg.platform}: {place.program} builds it")
            _pull(request, commands, patiently, pulled)
            completed = run(commands.build, folder, environment)
            if completed.code:
                raise build_failure(request, leg, completed.tail)
            digest = _push(request, commands, patiently, folder, registry) if registry else ""
            built.append(Built(leg, digest))
    results = {leg.id for leg in request.results}
    return [one for one in built if one.leg.id in results]


def _write_scripts(folder: Path, request: BuildRequest) -> None:
    """Write the scripts of heredocs to files, and the Dockerfiles that mount them."""
    (folder / FOLDER).mkdir()
    for leg in request.legs:
        path = folder / leg.variant.folder / "Dockerfile"
        written = without_scripts(path.read_text(encoding="utf-8"))
        if written.scripts:
            path.write_text(written.text, encoding="utf-8")
        for name, content in written.scripts.items():
            (folder / FOLDER / name).write_bytes(content)


def _pull(
    request: BuildRequest,
    commands: ImageCommands,
    patiently: Callable[[list[str]], Completed],
    pulled: set[tuple[str, str]],
) -> None:
    """Bring what an image is built from, once in a build; ``pulled`` has what was brought before."""
    for reference, command in commands.pulls.items():
        if (reference, commands.leg.platform) in pulled:
            continue
        completed = patiently(command)
        if completed.code:
            raise pull_failure(request, commands.leg, reference, completed.tail)
        pulled.add((reference, commands.leg.platform))


def _push(
    request: BuildRequest,
    commands: ImageCommands,
    patiently: Callable[[list[str]], Completed],
    folder: Path,
    registry: Registry,
) -> str:
    """Push an image under its tags; return its digest, empty if it is not one of the results."""
    digest = ""
    for tag, command in commands.pushes.items():
        completed = patiently(command)
        if completed.code:
            raise push_failure(tag, completed.tail)
        pushed = (folder / digest_file(tag)).read_text(encoding="utf-8").strip()
        digest = rewrite_as_oci(registry, tag, pushed, manifest_annotations(request))
    return digest


def manifest_annotations(request: BuildRequest) -> dict[str, str]:
    """Return the annotations of a manifest, which bake's definition writes as ``manifest:NAME=VALUE``."""
    entries = request.options.get("annotations", ())
    pairs = (
        entry.removeprefix("manifest:").partition("=") for entry in entries if entry.startswith("manifest:")
    )
    return {name: value for name, _, value in pairs}


def _judge(completed: Completed) -> RetryPolicy | None:
    return retry_policy(completed.tail) if completed.code else None


def stored_image(program: str, leg: BuildLeg) -> tuple[str, int | None]:
    """Return digest and size in bytes of an image in the program's own store; empty and ``None`` if it is not there."""
    command = (program, "images", "--format", "{{.Digest}} {{.Size}}", leg.tags[0])
    return read_stored(run_once(command).stdout)


def read_stored(text: str) -> tuple[str, int | None]:
    """Read a line of ``images``: ``sha256:… 80.9 MB``."""
    match = _SIZE.search(text)
    if match is None:
        return "", None
    return match["digest"], round(float(match["number"]) * _UNITS[match["unit"]])
