"""Failures that are nobody's matrix: each has the exit code that a script can rely on.

0 well; 1 the answer is no; 2 the input or the call is wrong; 3 the environment failed.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Failure(Exception):  # noqa: N818 - it is what it is called in the messages
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
        """File below the repository, and line, that the failure is about; for annotations."""
        super().__init__(message)


class Blocked(Failure):
    """Something else has to be done first, and was not."""


class CallError(Failure):
    """The call is wrong: an unknown variant, say."""

    exit_code = 2


class EnvironmentFailure(Failure):
    """The engine, the registry or the network failed, or is not there."""

    exit_code = 3


_REMEDIES = {
    errno.EISDIR: "a folder stands where a file belongs: move it away",
    errno.ENOTDIR: "a file stands where a folder belongs: move it away",
    errno.EEXIST: "a file stands where a folder belongs: move it away",
    errno.ENOTEMPTY: "a folder stands where a file belongs: move it away",
    errno.ENOENT: "check the path",
    errno.EACCES: "check who may read and write there",
    errno.EPERM: "check who may read and write there",
    errno.EROFS: "the file system can be read only; work on a copy elsewhere",
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EFBIG: "allow larger files there (`ulimit -f`)",
    errno.ENAMETOOLONG: "shorten the names that it is made of",
}


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Give an :class:`OSError` the path that users know: that of a failed ``write`` names no file."""
    try:
        yield
    except OSError as error:
        if not error.errno:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def of_the_system(error: OSError) -> EnvironmentFailure:
    """Return the failure that the operating system reports, with its file and what can be done about it."""
    file = error.filename2 or error.filename
    problem = (error.strerror or str(error)).lower()
    remedy = _REMEDIES.get(error.errno or 0, "check permissions and the space that is left")
    return EnvironmentFailure(f"{file}: {problem}" if file else problem, remedy)
