"""Checks that a Dockerfile copies what is in its build context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import diagnostic
from image_matrix.dockerfiles.context_reader import LINK, is_ignored
from image_matrix.dockerfiles.copied_files import copied_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from image_matrix.diagnostics import Diagnostic
    from image_matrix.dockerfiles.ignore import Ignore
    from image_matrix.validate.dockerfiles import CheckedDockerfile


@dataclass(frozen=True, slots=True)
class SentFiles:
    """What a build gets of its context, and why not the rest."""

    context: str
    modes: Mapping[str, str]
    """The paths of the files that it gets, with their modes."""
    ignore: Ignore
    ignore_file: str
    """The path of the file that says what is ignored."""
    changing: Callable[[], Collection[str]]
    """Returns the paths in the context that must be ignored."""
    exists: Callable[[str], bool | None]
    """Whether a path in the context is a file or folder; ``None`` if nobody knows."""

    def has(self, path: str) -> bool:
        """Say whether a build gets a path, or something below it; also for one behind a link, which is not followed."""
        parts = path.split("/")
        above = ("/".join(parts[:length]) for length in range(1, len(parts) + 1))
        if path == "." or path in self.modes or any(self.modes.get(one) == LINK for one in above):
            return True
        return any(file.startswith(f"{path}/") for file in self.modes)


def not_in_context(checked: CheckedDockerfile, sent: SentFiles) -> Iterator[Diagnostic]:
    """Yield the paths that a Dockerfile copies and that its build does not get."""
    for copied in copied_paths(checked.dockerfile, checked.links.numbers):
        if sent.has(copied.path):
            continue
        exists = sent.exists(copied.path)
        if exists is False:
            problem = f"the context {sent.context} has no file or folder {copied.path}"
            advice = "create it, or correct the path: it is relative to the context"
        elif exists and is_ignored(sent.ignore, copied.path):
            problem, advice = f"{sent.ignore_file} leaves it out", _ignored_advice(copied.path, sent)
        else:
            continue
        place = checked.place(copied.line, copied.written)
        fields = {"instruction": copied.instruction, "path": copied.written}
        yield diagnostic(rules.NOT_IN_CONTEXT, place, **fields, problem=problem, advice=advice)


def _ignored_advice(path: str, sent: SentFiles) -> str:
    if any(f"{path}/".startswith(f"{one}/") or one.startswith(f"{path}/") for one in sent.changing()):
        return "copy something else: each commit, render or edit of the matrix would build the image again"
    return f"write `!{path}` as the last line of {sent.ignore_file}, or copy something else"
