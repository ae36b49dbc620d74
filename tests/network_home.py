"""A file system for homes as file servers have them: slow, with owners and refusals of its own, and counted.

Run as a program, it serves a folder at a mount point through /dev/fuse, and prints how often each operation was asked
for when it is unmounted. It speaks the kernel's protocol itself (include/uapi/linux/fuse.h), so it needs no library.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import json
import os
import stat
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OPERATIONS = {
    1: "lookup", 2: "forget", 3: "getattr", 4: "setattr", 5: "readlink", 6: "symlink", 8: "mknod", 9: "mkdir",
    10: "unlink", 11: "rmdir", 12: "rename", 13: "link", 14: "open", 15: "read", 16: "write", 17: "statfs",
    18: "release", 20: "fsync", 21: "setxattr", 22: "getxattr", 23: "listxattr", 24: "removexattr", 25: "flush",
    26: "init", 27: "opendir", 28: "readdir", 29: "releasedir", 30: "fsyncdir", 34: "access", 35: "create",
    36: "interrupt", 38: "destroy", 42: "batch_forget", 45: "rename2",
}  # fmt: skip
SILENT = {"forget", "batch_forget", "interrupt"}
WRITES = {"setattr", "symlink", "mkdir", "unlink", "rmdir", "rename", "rename2", "create", "write", "link"}
MODE, UID, GID, SIZE, TIMES = 1, 2, 4, 8, 0x10 | 0x20 | 0x80 | 0x100
BIG_WRITES, PARALLEL_DIROPS = 1 << 5, 1 << 18
LARGEST = 128 * 1024


@dataclass
class Files:
    """The served folder: nodes by number, and what is refused."""

    root: str
    latency: float
    owner: tuple[int, int] | None
    refused: frozenset[str]
    squash_root: bool
    hold: int = 0
    held: int = 0
    paths: dict[int, str] = field(default_factory=lambda: {1: ""})
    handles: dict[int, Any] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def real(self, node: int, name: bytes = b"") -> str:
        return os.path.join(self.root, self.paths[node], os.fsdecode(name)).rstrip("/")  # noqa: PTH118

    def node(self, parent: int, name: bytes) -> int:
        path = f"{self.paths[parent]}/{os.fsdecode(name)}".lstrip("/")
        with self.lock:
            found = next((number for number, known in self.paths.items() if known == path), None)
            number = found or max(self.paths) + 1
            self.paths[number] = path
            return number

    def keep(self, thing: Any) -> int:
        with self.lock:
            number = max(self.handles, default=0) + 1
            self.handles[number] = thing
            return number

    def attributes(self, info: os.stat_result, node: int) -> bytes:
        uid, gid = self.owner or (info.st_uid, info.st_gid)
        seconds = [int(moment) for moment in (info.st_atime, info.st_mtime, info.st_ctime)]
        return struct.pack(
            "<6Q10I", node, info.st_size, info.st_blocks, *seconds, 0, info.st_mtime_ns % 10**9, 0,
            info.st_mode, info.st_nlink, uid, gid, 0, 4096, 0,
        )  # fmt: skip

    def entry(self, parent: int, name: bytes) -> bytes:
        info = os.lstat(self.real(parent, name))
        number = self.node(parent, name)
        return struct.pack("<4Q2I", number, 0, 1, 1, 0, 0) + self.attributes(info, number)

    def answer(self, name: str, node: int, body: bytes, caller: tuple[int, int]) -> bytes:
        if name in self.refused:
            raise OSError(errno.EPERM, "refused")
        if self.squash_root and name in WRITES and caller[0] == 0:
            raise OSError(errno.EACCES, "root is nobody here")
        handler: Callable[..., bytes] | None = getattr(self, f"do_{name}", None)
        if handler is None:
            raise OSError(errno.ENOSYS, name)
        return handler(node, body, caller)

    def do_init(self, _: int, body: bytes, __: tuple[int, int]) -> bytes:
        (readahead,) = struct.unpack_from("<I", body, 8)
        flags = BIG_WRITES | PARALLEL_DIROPS
        return struct.pack("<4I2H2I2H8I", 7, 31, readahead, flags, 64, 48, LARGEST, 1, 32, 0, *[0] * 8)

    def do_lookup(self, node: int, body: bytes, _: tuple[int, int]) -> bytes:
        return self.entry(node, body[:-1])

    def do_getattr(self, node: int, body: bytes, _: tuple[int, int]) -> bytes:
        flags, handle = struct.unpack_from("<I4xQ", body)
        info = os.fstat(self.handles[handle]) if flags & 1 else os.lstat(self.real(node))
        return struct.pack("<Q2I", 1, 0, 0) + self.attributes(info, node)

    def do_setattr(self, node: int, body: bytes, _: tuple[int, int]) -> bytes:
        valid, size, mode = *struct.unpack_from("<I12xQ", body), struct.unpack_from("<I", body, 68)[0]
        path = self.real(node)
        if (valid & MODE and "chmod" in self.refused) or (valid & (UID | GID) and "chown" in self.refused):
            raise OSError(errno.EPERM, "refused")
        if valid & SIZE:
            os.truncate(path, size)
        if valid & MODE:
            os.chmod(path, stat.S_IMODE(mode))  # noqa: PTH101
        if valid & TIMES:
            os.utime(path)
        return self.do_getattr(node, b"\0" * 16, (0, 0))

    def do_readlink(self, node: int, _: bytes, __: tuple[int, int]) -> bytes:
        return os.fsencode(os.readlink(self.real(node)))  # noqa: PTH115

    def owned(self, path: str, caller: tuple[int, int]) -> None:
        if not self.owner:
            os.lchown(path, *caller)

    def do_symlink(self, node: int, body: bytes, caller: tuple[int, int]) -> bytes:
        name, target, _ = body.split(b"\0")
        os.symlink(target, self.real(node, name))  # noqa: PTH211
        self.owned(self.real(node, name), caller)
        return self.entry(node, name)

    def do_mkdir(self, node: int, body: bytes, caller: tuple[int, int]) -> bytes:
        mode, umask = struct.unpack_from("<2I", body)
        os.mkdir(self.real(node, body[8:-1]), mode & ~umask)  # noqa: PTH102
        self.owned(self.real(node, body[8:-1]), caller)
        return self.entry(node, body[8:-1])

    def do_unlink(self, node: int, body: bytes, _: tuple[int, int]) -> bytes:
        os.unlink(self.real(node, body[:-1]))  # noqa: PTH108
        return b""

    def do_rmdir(self, node: int, body: bytes, _: tuple[int, int]) -> bytes:
        os.rmdir(self.real(node, body[:-1]))  # noqa: PTH106
        return b""

    def renamed(self, node: int, folder: int, names: bytes) -> bytes:
        old, new, _ = names.split(b"\0")
        os.replace(self.real(node, old), self.real(folder, new))  # noqa: PTH105
        with self.lock:
            source = self.node(node, old)
            self.paths[source] = f"{self.paths[folder]}/{os.fsdecode(new)}".lstrip("/")
        return b""

    def do_rename(self, node: int, body: bytes, _: tuple[int, int]) -> bytes:
        return self.renamed(node, struct.unpack_from("<Q", body)[0], body[8:])

    def do_rename2(self, node: int, body: bytes, _: tuple[int, int]) -> bytes:
        return self.renamed(node, struct.unpack_from("<Q", body)[0], body[16:])

    def opened(self, node: int, flags: int) -> bytes:
        descriptor = os.open(self.real(node), flags & ~os.O_NOFOLLOW)
        return struct.pack("<Q2I", self.keep(descriptor), 0, 0)

    def do_open(self, node: int, body: bytes, _: tuple[int, int]) -> bytes:
        return self.opened(node, struct.unpack_from("<I", body)[0])

    def do_create(self, node: int, body: bytes, caller: tuple[int, int]) -> bytes:
        flags, mode, umask = struct.unpack_from("<3I", body)
        descriptor = os.open(self.real(node, body[16:-1]), flags, mode & ~umask)
        self.owned(self.real(node, body[16:-1]), caller)
        return self.entry(node, body[16:-1]) + struct.pack("<Q2I", self.keep(descriptor), 0, 0)

    def do_read(self, _: int, body: bytes, __: tuple[int, int]) -> bytes:
        handle, offset, size = struct.unpack_from("<2QI", body)
        return os.pread(self.handles[handle], size, offset)

    def do_write(self, _: int, body: bytes, __: tuple[int, int]) -> bytes:
        handle, offset, size = struct.unpack_from("<2QI", body)
        return struct.pack("<2I", os.pwrite(self.handles[handle], body[40 : 40 + size], offset), 0)

    def do_flush(self, *_: Any) -> bytes:
        return b""

    def do_fsync(self, _: int, body: bytes, __: tuple[int, int]) -> bytes:
        os.fsync(self.handles[struct.unpack_from("<Q", body)[0]])
        return b""

    do_fsyncdir = do_flush

    def do_release(self, _: int, body: bytes, __: tuple[int, int]) -> bytes:
        os.close(self.handles.pop(struct.unpack_from("<Q", body)[0]))
        return b""

    def do_opendir(self, node: int, _: bytes, __: tuple[int, int]) -> bytes:
        return struct.pack("<Q2I", self.keep(sorted(os.scandir(self.real(node)), key=lambda e: e.name)), 0, 0)

    def do_readdir(self, _: int, body: bytes, __: tuple[int, int]) -> bytes:
        handle, offset, size = struct.unpack_from("<2QI", body)
        found = b""
        for at, item in enumerate(self.handles[handle][offset:], offset + 1):
            name = os.fsencode(item.name)
            line = struct.pack("<2Q2I", item.inode(), at, len(name), 0) + name
            line += b"\0" * (-len(line) % 8)
            if len(found) + len(line) > size:
                break
            found += line
        return found

    def do_releasedir(self, _: int, body: bytes, __: tuple[int, int]) -> bytes:
        self.handles.pop(struct.unpack_from("<Q", body)[0])
        return b""

    def do_statfs(self, *_: Any) -> bytes:
        state = os.statvfs(self.root)
        numbers = (state.f_blocks, state.f_bfree, state.f_bavail, state.f_files, state.f_ffree)
        return struct.pack("<5Q10I", *numbers, state.f_bsize, 255, state.f_frsize, *[0] * 7)


def serve(files: Files, device: int) -> None:
    """Answer the kernel until the file system is unmounted."""

    def work(request: bytes) -> None:
        _, code, unique, node, uid, gid = struct.unpack_from("<2I2Q2I", request)
        name = OPERATIONS.get(code, str(code))
        with files.lock:
            files.counts[name] += 1
            held = name in WRITES and sum(files.counts[one] for one in WRITES) == files.hold
        if name == "interrupt" and struct.unpack_from("<Q", request, 40)[0] == files.held:
            os.write(device, struct.pack("<IiQ", 16, -errno.EINTR, files.held))
        if name in SILENT:
            return
        if held:
            files.held = unique
            print("held", flush=True)
            return
        if name != "init":
            time.sleep(files.latency)
        try:
            number, body = 0, files.answer(name, node, request[40:], (uid, gid))
        except OSError as error:
            number, body = -(error.errno or errno.EIO), b""
        except KeyError:
            number, body = -errno.ESTALE, b""
        with suppress(OSError):
            os.write(device, struct.pack("<IiQ", 16 + len(body), number, unique) + body)

    with ThreadPoolExecutor(64) as pool:
        while True:
            try:
                request = os.read(device, LARGEST + 8192)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT):
                    continue
                return
            pool.submit(work, request)


def main() -> None:
    """Mount and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("point")
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds of each operation")
    parser.add_argument("--owner", help="UID:GID that everything seems to belong to")
    parser.add_argument("--refuse", default="", help="operations that are refused: chmod, chown, symlink, …")
    parser.add_argument("--squash-root", action="store_true")
    parser.add_argument("--hold", type=int, default=0, help="the number of the change that is never answered")
    options = parser.parse_args()
    os.umask(0)
    uid, _, gid = (options.owner or "").partition(":")
    owner = (int(uid), int(gid)) if uid else None
    refused = frozenset(filter(None, options.refuse.split(",")))
    files = Files(options.folder, options.latency / 1000, owner, refused, options.squash_root, options.hold)
    device = os.open("/dev/fuse", os.O_RDWR)
    settings = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"home", os.fsencode(options.point), b"fuse", 6, settings.encode()):
        sys.exit(os.strerror(ctypes.get_errno()))
    print("mounted", flush=True)
    serve(files, device)
    print(json.dumps(files.counts), flush=True)


