"""A repository on disk: its matrix, overlays, templates and lock as texts. The only reader of input files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from generator.diagnostics import MatrixError, Place, Rule, diagnostic
from generator.diagnostics import catalogue as rules
from generator.matrix.parse import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.render.file import File
    from generator.render.templates import Templates

MATRIX = "matrix.yaml"
LOCK = "matrix.lock.yaml"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that rendering depends on, already read."""

    texts: Mapping[str, str]
    """The matrix and its overlays: name as the user gave it, to text."""
    templates: Templates
    lock: str | None = None
    """Text of the lock, where there is one."""


def read_inputs(root: Path, matrix: str = MATRIX, overlays: tuple[str, ...] = ()) -> Inputs:
    """Read a repository.

    ``matrix`` is relative to ``root``, overlays to the working directory. Raises :class:`MatrixError` where a file
    cannot be read.
    """
    texts = {matrix: read_text(root / matrix, matrix)}
    texts |= {overlay: read_text(Path(overlay), overlay) for overlay in overlays}
    lock = root / LOCK
    return Inputs(texts, read_templates(root), read_text(lock, LOCK) if lock.is_file() else None)


def read_text(path: Path, name: str) -> str:
    """Read a text file, or raise :class:`MatrixError` that names it."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refused(
                rules.TOO_LARGE, name, f"{path.stat().st_size / 1e6:.0f} MB, at most 16", "split it up"
            )
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        advice = "run `image-matrix init`, or name the folder with -C" if name == MATRIX else "check the path"
        raise _refused(rules.UNREADABLE, name, "there is no such file", advice) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = f"line {line} is not UTF-8 (byte {error.start})"
        raise _refused(rules.UNREADABLE, name, problem, "save the file as UTF-8") from error
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        raise _refused(rules.UNREADABLE, name, problem, "check the path and its permissions") from error


def _refused(rule: Rule, name: str, problem: str, advice: str) -> MatrixError:
    return MatrixError([diagnostic(rule, Place(name, 0, 0), file=name, problem=problem, advice=advice)])


def builtin_templates() -> Path:
    """Return the folder of the templates that come with image-matrix."""
    packaged = Path(__file__).parent / "builtin_templates"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "templates"


def read_templates(root: Path) -> Templates:
    """Read a repository's templates on top of those that come with image-matrix."""
    from dataclasses import replace

    from generator.render.compiled import compiled_templates

    found = templates_of(template_files(root / "templates"), builtin_files(root))
    return replace(found, compiled=compiled_templates())


def builtin_files(root: Path) -> dict[str, File]:
    """Read the templates that come with image-matrix; none for the repository that they come from."""
    folder = builtin_templates()
    return {} if (root / "templates").resolve() == folder.resolve() else template_files(folder)


def templates_of(own: Mapping[str, File], builtin: Mapping[str, File]) -> Templates:
    """Sort template files by what they are for; an own kind of ``rootfs`` takes the place of a whole built-in one."""
    from generator.render.templates import Templates

    rootfs: dict[str, dict[str, File]] = {}
    for files in (builtin, own):
        kinds: dict[str, dict[str, File]] = {}
        for path, file in files.items():
            top, _, rest = path.partition("/")
            if top == "rootfs" and "/" in rest:
                kind, _, below = rest.partition("/")
                kinds.setdefault(kind, {})[below] = file
        rootfs |= kinds
    every = {**builtin, **own}
    replaced = frozenset(
        f"templates/{path}" for path in own if path in builtin and own[path] != builtin[path]
    )
    return Templates(_texts(every, "dockerfiles/"), rootfs, _texts(every, "workflows/"), replaced)


def _texts(files: Mapping[str, File], folder: str) -> dict[str, str]:
    return {
        path.removeprefix(folder): file.content.decode()
        for path, file in files.items()
        if path.startswith(folder) and path.endswith(".j2")
    }


def template_files(folder: Path) -> dict[str, File]:
    """Read every file below a ``templates`` folder, sorted by path, but what Python has compiled there (pip does)."""
    found = {}
    for directory, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        here = Path(directory)
        below = here.relative_to(folder)
        # links to folders are files to us, too
        links = [name for name in folders if (here / name).is_symlink()]
        for name in [*names, *links]:
            path = here / name
            symlink = path.is_symlink()
            # Path.readlink changes `./x` to `x`
            content = os.readlink(path).encode() if symlink else path.read_bytes()  # noqa: PTH115
            found[(below / name).as_posix()] = template_file(content, symlink=symlink)
    return dict(sorted(found.items()))


def template_file(content: bytes, *, symlink: bool) -> File:
    """Make a file of a template folder, independent of the checkout's line ends, modes and umask."""
    from generator.render.file import File

    if symlink or b"\0" in content:
        return File(content, executable=not symlink, symlink=symlink)
    # COPY gives every file of a rootfs the same mode, so that a checkout's modes cannot reach an image
    return File(content.replace(b"\r\n", b"\n"), executable=True)
