"""Disks without room: a limit for the size of files, and a file system of a few kilobytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow over ``size`` bytes: what fits is written, the rest refused (setrlimit(2))."""
    if sys.platform == "win32":
        pytest.skip("limits are POSIX's")
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def small_disk(folder: Path, kilobytes: int, *options: str) -> Iterator[Path]:
    """Mount a file system of so many kilobytes at a folder; skip the test where that is not allowed."""
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root mounts a file system")
    folder.mkdir()
    command = [mount, "-t", "tmpfs", "-o", ",".join((f"size={kilobytes}k", *options)), "none", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, left: int) -> None:
    """Fill a file system but for ``left`` kilobytes."""
    state = os.statvfs(folder)
    with (folder / "filling").open("wb") as stream:
        stream.write(b"\0" * (state.f_bavail * state.f_frsize - left * 1024))
