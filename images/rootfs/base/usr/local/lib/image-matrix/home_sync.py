#!/usr/bin/python3
"""Brings a home volume up to the image's template: home_sync.py TEMPLATE HOME.

The record in HOME holds, for every path that was ever written from a template, the digest of what was written, and the
digest of the whole template as the version marker. From these follow the rules:

- a path without a record and without a file is written; an existing file without a record belongs to the user;
- a file that still is what the record says follows the template; one with another content was edited and stays;
- a recorded path that is gone was deleted by the user and is not written again;
- a path that can't be read or written is a warning: it never keeps a user out of a home that can be written.

A home may be on a slow file server: files are written at the same time, each takes few requests, and only paths of the
template are looked at, however many files the home has.

Standard library only: it runs on the distribution's Python (3.11 or newer).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

RECORD = Path(".local/state/image-matrix/home.json")
PARTIAL = ".image-matrix-partial-"
STALE = 3600.0  # seconds: no start is at work on a file for so long
AT_ONCE = 32  # files that are written at the same time: a server answers as fast for many as for one
DIRECTORY = "directory"
EXECUTABLE = "x:"
NO_PERMISSION = 77  # sysexits.h: EX_NOPERM
CANNOT_CREATE = 73  # sysexits.h: EX_CANTCREAT
BAD_CONFIGURATION = 78  # sysexits.h: EX_CONFIG
FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class Record:
    """What earlier starts wrote: the template's marker, and path → digest; whether half files may be left."""

    marker: str
    written: Mapping[str, str]
    unswept: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of the template, relative, with the digest of its content and executable bit."""

    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A path of the home that could not be read or written."""

    path: Path
    error: OSError


