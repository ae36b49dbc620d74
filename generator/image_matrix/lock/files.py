"""Downloads and extensions to the SHA-256 of what stands at their addresses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.mirrors import mirrored
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.logins import remedy
from image_matrix.lock.read import wanted_files
from image_matrix.registry.http import ConnectionFailed, Patience, worth_of_transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.network import Mirrors
    from image_matrix.diagnostics import Finding
    from image_matrix.lock.read import WantedFile

AT_ONCE = 4
OPEN_VSX = "https://open-vsx.org"


@dataclass(frozen=True, slots=True)
class Files:
    """The checksums that are known, and why others are not."""

    locked: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Address to the reason."""
    remedies: list[str] = field(default_factory=list)
    """What helps against failures, where that is known."""
    findings: list[Finding] = field(default_factory=list)


def lock_files(
    loaded: Loaded,
    old: Mapping[str, str],
    moves: Callable[[WantedFile], bool],
    stream: Callable[[str], Iterator[bytes]],
    sleep: Callable[[float], None],
    say: Callable[[str], None],
) -> Files:
    """Stream every file that is not locked, or is to be looked at again, and verify what the matrix says."""
    from concurrent.futures import ThreadPoolExecutor

    found = Files()
    wanted = wanted_files(loaded)
    unknown = [item for item in wanted if item.address not in old or moves(item) or _differs(item, old)]
    patience = Patience(sleep, say)

    def look(item: WantedFile) -> str | ConnectionFailed:
        answer = _checksum(here(item.address, loaded.matrix.network.mirrors), stream, patience)
        say(f"{item.what}: {answer if isinstance(answer, str) else answer.reason}")
        return answer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip([item.address for item in unknown], pool.map(look, unknown), strict=True))
    for item in wanted:
        answer = answers.get(item.address)
        _take(found, item, answer, old.get(item.address))
        if isinstance(answer, ConnectionFailed) and answer.login:
            found.remedies.append(
                remedy(here(item.address, loaded.matrix.network.mirrors), loaded.matrix.network.netrc)
            )
    return found


def here(address: str, mirrors: Mirrors) -> str:
    """Return where a file is fetched at this place."""
    extensions = {OPEN_VSX: mirrors.extensions} if mirrors.extensions else {}
    return mirrored(address, {**mirrors.downloads, **extensions})


def _differs(item: WantedFile, old: Mapping[str, str]) -> bool:
    return item.sha256 is not None and item.sha256 != old.get(item.address)


def _checksum(
    address: str, stream: Callable[[str], Iterator[bytes]], patience: Patience
) -> str | ConnectionFailed:
    """Return a file's SHA-256, or why there is none after every try."""

    def read() -> str:
        digest = hashlib.sha256()
        for chunk in stream(address):
            digest.update(chunk)
        return digest.hexdigest()

    try:
        return patience.ask(address, read, worth_of_transfer)
    except ConnectionFailed as error:
        return error


def _take(found: Files, item: WantedFile, answer: str | ConnectionFailed | None, old: str | None) -> None:
    if isinstance(answer, ConnectionFailed):
        found.failures[item.address] = f"{item.what}: {answer.reason}"
    known = answer if isinstance(answer, str) else old
    if known is None:
        return
    if item.sha256 and known != item.sha256:
        if isinstance(answer, str):
            fields = {"what": item.what, "actual": answer, "expected": item.sha256}
            found.findings.append(rules.CHECKSUM_MISMATCH.at((*item.path, "sha256"), **fields))
        return
    found.locked[item.address] = known
