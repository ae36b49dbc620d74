"""Running a build: buildx bake in a folder of its own, what came of it, and where it failed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.build.failure import failure, worth
from image_matrix.build.workspace import BAKE_FILE, write_workspace
from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.reference import parse_reference
from image_matrix.retry import persevere
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.build.process import Ended, Watch
    from image_matrix.build.request import Leg, Request
    from image_matrix.retry import Again, Sleep

METADATA = "metadata.json"


@dataclass(frozen=True, slots=True)
class Built:
    """What a bake made."""

    leg: Leg
    digest: str
    """Empty where buildx did not name it."""

    @property
    def image(self) -> str:
        """The result as `repository@digest`; raises :class:`EnvironmentFailure` where buildx did not name the digest.

        A tag in its place might point to something else by now.
        """
        if not self.digest:
            raise EnvironmentFailure(
                f"{self.leg.variant.id} ({self.leg.platform}): buildx does not say which digest it built",
                "update buildx, and build again",
            )
        return parse_reference(self.leg.tags[0]).at(self.digest)


def bake(
    request: Request,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    watch: Watch,
    tell: Callable[[str], None],
    sleep: Sleep,
) -> list[Built]:
    """Run ``docker buildx bake`` for a request; ``watch`` runs the command (:mod:`image_matrix.build.process`).

    What fails for a passing reason is tried again, which takes the finished steps from the engine's cache. Raises
    what :func:`image_matrix.build.failure.failure` makes of its log.
    """

    def wait(seconds: float) -> None:
        tell(f"the build failed for a reason that passes; trying again in {seconds:.0f} s")
        sleep(seconds)

    with temporary_folder() as folder:
        write_workspace(folder, request)
        metadata = folder / METADATA
        command = ["docker", "buildx", "bake", f"--file={BAKE_FILE}", f"--metadata-file={metadata}"]
        command += [*arguments, *(leg.target for leg in request.legs)]
        ended = persevere(lambda: watch(command, folder, environment), _judge, wait)
        if ended.code:
            raise failure(request, ended.tail)
        results = json.loads(metadata.read_text())
    return [Built(leg, results.get(leg.target, {}).get("containerimage.digest", "")) for leg in request.legs]


def _judge(ended: Ended) -> Again | None:
    return worth(ended.tail) if ended.code else None
