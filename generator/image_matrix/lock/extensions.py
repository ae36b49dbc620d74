"""Locks code-server's extensions: the file of each platform, and the members of packs beside the packs."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from image_matrix.config.extensions import (
    EVERYWHERE,
    OPEN_VSX,
    UNIVERSAL,
    code_version,
    files_for,
    identifier_of,
    runs_on,
)
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.extension_checks import LISTED, not_for, version_of_code_server
from image_matrix.lock.extension_pins import listed_extensions
from image_matrix.lock.gallery import BadExtensionError
from image_matrix.lock.lines import requirement_lines
from image_matrix.lock.logins import remedy
from image_matrix.lock.model import LockedExtension
from image_matrix.lock.resolver_api import ALL
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from image_matrix.config.extensions import Code
    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.lock.gallery import Gallery
    from image_matrix.lock.model import Lock

MOST_TARGETS = 6


@dataclass(frozen=True, slots=True)
class Extensions:
    """The known extensions with the checksums of their files, and the reasons for the others."""

    locked: dict[str, LockedExtension] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    """Address to the SHA-256 of the file."""
    failures: dict[str, str] = field(default_factory=dict)
    """Extension to the reason."""
    remedies: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Request:
    """An extension that is installed on some architectures."""

    entry: str
    archs: frozenset[str]
    path: Path
    """The line that lists it, or the pack that it belongs to."""


@dataclass(frozen=True, slots=True)
class _Context:
    """What all requests share."""

    old: Lock
    upgraded: Collection[str]
    gallery: Gallery
    code: Code | None
    code_server: str
    say: Callable[[str], None]
    versions: dict[str, str | None]
    """Identifier to the extension that is installed; ``None`` for one that the gallery does not have."""

    def is_named(self, name: str) -> bool:
        """Say whether ``--upgrade`` names an extension."""
        return name in self.upgraded or identifier_of(name) in {item.lower() for item in self.upgraded}


class _NoneSuitsError(Exception):
    """No version of a member can be installed."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__()


def lock_extensions(
    loaded: Loaded, old: Lock, upgraded: tuple[str, ...], gallery: Gallery, say: Callable[[str], None]
) -> Extensions:
    """Lock what images list and what that needs; what is locked stays, unless ``upgraded`` names it (or is ``ALL``)."""
    version = version_of_code_server(loaded)
    versions: dict[str, str | None] = {**listed_extensions(loaded)}
    context = _Context(old, upgraded, gallery, code_version(version), version, say, versions)
    result = Extensions()
    queue = deque(_requests(loaded))
    looked_at: dict[str, frozenset[str]] = {}
    while queue:
        request = queue.popleft()
        before = looked_at.get(request.entry, frozenset())
        if not request.archs <= before:
            request = replace(request, archs=request.archs | before)
            looked_at[request.entry] = request.archs
            queue.extend(_lock(context, result, request, loaded.matrix.network.netrc))
    return result


def _requests(loaded: Loaded) -> list[_Request]:
    """Return what images list, each version once, with all architectures that have it."""
    requests: dict[str, _Request] = {}
    for variant in loaded.variants.values():
        for entry, path in requirement_lines(loaded, variant, "extensions"):
            one = requests.setdefault(entry, _Request(entry, frozenset(), path))
            requests[entry] = replace(one, archs=one.archs | set(variant.archs))
    return list(requests.values())


def _lock(context: _Context, result: Extensions, request: _Request, logins: str | None) -> list[_Request]:
    """Lock one extension; return the requests for what it needs."""
    try:
        fact = _kept(context, result, request) or _read(context, result, request)
        if fact is None or not _runs(context, result, request, fact):
            return []
        members = {name: _member(context, name, request) for name in fact.needs}
    except _NoneSuitsError as error:
        result.findings.append(error.finding)
        return []
    except (ConnectionFailed, BadExtensionError) as error:
        result.failures[request.entry] = f"extension {request.entry}: {error}"
        if isinstance(error, ConnectionFailed) and error.login:
            result.remedies.append(remedy(context.gallery.address(OPEN_VSX), logins))
        return _as_before(context, result, request)
    available = tuple(name for name, entry in members.items() if entry)
    result.locked[request.entry] = replace(fact, needs=available)
    return [replace(request, entry=entry) for entry in members.values() if entry]


def _kept(context: _Context, result: Extensions, request: _Request) -> LockedExtension | None:
    """Return what the lock has, if it is enough, and nobody asks to read the file again."""
    fact = context.old.extensions.get(request.entry)
    if fact is None or context.is_named(request.entry):
        return None
    addresses = {fact.address(arch) or "" for arch in request.archs}
    if not addresses <= context.old.downloads.keys():
        return None
    result.checksums.update({address: context.old.downloads[address] for address in addresses})
    return fact


