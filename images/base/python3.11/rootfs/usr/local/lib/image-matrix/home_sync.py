#!/usr/bin/python3
"""Brings a home volume up to the image's template: home_sync.py TEMPLATE HOME.

The record in HOME holds, for every path that was ever written from a template, the digest of what was written, and the
digest of the whole template as the version marker. From these follow the rules:

- a path without a record and without a file is written; an existing file without a record belongs to the user;
- a file that still is what the record says follows the template; one that differs was edited and stays;
- a recorded path that is gone was deleted by the user and is not written again.

Standard library only: it runs on the distribution's Python (3.11 or newer).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RECORD = Path(".local/state/image-matrix/home.json")
DIRECTORY = "directory"
NO_PERMISSION = 77  # sysexits.h: EX_NOPERM
CANNOT_CREATE = 73  # sysexits.h: EX_CANTCREAT
FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class Record:
    """What earlier starts wrote: the template's marker, and path → digest."""

    marker: str
    written: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of the template, relative, with the digest of its content (and mode)."""

    path: str
    digest: str


def digest_of(path: Path) -> str | None:
    """The digest of what is at PATH, without following a link; None where there is nothing or nothing readable."""
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return "link:" + hashlib.sha256(os.fsencode(path.readlink())).hexdigest()
        if stat.S_ISDIR(mode):
            return DIRECTORY
        if not stat.S_ISREG(mode):
            return "special"
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        return "unreadable"


def entries(template: Path) -> Iterator[Entry]:
    """Every file, link and directory below TEMPLATE, parents first, in a fixed order."""
    for folder, folders, files in os.walk(template):
        folders.sort()
        for name in sorted([*folders, *files]):
            path = Path(folder, name)
            digest = digest_of(path)
            if digest not in (None, "special", "unreadable"):
                yield Entry(os.path.relpath(path, template), str(digest))


def marker_of(template: list[Entry]) -> str:
    """The template's version: a digest over all paths and contents."""
    return hashlib.sha256(json.dumps([[e.path, e.digest] for e in template]).encode()).hexdigest()


def wanted(entry: Entry, present: str | None, written: str | None) -> bool:
    """Whether ENTRY is to be written over what is PRESENT, given what was WRITTEN there before."""
    if present is None:
        return written is None
    return present == written and present != entry.digest and DIRECTORY not in (present, entry.digest)


def private_or_shared(mode: int) -> int:
    """MODE with the group's rights like the user's, for any user id of group 0; a private mode stays."""
    bits = stat.S_IMODE(mode)
    return bits if not bits & 0o077 else bits | (bits & 0o700) >> 3


def write(source: Path, target: Path) -> None:
    """Puts SOURCE at TARGET in one step: a start that is interrupted leaves no half file."""
    info = os.lstat(source)
    if stat.S_ISDIR(info.st_mode):
        target.mkdir(exist_ok=True)
        if not stat.S_IMODE(info.st_mode) & 0o077:
            target.chmod(stat.S_IMODE(info.st_mode) | target.stat().st_mode & stat.S_ISGID)
        return
    partial = target.with_name(f".{target.name}.image-matrix-partial")
    partial.unlink(missing_ok=True)
    try:
        if stat.S_ISLNK(info.st_mode):
            partial.symlink_to(source.readlink())
        else:
            shutil.copyfile(source, partial)
            partial.chmod(private_or_shared(info.st_mode))
        partial.replace(target)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def load_record(home: Path) -> Record | None:
    """The record in HOME; None where there is none that can be read."""
    try:
        data = json.loads((home / RECORD).read_bytes())
        return Record(str(data["marker"]), {str(k): str(v) for k, v in data["written"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save_record(home: Path, record: Record) -> None:
    """Writes RECORD into HOME, in one step."""
    target = home / RECORD
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_text(json.dumps({"marker": record.marker, "written": record.written}, sort_keys=True))
    partial.replace(target)


def synchronise(template: Path, home: Path) -> int:
    """Applies the template to HOME; the number of paths written.

    Raises OSError when HOME can't be read or written.
    """
    content = list(entries(template))
    marker = marker_of(content)
    old = load_record(home) or Record("", {})
    if marker == old.marker:
        return 0
    count = 0
    written = dict(old.written)
    for entry in content:
        target = home / entry.path
        present = digest_of(target)
        if wanted(entry, present, old.written.get(entry.path)) and has_folder(home, entry.path):
            write(template / entry.path, target)
            written[entry.path] = entry.digest
            count += 1
        elif present == entry.digest:
            written[entry.path] = entry.digest
    save_record(home, Record(marker, written))
    return count


def has_folder(home: Path, path: str) -> bool:
    """Whether the folder of PATH is there; a folder which the user deleted or replaced by a file stays as it is."""
    return (home / path).parent.is_dir()


def try_writing(home: Path) -> None:
    """Raises OSError unless a file with content can be made in HOME."""
    home.mkdir(parents=True, exist_ok=True)
    probe = home / f".image-matrix-probe-{os.getpid()}"
    try:
        probe.write_bytes(b"probe\n")
    finally:
        if probe.parent.is_dir():
            probe.unlink(missing_ok=True)


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
        return CANNOT_CREATE, f"the home volume {home} is full: make it larger or delete files in it"
    if error.errno in {errno.EACCES, errno.EPERM}:
        hint = "give the volume to one of these groups (Kubernetes: fsGroup 100) or to this user"
        return NO_PERMISSION, f"the home {home} is not writable: {owner_text(home)}; {hint}"
    if error.errno == errno.EROFS:
        return NO_PERMISSION, f"the home {home} is mounted read-only: mount a writable volume there"
    return CANNOT_CREATE, f"the home {home} can't be prepared: {error}"


def main(template: Path, home: Path) -> int:
    """Runs it; the exit code. A home that an earlier start prepared may be full: its user must get in to clean up."""
    os.umask(0o002)
    try:
        try_writing(home)
        count = synchronise(template, home)
    except OSError as error:
        code, message = explain(error, home)
        if error.errno in FULL and load_record(home) is not None:
            print(f"image-matrix: warning: {message}; changes of the image's template wait", file=sys.stderr)
            return 0
        print(f"image-matrix: {message}", file=sys.stderr)
        return code
    if count:
        print(f"image-matrix: {count} paths of the template written to {home}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