def digest_of(path: Path) -> str | None:
    """The digest of what is at PATH, without following a link; None where there is nothing.

    Raises OSError when it can't be looked at.
    """
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return "link:" + hashlib.sha256(os.fsencode(path.readlink())).hexdigest()
        if stat.S_ISDIR(mode):
            return DIRECTORY
        if not stat.S_ISREG(mode):
            return "special"
        return (EXECUTABLE if mode & stat.S_IXUSR else "") + digest_of_file(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def digest_of_file(path: Path) -> str:
    """The digest of a file's content; a text that is none where it may not be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except PermissionError:
        return "unreadable"


def content_of(digest: str | None) -> str | None:
    """DIGEST without the executable bit: users' volumes may have none or nothing else, and older records lack it."""
    return digest and digest.removeprefix(EXECUTABLE)


def entries(template: Path) -> Iterator[Entry]:
    """Every file, link and directory below TEMPLATE, parents first, in a fixed order."""
    for folder, folders, files in os.walk(template):
        folders.sort()
        for name in sorted([*folders, *files]):
            path = Path(folder, name)
            digest = None
            with suppress(PermissionError):
                digest = digest_of(path)
            if content_of(digest) not in (None, "special", "unreadable"):
                yield Entry(os.path.relpath(path, template), str(digest))


def marker_of(template: list[Entry]) -> str:
    """The template's version: a digest over all paths and contents."""
    return hashlib.sha256(json.dumps([[e.path, e.digest] for e in template]).encode()).hexdigest()


def wanted(entry: Entry, present: str | None, written: str | None) -> bool:
    """Whether ENTRY is to be written over what is PRESENT, given what was WRITTEN there before."""
    if present is None:
        return written is None
    untouched = content_of(present) == content_of(written) and DIRECTORY not in (present, entry.digest)
    return untouched and entry.digest not in (present, written)


def private_or_shared(mode: int) -> int:
    """MODE with the group's rights like the user's, for any user id of group 0; a private mode stays."""
    bits = stat.S_IMODE(mode)
    return bits if not bits & 0o077 else bits | (bits & 0o700) >> 3


def replacing(mode: int, target: Path, written: str | None) -> int:
    """MODE as far as what is at TARGET has it, too: what its user made private or not executable stays so."""
    try:
        present = stat.S_IMODE(os.lstat(target).st_mode)
    except FileNotFoundError:
        return mode
    if not (written or "").startswith(EXECUTABLE):
        present |= (
            present & 0o444
        ) >> 2  # whoever may read it gets an executable bit that is new in the template
    return mode & present


def write(source: Path, target: Path, written: str | None) -> None:
    """Puts SOURCE at TARGET, where WRITTEN was put before, in one step: an interrupted start leaves no half file."""
    info = os.lstat(source)
    if stat.S_ISDIR(info.st_mode):
        private = not stat.S_IMODE(info.st_mode) & 0o077
        target.mkdir(stat.S_IMODE(info.st_mode) if private else 0o775, exist_ok=True)
        return
    partial = partial_in(target.parent)
    try:
        if stat.S_ISLNK(info.st_mode):
            partial.symlink_to(source.readlink())
        else:
            mode = private_or_shared(info.st_mode)
            put(source.read_bytes(), partial, mode if written is None else replacing(mode, target, written))
        partial.replace(target)
    except BaseException:
        discard(partial)
        raise


def put(content: bytes, partial: Path, mode: int) -> None:
    """Makes the file PARTIAL, on the disk: after a power cut an empty file would count as one that was edited.

    It gets its MODE when it is made: file servers that give all files an owner of their own refuse chmod(2).
    """
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        flush(descriptor)
    finally:
        os.close(descriptor)


def flush(descriptor: int) -> None:
    """Has the content of a file on the disk; a file system that can't be asked says EINVAL (fsync(2))."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def flush_folder(folder: Path) -> None:
    """Has the names in FOLDER on the disk, where its file system can do that (fsync(2))."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def partial_in(folder: Path) -> Path:
    """A name for a file in the making that no other start has, on this machine or another."""
    return folder / f"{PARTIAL}{os.urandom(8).hex()}"


def discard(partial: Path) -> None:
    """Removes a file in the making, where there still is one."""
    with suppress(OSError):
        partial.unlink()


def sweep(folders: Iterable[Path], now: float) -> bool:
    """Removes what interrupted starts left half done in FOLDERS; what a start may be at work on now stays.

    Returns whether something of that kind stays.
    """
    left = False
    for folder in folders:
        with suppress(OSError):
            for item in os.scandir(folder):
                if not item.name.startswith(PARTIAL):
                    continue
                if item.stat(follow_symlinks=False).st_mtime < now - STALE:
                    discard(Path(item.path))
                else:
                    left = True
    return left


def load_record(home: Path) -> Record | None:
    """The record in HOME; None where there is none that can be read."""
    try:
        data = json.loads((home / RECORD).read_bytes())
        written = {str(k): str(v) for k, v in data["written"].items()}
        return Record(str(data["marker"]), written, bool(data.get("unswept")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save_record(home: Path, record: Record) -> None:
    """Writes RECORD into HOME, in one step; without it, every file would count as the user's."""
    target = home / RECORD
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_in(target.parent)
    state = {"unswept": True} if record.unswept else {}
    content = {"marker": record.marker, "written": record.written, **state}
    try:
        put(json.dumps(content, sort_keys=True).encode(), partial, 0o664)
        partial.replace(target)
        flush_folder(target.parent)
    except BaseException:
        discard(partial)
        raise


@dataclass(slots=True)
class Progress:
    """What a start has done: paths written, what is recorded of them, and what could not be done."""

    changed: list[Path]
    written: dict[str, str]
    problems: list[Problem]
    full: OSError | None = None


def synchronise(content: list[Entry], template: Path, home: Path, now: float) -> tuple[int, list[Problem]]:
    """Applies the template to HOME; the number of paths written, and what could not be done.

    NOW is the time by HOME's file system. Raises OSError when HOME is full.
    """
    marker = marker_of(content)
    old = load_record(home) or Record("", {})
    if marker == old.marker and not old.unswept:
        return 0, []
    done = Progress([], dict(old.written), [])
    if marker != old.marker:
        apply(content, template, home, old, done)
    folders = [home / entry.path for entry in content if entry.digest == DIRECTORY]
    unswept = sweep([home, (home / RECORD).parent, *folders], now)
    # without the marker the next start tries again
    new = Record("" if done.problems or done.full else marker, done.written, unswept)
    try:
        if new != old:
            save_record(home, new)
    except OSError as error:
        note(home / RECORD, error, done)
    if done.full:
        raise done.full
    return len(done.changed), done.problems


def apply(content: list[Entry], template: Path, home: Path, old: Record, done: Progress) -> None:
    """Brings each path of the template into HOME: folders in their order, then files at the same time."""

    def step(entry: Entry) -> None:
        if done.full:
            return
        try:
            state = follow(entry, template, home, old.written.get(entry.path))
        except OSError as error:
            note(home / entry.path, error, done)
            return
        if state == "written":
            done.changed.append(home / entry.path)
        if state:
            done.written[entry.path] = entry.digest

    for entry in content:
        if entry.digest == DIRECTORY:
            step(entry)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(step, (entry for entry in content if entry.digest != DIRECTORY)))
        list(pool.map(flush_folder, {path.parent for path in done.changed}))


def note(path: Path, error: OSError, done: Progress) -> None:
    """Records ERROR as the problem of one path; a full volume is one of the whole home."""
    if error.errno in FULL:
        done.full = error
    else:
        done.problems.append(Problem(path, error))


def follow(entry: Entry, template: Path, home: Path, written: str | None) -> str | None:
    """Applies ENTRY: "written", "there" (before, or by a start at the same time), or None where the user has his own.

    Raises OSError when its path in HOME can't be read or written.
    """
    target = home / entry.path
    present = digest_of(target)
    if wanted(entry, present, written) and has_folder(home, entry.path):
        write(template / entry.path, target, written)
        return "written"
    return "there" if content_of(present) == content_of(entry.digest) else None


def has_folder(home: Path, path: str) -> bool:
    """Whether the folder of PATH is there; a folder which the user deleted or replaced by a file stays as it is."""
    return (home / path).parent.is_dir()


def try_writing(home: Path) -> float:
    """The present time as HOME's file system has it; raises OSError unless a file with content can be made in HOME."""
    home.mkdir(parents=True, exist_ok=True)
    probe = partial_in(home)
    try:
        put(b"probe\n", probe, 0o600)
        return probe.stat().st_mtime
    finally:
        discard(probe)


def reason(problem: Problem) -> str:
    """What is in the way: the nearest thing above the path that is there, where that is to blame, or the error."""
    place = next(folder for folder in problem.path.parents if os.path.lexists(folder))
    if not os.path.exists(place):  # noqa: PTH110 - pathlib's raises where it may not look
        return f"{place} is a link to {place.readlink()}, which is not there"
    if not os.path.isdir(place):  # noqa: PTH112
        return f"{place} is no folder"
    if not os.access(place, os.W_OK | os.X_OK):
        info = place.stat()
        return f"{place} belongs to {info.st_uid}:{info.st_gid} with mode {stat.S_IMODE(info.st_mode):04o}"
    return problem.error.strerror or str(problem.error)


def warnings(problems: list[Problem]) -> Iterator[str]:
    """A line for each reason, with the first path that it keeps from the template."""
    paths: dict[str, list[Path]] = {}
    for problem in problems:
        paths.setdefault(reason(problem), []).append(problem.path)
    for why, (first, *more) in paths.items():
        others = f" and {len(more)} more" if more else ""
        yield f"{first}{others} can't be brought up to the image's template: {why}; the next start tries again"


def owner_text(home: Path) -> str:
    """Who owns HOME and who asks, for a message."""
    groups = ",".join(map(str, sorted({os.getegid(), *os.getgroups()})))
    me = f"this container runs as user {os.geteuid()} with groups {groups}"
    try:
        info = home.stat()
    except OSError:
        return me
    return f"it belongs to {info.st_uid}:{info.st_gid} with mode {stat.S_IMODE(info.st_mode):04o}, {me}"


def explain(error: OSError, home: Path) -> tuple[int, str]:
    """Exit code and message for what went wrong with HOME."""
    if error.errno in FULL:
        return CANNOT_CREATE, full_text(home)
    if error.errno in {errno.EACCES, errno.EPERM}:
        hint = (
            "a file server may take root for nobody (root_squash): start the container as user 1000"
            if os.geteuid() == 0
            else "give the volume to one of these groups (Kubernetes: fsGroup 100) or to this user"
        )
        return NO_PERMISSION, f"the home {home} is not writable: {owner_text(home)}; {hint}"
    if error.errno == errno.EROFS:
        return NO_PERMISSION, f"the home {home} is mounted read-only: mount a writable volume there"
    if os.path.lexists(home) and not os.path.isdir(home):  # noqa: PTH112
        return CANNOT_CREATE, f"the home {home} is no folder: mount a volume there, or set HOME to a folder"
    why = error.strerror or error
    return CANNOT_CREATE, f"the home {home} can't be used: {why}; look at the volume and at its server"


def full_text(home: Path) -> str:
    """What is full: the space of the volume, or its number of files."""
    with suppress(OSError):
        state = os.statvfs(home)
        if state.f_files and not state.f_favail:
            return f"the home volume {home} has no inodes left for more files: delete files in it"
    return f"the home volume {home} is full: make it larger or delete files in it"


def used_before(home: Path) -> bool:
    """Whether there is something in HOME: where it is full, its user must get in to clean up."""
    try:
        with os.scandir(home) as items:
            return any(item.name != "lost+found" and not item.name.startswith(PARTIAL) for item in items)
    except OSError:
        return False


def main(template: Path, home: Path) -> int:
    """Runs it; the exit code."""
    os.umask(0)  # modes are given where something is made
    if not home.is_absolute():
        say(f"HOME is {str(home)!r}: set it to the folder of the user, such as /home/jovyan")
        return BAD_CONFIGURATION
    content = list(entries(template))
    used = used_before(home)
    try:
        count, problems = synchronise(content, template, home, try_writing(home))
    except OSError as error:
        code, message = explain(error, home)
        if error.errno in FULL and used:
            say(f"warning: {message}; changes of the image's template wait")
            return 0
        say(message)
        return code
    for warning in warnings(problems):
        say(f"warning: {warning}")
    if count:
        say(f"{count} paths of the template written to {home}")
    return 0


def say(text: str) -> None:
    """Prints a line of the container's log."""
    print(f"image-matrix: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