def _as_before(context: _Context, result: Extensions, request: _Request) -> list[_Request]:
    """Keep what the lock has of an extension that could not be read; return the requests for what it needs."""
    fact = context.old.extensions.get(request.entry)
    if fact is None:
        return []
    addresses = [address for address in fact.files.values() if address in context.old.downloads]
    result.checksums.update({address: context.old.downloads[address] for address in addresses})
    result.locked[request.entry] = fact
    kept = [entry for entry in context.old.extensions if identifier_of(entry) in map(str.lower, fact.needs)]
    for entry in kept:
        context.versions.setdefault(identifier_of(entry), entry)
    return [replace(request, entry=entry) for entry in kept]


def _read(context: _Context, result: Extensions, request: _Request) -> LockedExtension | None:
    """Read the files of an extension; ``None`` where some architecture has none, which is reported."""
    targets = context.gallery.targets(request.entry)
    files = files_for(request.entry, targets or (UNIVERSAL,), request.archs)
    missing = sorted(request.archs - files.keys()) if EVERYWHERE not in files else []
    if missing:
        result.findings.append(_no_file(request, missing, targets or ()))
        return None
    packages = {address: context.gallery.package(address) for address in sorted(set(files.values()))}
    for address, package in packages.items():
        result.checksums[address] = context.old.downloads.get(address, package.checksum)
        _check_unchanged(context, request, address, package.checksum)
        result.checksums[address] = package.checksum
        context.say(f"extension {request.entry}: {package.checksum}")
    needs = dict.fromkeys(name for item in packages.values() for name in (*item.dependencies, *item.pack))
    needs.pop(request.entry.partition("@")[0], None)
    unlisted = [name for name in needs if name.lower() not in context.versions]
    if targets is None and unlisted:
        raise BadExtensionError(
            f"it needs {' and '.join(unlisted)}, and the mirror has files alone, without their versions: list each "
            f"of them in `extensions`, with its version"
        )
    engine = next(iter(packages.values())).engine
    return LockedExtension(files, engine, tuple(needs))


def _check_unchanged(context: _Context, request: _Request, address: str, checksum: str) -> None:
    """Refuse another file than the locked one, unless ``--upgrade`` names the extension."""
    before = context.old.downloads.get(address)
    if before not in (None, checksum) and not context.is_named(request.entry):
        raise BadExtensionError(
            f"its file has the SHA-256 {checksum}, and the lock has {before}; if the publisher replaced the file, "
            f"run `image-matrix lock --upgrade {request.entry.partition('@')[0]}`"
        )


def _no_file(request: _Request, missing: list[str], targets: Collection[str]) -> Finding:
    fields = {
        "what": request.entry,
        "missing": " and ".join(f"linux/{arch}" for arch in missing),
        "offers": listed(sorted(targets), MOST_TARGETS) or "none",
    }
    return rules.EXTENSION_PLATFORM.at(request.path, **fields)


def _runs(context: _Context, result: Extensions, request: _Request, fact: LockedExtension) -> bool:
    """Say whether code-server takes an extension, and report it if not."""
    refused = not_for(fact.engine, context.code_server)
    if refused:
        finding = rules.EXTENSION_ENGINE.at(request.path, what=request.entry, advice=LISTED, **refused)
        result.findings.append(finding)
    return refused is None


def _member(context: _Context, name: str, request: _Request) -> str | None:
    """Return the version of what an extension needs: the matrix' own, the locked one, or the newest that runs."""
    identifier = name.lower()
    if identifier in context.versions:
        return context.versions[identifier]
    kept = next((entry for entry in context.old.extensions if identifier_of(entry) == identifier), None)
    stays = kept and tuple(context.upgraded) != ALL and not context.is_named(name)
    if kept and stays and _suits(context, context.old.extensions[kept], request.archs):
        entry: str | None = kept
    else:
        entry = _newest(context, name, request) or kept
    context.versions[identifier] = entry
    return entry


def _suits(context: _Context, fact: LockedExtension, archs: Collection[str]) -> bool:
    runs = context.code is None or runs_on(fact.engine, context.code)
    return runs and all(fact.address(arch) for arch in archs)


def _newest(context: _Context, name: str, request: _Request) -> str | None:
    def suits(targets: Collection[str]) -> bool:
        files = files_for(f"{name}@0", targets, request.archs)
        return EVERYWHERE in files or request.archs <= files.keys()

    entry, exists = context.gallery.newest(name, suits, context.code)
    if not exists:
        context.say(f"extension {request.entry} names {name}, which the gallery does not have: left out")
    elif entry is None:
        fields = {"what": name, "pack": request.entry, "code_server": context.code_server}
        archs = " and ".join(f"linux/{arch}" for arch in sorted(request.archs))
        raise _NoneSuitsError(rules.EXTENSION_MEMBER.at(request.path, archs=archs, **fields))
    return entry
