"""Defines the failures that are not diagnostics of a matrix, with their exit codes.

0 success; 1 check failed; 2 invalid input or usage; 3 engine, registry or network error.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Failure(Exception):  # noqa: N818 - messages use this word
    """A failure with a remedy; raising it ends the command with ``exit_code`` and no traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        help: str = "",  # noqa: A002 - the word that users see
        place: tuple[str, int | None] | None = None,
    ) -> None:
        self.message = message
        self.help = help
        self.place = place
        """File below the repository, and line, of the failure, for annotations."""
        super().__init__(message)


class Blocked(Failure):
    """Another step is missing that must come first."""


class CallError(Failure):
    """The call is invalid, for example with an unknown variant."""

    exit_code = 2


class EnvironmentFailure(Failure):
    """The engine, the registry or the network failed, or does not exist."""

    exit_code = 3


_REMEDIES = {
    errno.EISDIR: "this is a folder, and a file is needed: move it away",
    errno.ENOTDIR: "this is a file, and a folder is needed: move it away",
    errno.EEXIST: "this is a file, and a folder is needed: move it away",
    errno.ENOTEMPTY: "this is a folder, and a file is needed: move it away",
    errno.ENOENT: "check the path",
    errno.EACCES: "check its permissions",
    errno.EPERM: "check its permissions",
    errno.EROFS: "the file system is read-only; work on a copy elsewhere",
    errno.ENOSPC: "free some space on this disk",
    errno.EDQUOT: "free some space on this disk",
    errno.EFBIG: "allow larger files (`ulimit -f`)",
    errno.ENAMETOOLONG: "shorten the names in this path",
}


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add the path that users know to an :class:`OSError`; the error of a failed ``write`` has no path."""
    try:
        yield
    except OSError as error:
        if not error.errno:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def of_the_system(error: OSError) -> EnvironmentFailure:
    """Return the failure for an error of the operating system, with its file and the remedy."""
    file = error.filename2 or error.filename
    problem = (error.strerror or str(error)).lower()
    remedy = _REMEDIES.get(error.errno or 0, "check permissions and free space")
    return EnvironmentFailure(f"{file}: {problem}" if file else problem, remedy)