@dataclass(frozen=True, slots=True)
class Mounted:
    """A mounted home, and the operations that it was asked for, once it is unmounted."""

    path: Path
    server: subprocess.Popen[str]
    counts: dict[str, int] = field(default_factory=dict)

    def held(self) -> None:
        """Wait until an operation is held back."""
        assert self.server.stdout
        assert self.server.stdout.readline() == "held\n"


@contextmanager
def network_home(folder: Path, *options: str) -> Iterator[Mounted]:
    """Serve FOLDER/served at FOLDER/mounted; skip the test where that is not allowed."""
    if os.geteuid() != 0 or not Path("/dev/fuse").exists():
        pytest.skip("only root with /dev/fuse mounts a file system of its own")
    served, point = folder / "served", folder / "mounted"
    for place in (served, point):
        place.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.network_home", str(served), str(point), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent
    ) as server:
        assert server.stdout
        assert server.stderr
        if server.stdout.readline() != "mounted\n":
            pytest.skip(f"no file system can be mounted: {server.stderr.read().strip()}")
        home = Mounted(point, server)
        try:
            yield home
        finally:
            subprocess.run(["umount", "--lazy", str(point)], check=True)
            home.counts.update(json.loads(server.stdout.read().splitlines()[-1]))


if __name__ == "__main__":
    main()
