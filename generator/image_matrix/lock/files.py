"""Computes the checksums of the files at the addresses of downloads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.checksums import TITLES, algorithm
from image_matrix.config.mirrors import mirrored
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.logins import remedy
from image_matrix.lock.read import required_files
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.registry.patience import Patience, retry_of_transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.network import Mirrors
    from image_matrix.diagnostics import Finding
    from image_matrix.lock.read import RequiredFile

AT_ONCE = 4
ELF_HEAD = 20
"""Bytes of a program that say which machine it is for."""
MACHINES = {
    0x03: "386",
    0x15: "ppc64le",
    0x16: "s390x",
    0x28: "arm",
    0x3E: "amd64",
    0xB7: "arm64",
    0xF3: "riscv64",
}
RUNS = {"amd64": ("amd64", "386"), "arm64": ("arm64",)}
"""Programs that run on an architecture: Linux on amd64 runs those for 386, too."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the lock reads of a file."""

    checksum: str
    machine: str | None = None
    """The architecture of a program; ``None`` for what is none, such as an archive."""


@dataclass(frozen=True, slots=True)
class FileChecksums:
    """The known checksums, and the reasons for the others."""

    locked: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Address to the reason."""
    remedies: list[str] = field(default_factory=list)
    """The remedies for failures, if known."""
    findings: list[Finding] = field(default_factory=list)


def lock_files(
    loaded: Loaded,
    old: Mapping[str, str],
    should_upgrade: Callable[[RequiredFile], bool],
    stream: Callable[[str], Iterator[bytes]],
    sleep: Callable[[float], None],
    say: Callable[[str], None],
) -> FileChecksums:
    """Read every file that is not locked or is to be upgraded, and verify the checksums of the matrix."""
    from concurrent.futures import ThreadPoolExecutor

    checksums = FileChecksums()
    required = required_files(loaded)
    unknown = [
        item for item in required if item.address not in old or should_upgrade(item) or _differs(item, old)
    ]
    patience = Patience(sleep, say)

    def look(item: RequiredFile) -> Fetched | ConnectionFailed:
        answer = _look(item, mirror_of(item.address, loaded.matrix.network.mirrors), stream, patience)
        say(f"{item.what}: {answer.checksum if isinstance(answer, Fetched) else answer.reason}")
        return answer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip([item.address for item in unknown], pool.map(look, unknown), strict=True))
    for item in required:
        answer = answers.get(item.address)
        _take(checksums, item, answer, old.get(item.address))
        if isinstance(answer, ConnectionFailed) and answer.login:
            checksums.remedies.append(
                remedy(mirror_of(item.address, loaded.matrix.network.mirrors), loaded.matrix.network.netrc)
            )
    return checksums


def mirror_of(address: str, mirrors: Mirrors) -> str:
    """Return the address that a file is fetched from, which may be a mirror's."""
    return mirrored(address, mirrors.downloads)


def _differs(item: RequiredFile, old: Mapping[str, str]) -> bool:
    return item.checksum is not None and item.checksum != old.get(item.address)


def _look(
    item: RequiredFile, address: str, stream: Callable[[str], Iterator[bytes]], patience: Patience
) -> Fetched | ConnectionFailed:
    """Read a file, and compute the checksum that is asked for, or return why that failed after every try."""

    def read() -> Fetched:
        digest, head = hashlib.new(algorithm(item.checksum)), b""
        for chunk in stream(address):
            digest.update(chunk)
            head = head if len(head) >= ELF_HEAD else head + chunk[:ELF_HEAD]
        return Fetched(digest.hexdigest(), machine_of(head))

    try:
        return patience.ask(address, read, retry_of_transfer)
    except ConnectionFailed as error:
        return error


def machine_of(head: bytes) -> str | None:
    """Return the architecture that a program is for, by the first bytes of its file; ``None`` for anything else.

    Source: the System V ABI's ELF header: magic, class, byte order (1 is little), and e_machine at byte 18.
    """
    if len(head) < ELF_HEAD or not head.startswith(b"\x7fELF"):
        return None
    number = int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
    return MACHINES.get(number, f"machine {number}")


def _take(
    checksums: FileChecksums, item: RequiredFile, answer: Fetched | ConnectionFailed | None, old: str | None
) -> None:
    if isinstance(answer, ConnectionFailed):
        checksums.failures[item.address] = f"{item.what}: {answer.reason}"
    known = answer.checksum if isinstance(answer, Fetched) else old
    if known is None:
        return
    problem = _problem(item, answer) if isinstance(answer, Fetched) else None
    if problem:
        checksums.findings.append(problem)
    elif item.checksum in (None, known):
        checksums.locked[item.address] = known


def _problem(item: RequiredFile, file: Fetched) -> Finding | None:
    """Return what is wrong with a file that was fetched."""
    others = [arch for arch in item.archs if file.machine and file.machine not in RUNS.get(arch, (arch,))]
    if others:
        fields = {"what": f"download {item.name}", "machine": file.machine, "archs": " and ".join(others)}
        return rules.OTHER_MACHINE.at((*item.path, "url"), **fields)
    if item.checksum and file.checksum != item.checksum:
        name = algorithm(item.checksum)
        fields = {"what": item.what, "actual": f"{TITLES[name]} {file.checksum}", "expected": item.checksum}
        return rules.CHECKSUM_MISMATCH.at((*item.path, name), **fields)
    return None
