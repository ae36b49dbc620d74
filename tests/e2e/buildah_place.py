"""Debian's buildah in a container of the engine, as in a pod: no daemon, no privileges, user namespaces alone.

A program `buildah` on PATH runs it there, with the folders, the variables and the working folder of its caller.
"""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.e2e.support import CA_BUNDLE, docker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGES = ("buildah", "netavark")
WRAPPER = """\
#!/usr/bin/env python3
import os, sys
own = {{"PATH", "HOME", "HOSTNAME", "TMPDIR", "PWD", "OLDPWD"}}
names = [part for name in os.environ if name not in own for part in ("--env", name)]
here = os.getcwd() if os.getcwd().startswith("{folder}") else "/"
call = ["docker", "exec", "--workdir", here, *names, "{container}", "buildah", *sys.argv[1:]]
os.execvp("docker", call)
"""


@contextmanager
def buildah_on_path(folder: Path, registry: str) -> Iterator[dict[str, str]]:
    """Start the container; yield the variables with which a program finds `buildah`.

    What it shall read is below ``folder``, temporary files included. Images are on a volume: overlayfs cannot be on
    the container's own file system.
    """
    volume = f"image-matrix-{uuid.uuid4().hex[:8]}"
    container = docker(
        *("run", "--detach", "--init", "--network", "host", "--security-opt", "seccomp=unconfined"),
        *("--volume", f"{volume}:/var/lib/containers", "--volume", f"{folder}:{folder}"),
        *(("--volume", f"{CA_BUNDLE}:{CA_BUNDLE}:ro") if CA_BUNDLE.exists() else ()),
        *("--env", "BUILDAH_ISOLATION=chroot", f"{registry}/library/debian:trixie-slim", "sleep", "infinity"),
    )
    try:
        docker("exec", container, "apt-get", "-qq", "update")
        docker("exec", container, "apt-get", "-qq", "install", "--no-install-recommends", *PACKAGES)
        yield _variables(folder, container)
    finally:
        docker("rm", "--force", container)
        docker("volume", "rm", volume)


def _variables(folder: Path, container: str) -> dict[str, str]:
    programs, temporary = folder / "bin", folder / "temporary"
    programs.mkdir()
    temporary.mkdir()
    program = programs / "buildah"
    program.write_text(WRAPPER.format(container=container, folder=folder))
    program.chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "TMPDIR": str(temporary), "DOCKER_CONFIG": str(folder / "docker")}
