"""Reads image layers: archives of files that are laid over each other.

A layer is read from its first to its last byte, once; nothing of it is kept but what a caller's readers make of it.
Source of the format: github.com/opencontainers/image-spec, layer.md.
"""

from __future__ import annotations

import gzip
import io
import posixpath
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import IO, Any, Generic, TypeAlias, TypeVar, cast

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
Reader: TypeAlias = Callable[[Callable[[], bytes]], R | None]
"""Makes something of a file, whose content it gets by a call; ``None`` where the file cannot be read."""
ReaderOf: TypeAlias = Callable[[str], Reader[R] | None]
"""Returns what reads the file with a path; ``None`` for a file that is passed over."""
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
"""The first bytes of compressed archives; others are not compressed."""
ZSTD_MODULES = ("compression.zstd", "backports.zstd")
"""The standard library's, from Python 3.14 on, and the same for older ones."""
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
CHUNK = 1 << 20
LARGEST = 64 << 20
"""Bytes that are read at once: of a file that is kept, or of a header of the archive."""


class LayerError(Exception):
    """A layer cannot be read; has the problem and what to do."""

    def __init__(self, problem: str, advice: str) -> None:
        self.problem, self.advice = problem, advice
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class LayerContents(Generic[R_co]):
    """What a layer adds to those below it, and what it hides of them."""

    files: Mapping[str, R_co | None]
    """By path, without a slash before it; ``None`` for a file that cannot be read."""
    removed: frozenset[str] = frozenset()
    """Paths that are hidden, with all that is below them."""
    opaque: frozenset[str] = frozenset()
    """Folders that hide all that is below them."""


Files: TypeAlias = Mapping[str, R | None]


def laid_over(lower: Files[R], layer: LayerContents[R]) -> dict[str, R | None]:
    """Return the files of an image with one more layer; those of the layer win."""
    kept = {path: record for path, record in lower.items() if not _is_hidden(path, layer)}
    return {**kept, **layer.files}


def _is_hidden(path: str, layer: LayerContents[Any]) -> bool:
    above = folders_of(path)
    return path in layer.removed or not layer.removed.isdisjoint(above) or not layer.opaque.isdisjoint(above)


def folders_of(path: str) -> list[str]:
    """Return the folders that a path is in: ``a/b/c`` is in ``a`` and ``a/b``, and in the root, which is ``.``."""
    parts = path.split("/")[:-1]
    return [".", *("/".join(parts[:length]) for length in range(1, len(parts) + 1))]


def read_layer(chunks: Iterator[bytes], lower: Files[R], reader_of: ReaderOf[R]) -> LayerContents[R]:
    """Read the archive of a layer; raises :class:`LayerError`.

    ``lower`` are the files of the layers below: a file or link in the place of one of their folders hides it.
    """
    below = {*lower, *(folder for path in lower for folder in folders_of(path))}
    try:
        return _read(_members(_decompressed(chunks)), below, reader_of)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LayerError(f"it is not a readable archive: {error}", "push the image again") from error


def _read(
    members: Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]], below: set[str], reader_of: ReaderOf[R]
) -> LayerContents[R]:
    files: dict[str, R | None] = {}
    removed: set[str] = set()
    opaque: set[str] = set()
    for archive, member in members:
        path = posixpath.normpath(f"/{member.name}").lstrip("/")
        folder, _, name = path.rpartition("/")
        read = reader_of(path)
        if name == OPAQUE:
            opaque.add(folder or ".")
        elif name.startswith(WHITEOUT):
            removed.add(posixpath.join(folder, name.removeprefix(WHITEOUT)))
        elif not member.isdir() and path in below:
            removed.add(path)
        if read and member.isreg():
            files[path] = read(_content(archive, member))
        elif read and member.islnk():
            target = posixpath.normpath(f"/{member.linkname}").lstrip("/")
            files |= {path: files[target]} if target in files else {}
    return LayerContents(files, frozenset(removed), frozenset(opaque))


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], bytes]:
    """Return what reads a file of an archive; a file that nothing reads is passed over."""

    def content() -> bytes:
        if member.size > LARGEST:
            raise tarfile.ReadError(f"{member.name} is larger than {LARGEST >> 20} MiB")
        file = archive.extractfile(member)
        return file.read() if file else b""

    return content


def _members(source: IO[bytes]) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Yield the entries of an archive, and forget each one afterwards."""
    reader = cast("IO[bytes]", _ForwardReader(source))
    with tarfile.TarFile(fileobj=reader, encoding="utf-8", errors="replace") as archive:
        while (member := archive.next()) is not None:
            yield archive, member
            archive.members = []  # type: ignore[attr-defined]


def _decompressed(chunks: Iterator[bytes]) -> IO[bytes]:
    source = io.BufferedReader(_ChunkReader(chunks), CHUNK)
    start = source.peek(4)[:4]
    if start.startswith(GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=source, mode="rb"))
    return cast("IO[bytes]", _zstd_file()(source) if start == ZSTD else source)


def _zstd_file() -> Callable[[Any], Any]:
    """Return what opens a file that is compressed with zstd; raises :class:`LayerError` where Python has nothing."""
    for name in ZSTD_MODULES:
        try:
            opened: Callable[[Any], Any] = import_module(name).ZstdFile
        except ImportError:
            continue
        return opened
    advice = "run image-matrix with Python 3.14 or newer, or install `backports.zstd` beside it"
    raise LayerError("it is compressed with zstd, which this Python cannot read", advice)


class _ChunkReader(io.RawIOBase):
    """A file of the chunks of a transfer."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - typeshed's type needs Python 3.12
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


class _ForwardReader:
    """A file that can only be read on, with a bound for what is in memory.

    tarfile's mode for streams reads headers of any length into memory, and only the first member of a gzip file.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._position = source, 0

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, whence: int = 0) -> int:
        if whence or position < self._position:
            raise tarfile.ReadError("an entry is before the one that was read last")
        while self._position < position and self.read(min(CHUNK, position - self._position)):
            pass
        return self._position

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= LARGEST:
            raise tarfile.ReadError(f"an entry that has to be read is larger than {LARGEST >> 20} MiB")
        parts = []
        while size and (part := self._source.read(size)):
            parts.append(part)
            size -= len(part)
        content = b"".join(parts)
        self._position += len(content)
        return content
