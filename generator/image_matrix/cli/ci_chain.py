"""Builds and tests a chain of variants on one machine: the job of a pull request that cannot push."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.build import run_build
from image_matrix.cli.build_arguments import BuildArguments
from image_matrix.cli.printing import say
from image_matrix.cli.project import open_locked
from image_matrix.cli.verify import verify
from image_matrix.errors import EnvironmentFailure, naming
from image_matrix.program import run_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.cli.session import Session
    from image_matrix.planning.plan import State

ROOM = 3_000_000_000
"""Bytes that a build needs: with less, the engine fails in the middle of a step."""
MOUNT_CACHES = ("docker", "buildx", "prune", "--force", "--filter=type=exec.cachemount")
"""Removes what package managers have downloaded; layers are kept, since the next image stands on them."""


def build_chain(session: Session, names: Sequence[str], platform: str, folder: Path, *, staging: bool) -> int:
    """Build and test variants in their order; return 1 if the tests of one fail.

    Raises :class:`EnvironmentFailure` before a build if the disk has no room for it.
    """
    from image_matrix.cli.plan import state_of

    state = state_of(open_locked(session))
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        require_room(name, engine_folder())
        run_build(session, _arguments(name, platform, staging=staging))
        report = folder / f"tests-{number}.xml"
        code = int(
            click.get_current_context().invoke(
                verify, names=(name,), platform=platform, junit_file=str(report)
            )
        )
        if code:
            left = len(names) - number - 1
            say(session, f"{name} fails its tests: {left} not built" if left else f"{name} fails its tests")
            return code
        _clear(state, name, platform)
    return 0


def _arguments(name: str, platform: str, *, staging: bool) -> BuildArguments:
    """Return the arguments of `build --load`; the parents are in the builder's cache and stay there."""
    return BuildArguments(
        names=(name,),
        push=False,
        load=True,
        platforms=(platform,),
        builder=None,
        registry=True,
        force=False,
        print_only=False,
        candidate=False,
        staging=staging,
        cache="none",
        exports="requested",
    )


def engine_folder() -> Path | None:
    """Return the folder in which the engine stores images, if it is on this machine."""
    command = ("docker", "info", "--format={{.DockerRootDir}}")
    answer = run_once(command)
    folder = Path(answer.stdout.strip() or "/nothing")
    return folder if answer.returncode == 0 and folder.is_dir() else None


def require_room(name: str, folder: Path | None) -> None:
    """Raise :class:`EnvironmentFailure` if a disk has too little room to build a variant; a remote disk passes."""
    free = shutil.disk_usage(folder).free if folder else ROOM
    if free < ROOM:
        raise EnvironmentFailure(
            f"{name} is not built: the disk has {free / 1e9:.1f} GB left, and a build needs {ROOM / 1e9:.0f} GB",
            "write `workflow: {free_disk: true}`, or choose a larger runner with `workflow.runners`",
        )


def _clear(state: State, name: str, platform: str) -> None:
    """Remove a tested image, and on GitHub's runners what its build has downloaded."""
    from image_matrix.planning.plan import reference

    item = state.loaded.variants[name]
    tags = (f"{state.loaded.matrix.repository(item)}:{item.label}", reference(state, item, platform))
    subprocess.run(("docker", "image", "rm", "--force", *tags), check=False, capture_output=True)
    if os.environ.get("RUNNER_ENVIRONMENT") == "github-hosted":
        subprocess.run(MOUNT_CACHES, check=False, capture_output=True)
