"""Runs buildx bake in a temporary folder, and returns the images or explains the failure."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.build.failure import failure, retry_policy
from image_matrix.build.workspace import BAKE_FILE, write_workspace
from image_matrix.errors import EnvironmentFailure
from image_matrix.json_data import read_json
from image_matrix.registry.reference import parse_reference
from image_matrix.retry import persevere
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from image_matrix.build.process import Completed, Runner
    from image_matrix.build.request import BuildLeg, BuildRequest
    from image_matrix.retry import RetryPolicy, Sleep

METADATA = "metadata.json"
READS_FOLDERS = {"BUILDX_BAKE_ENTITLEMENTS_FS": "0"}
"""Lets bake read what is not below its folder: users' build contexts, and the CA bundle.

The definition is ours, and what it names is checked. buildx before 0.19 asks for no permission.
Source: docs.docker.com/build/building/variables/#buildx_bake_entitlements_fs.
"""


@dataclass(frozen=True, slots=True)
class Built:
    """An image that was built."""

    leg: BuildLeg
    digest: str
    """Empty where the engine did not name it."""

    @property
    def image(self) -> str:
        """The result as `repository@digest`; raises :class:`EnvironmentFailure` where its digest is unknown.

        A tag in its place might point to something else by now.
        """
        if not self.digest:
            raise EnvironmentFailure(
                f"{self.leg.variant.id} ({self.leg.platform}): buildx does not say which digest it built",
                "update buildx, and build again",
            )
        return parse_reference(self.leg.tags[0]).at(self.digest)


def bake(
    request: BuildRequest,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    run: Runner,
    log: Callable[[str], None],
    sleep: Sleep,
    link: str = "",
) -> list[Built]:
    """Run ``docker buildx bake`` for a request; ``run`` runs the command (:mod:`image_matrix.build.process`).

    ``link`` comes from :func:`image_matrix.build.origin.repository_link`.

    A build that fails for a temporary reason is tried again; the engine's cache then has the finished steps. Raises
    the failure that :func:`image_matrix.build.failure.failure` returns for the log.
    """

    def wait(seconds: float) -> None:
        log(f"the build failed for a temporary reason; trying again in {seconds:.0f} s")
        sleep(seconds)

    with temporary_folder() as folder:
        write_workspace(folder, request)
        if link:
            (folder / ".git").write_bytes(os.fsencode(link))
        metadata = folder / METADATA
        command = ["docker", "buildx", "bake", f"--file={BAKE_FILE}", f"--metadata-file={metadata}"]
        command += [*arguments, "--progress=plain", *(leg.target for leg in request.results)]
        variables = {**environment, **READS_FOLDERS}
        completed = persevere(lambda: run(command, folder, variables), _judge, wait)
        if completed.code:
            raise failure(request, completed.tail)
        return _built(metadata, request)


def _built(metadata: Path, request: BuildRequest) -> list[Built]:
    """Read what bake says of its targets (docs.docker.com, "docker buildx bake", ``--metadata-file``)."""
    try:
        results = read_json(metadata.read_bytes())
        digests = [results.get(leg.target, {}).get("containerimage.digest", "") for leg in request.results]
    except (OSError, ValueError, AttributeError) as error:
        what = "`docker buildx bake` built, but did not write what, in a form that can be read"
        raise EnvironmentFailure(what, "check `docker buildx version`, and try again") from error
    return [Built(leg, digest) for leg, digest in zip(request.results, digests, strict=True)]


def _judge(completed: Completed) -> RetryPolicy | None:
    return retry_policy(completed.tail) if completed.code else None
