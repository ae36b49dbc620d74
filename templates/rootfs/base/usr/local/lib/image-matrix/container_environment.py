#!/usr/bin/python3 -I
"""Gives a program the container's environment where whoever starts it dropped that, as RStudio Server and cron do.

``container_environment.py RUN PROGRAM ARGUMENT…`` becomes the program; ``container_environment.py RUN`` prints what a
shell is to set. RUN is the run directory. The environment is read from the process of ``/init``, which the same user
may do (ptrace(2), "Ptrace access mode checking"): so a secret in it needs no file and stands in no argument.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
"""What shells take for the name of a variable; they drop others."""
OF_THE_PROCESS = re.compile(rb"_|COLUMNS|LINES|OLDPWD|PWD|SHLVL|TERM|(R|RS|RSTUDIO)_.*")
"""What belongs to a program and its terminal, not to the container; and what rserver sets for R and RStudio."""
NEVER = (b"_", b"OLDPWD", b"PWD", b"SHLVL")
LIBRARIES = b"LD_LIBRARY_PATH"
Environment = dict[bytes, bytes]


def variables(environ: bytes) -> Environment:
    """Return the variables of a process as proc_pid_environ(5) has them: ended by null bytes."""
    pairs = (item.partition(b"=") for item in environ.split(b"\0"))
    return {name: value for name, _, value in pairs if NAME.fullmatch(name)}


def restored(current: Mapping[bytes, bytes], container: Mapping[bytes, bytes]) -> Environment:
    """Return the environment of a program: the container's, and what the program has beside it."""
    stays = {name for name in current if name not in container or OF_THE_PROCESS.fullmatch(name)}
    joined = {name: value for name, value in container.items() if name not in NEVER}
    joined |= {name: current[name] for name in stays}
    if LIBRARIES in current and LIBRARIES in container:
        folders = container[LIBRARIES].split(b":") + current[LIBRARIES].split(b":")
        joined[LIBRARIES] = b":".join(dict.fromkeys(folders))
    return joined


def exports(current: Mapping[bytes, bytes], environment: Environment) -> str:
    """Return shell commands that set what a shell does not have."""
    changed = (name for name, value in environment.items() if current.get(name) != value)
    pairs = ((os.fsdecode(name), os.fsdecode(environment[name])) for name in changed)
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in pairs)


def of_container(run: Path) -> Environment:
    """Read the variables that the container was started with; none, with a word on stderr, if they can't be read."""
    try:
        return variables(Path("/proc", (run / "init.pid").read_text().strip(), "environ").read_bytes())
    except OSError as failure:
        said = f"{failure.filename}: {failure.strerror}"
        sys.stderr.write(f"image-matrix: the container's environment can't be read: {said}\n")
        return {}


def main(run: Path, command: list[str]) -> None:
    """Become the command, or print what a shell is to set."""
    current = dict(os.environb)
    environment = {**restored(current, of_container(run)), b"IMAGE_MATRIX_RUN": os.fsencode(run)}
    if not command:
        sys.stdout.buffer.write(os.fsencode(exports(current, environment)))
        return
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python; a program would inherit that
        signal.signal(ignored, signal.SIG_DFL)
    os.execvpe(command[0], command, environment)  # noqa: S606 - that is its purpose


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
