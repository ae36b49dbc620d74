"""Asks Open VSX, or its mirror, for the versions and the files of extensions.

The form of its answers: eclipse/openvsx, server/src/main/java/org/eclipse/openvsx/json; of an extension's manifest:
code.visualstudio.com/api/references/extension-manifest.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from image_matrix.config.extensions import ENGINE, IDENTIFIER, VERSION, api_address, runs_on
from image_matrix.config.mirrors import mirrored
from image_matrix.json_data import read_json
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.registry.patience import Patience, retry_of_transfer
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from image_matrix.config.extensions import Code

NOT_FOUND = 404
PAGE = 100
"""Versions that are asked for at once."""
MANIFEST = "extension/package.json"
MOST_BYTES = 16 << 20
"""Limit of a manifest, which is unpacked in memory."""
_OF_CODE = ("ms-vscode.js-debug", "ms-vscode.js-debug-companion", "ms-vscode.vscode-js-profile-table")
"""Extensions that are a part of Visual Studio Code, beside those of the publisher ``vscode``."""


class BadExtensionError(Exception):
    """A file is not an extension, or not the one that was asked for."""


@dataclass(frozen=True, slots=True)
class ExtensionFile:
    """What the lock reads of an extension's file."""

    checksum: str
    engine: str
    pack: tuple[str, ...]
    """The members of the pack."""
    dependencies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Open VSX, or a mirror of it."""

    stream: Callable[[str], Iterator[bytes]]
    patience: Patience
    mirrors: Mapping[str, str] = field(default_factory=dict)
    """Prefix of addresses to what replaces it."""

    def address(self, address: str) -> str:
        """Return the address that is asked in place of one on Open VSX."""
        return mirrored(address, self.mirrors)

    def targets(self, entry: str) -> tuple[str, ...] | None:
        """Return the target platforms that have a file of an extension; ``None`` where there are files alone."""
        about = self._about(api_address(entry))
        return None if about is None else tuple(about.get("downloads") or ())

    def package(self, address: str) -> ExtensionFile:
        """Read a file; raises :class:`ConnectionFailed`, :class:`BadExtensionError`."""
        with temporary_folder() as folder:
            file = folder / "extension.vsix"
            checksum = self._ask(address, lambda: self._save(address, file))
            return _package(file, checksum)

    def newest(
        self, name: str, suits: Callable[[Collection[str]], bool], code: Code | None
    ) -> tuple[str | None, bool]:
        """Return the newest release that suits, as ``name@version``, and whether the gallery has the extension.

        ``suits`` judges the target platforms of a version. Raises :class:`ConnectionFailed`.
        """
        latest = self._about(api_address(f"{name}@latest"))
        if latest is None:
            return None, False
        for version in dict.fromkeys(self._versions(name, str(latest.get("version", "")), code)):
            if not VERSION.fullmatch(version):
                continue
            about = self._about(api_address(f"{name}@{version}")) or {"preRelease": True}
            is_release = not about.get("preRelease") and _runs(about, code)
            if is_release and suits(tuple(about.get("downloads") or ())):
                return f"{name}@{version}", True
        return None, True

    def _versions(self, name: str, latest: str, code: Code | None) -> Iterator[str]:
        """Yield versions that may run, the newest release first; the others with their alphas and betas behind it."""
        yield latest
        offset, total = 0, 1
        while offset < total:
            address = api_address(f"{name}@version-references")
            page = self._about(f"{address}?size={PAGE}&offset={offset}") or {}
            items = page.get("versions") or []
            for item in items:
                if _runs(item, code):
                    yield str(item.get("version", ""))
            total = int(page.get("totalSize") or 0) if items else 0
            offset += len(items)

    def _about(self, address: str) -> Mapping[str, Any] | None:
        """Return an answer of the gallery; ``None`` where it has nothing of the kind."""
        try:
            text = self._ask(address, lambda: b"".join(self.stream(self.address(address))))
            answer = read_json(text)
        except ConnectionFailed as error:
            if error.status == NOT_FOUND:
                return None
            raise
        except ValueError as error:
            raise ConnectionFailed("its answer is not JSON", retry=None) from error
        return answer if isinstance(answer, dict) and "error" not in answer else None

    def _ask(self, address: str, attempt: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the attempt returns
        return self.patience.ask(self.address(address), attempt, retry_of_transfer)

    def _save(self, address: str, file: Path) -> str:
        digest = hashlib.sha256()
        with file.open("wb") as stream:
            for chunk in self.stream(self.address(address)):
                digest.update(chunk)
                stream.write(chunk)
        return digest.hexdigest()


def _runs(about: Mapping[str, Any], code: Code | None) -> bool:
    return code is None or runs_on(str((about.get("engines") or {}).get("vscode", "*")), code)


def _package(file: Path, checksum: str) -> ExtensionFile:
    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(MANIFEST).file_size > MOST_BYTES:
                raise BadExtensionError(f"its {MANIFEST} is too big")
            manifest = read_json(archive.read(MANIFEST))
    except (zipfile.BadZipFile, KeyError, ValueError, NotImplementedError) as error:
        raise BadExtensionError(f"the file is not an extension: it has no readable {MANIFEST}") from error
    if not isinstance(manifest, dict):
        raise BadExtensionError(f"the file is not an extension: {MANIFEST} is not a mapping")
    engines = manifest.get("engines")
    engine = engines.get("vscode", "") if isinstance(engines, dict) else ""
    pack, dependencies = (_names(manifest.get(key)) for key in ("extensionPack", "extensionDependencies"))
    if not isinstance(engine, str) or not ENGINE.fullmatch(engine):
        engine = ""
    return ExtensionFile(
        checksum, engine, tuple(name for name in pack if name not in dependencies), dependencies
    )


def _names(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON
    """Return the identifiers of a list, without those that are a part of Visual Studio Code."""
    names = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return tuple(name for name in names if IDENTIFIER.fullmatch(name) and not _is_of_code(name.lower()))


def _is_of_code(name: str) -> bool:
    return name.startswith("vscode.") or name in _OF_CODE
