"""Tells where Open VSX has the files of code-server's extensions, and which Visual Studio Code they need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

OPEN_VSX = "https://open-vsx.org"
CODE_SERVER = "code-server"
"""The download that installs it."""
UNIVERSAL = "universal"
TARGETS = {"amd64": "linux-x64", "arm64": "linux-arm64", "arm": "linux-armhf"}
"""Architecture to the target platform that extensions are published for (code.visualstudio.com, "Publishing")."""
EVERYWHERE = "all"
"""In place of an architecture: the file is for every one."""
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*\.[A-Za-z0-9][A-Za-z0-9._-]*")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")
ENGINE = re.compile(r"[A-Za-z0-9.^<>=*~|+ -]+")
"""What stands for versions in ``engines.vscode``."""
Code = tuple[int, int, int]
"""A version of Visual Studio Code."""
_RANGE = re.compile(r"(\^|>=)?(\d+|x)\.(\d+|x)\.(\d+|x)(?:-.*)?")
_CODE_SERVER = re.compile(r"v?4\.(\d+)\.(\d+)")
SAME_MINOR = 89
"""The first minor version of code-server that is the one of Visual Studio Code (code-server's CHANGELOG, 4.89.0)."""


def api_address(item: str, target: str | None = None) -> str:
    """Return the address of what Open VSX knows about ``publisher.name@version``; ``latest`` is a version, too."""
    identifier, _, version = item.partition("@")
    publisher, _, name = identifier.partition(".")
    return "/".join([OPEN_VSX, "api", publisher, name, *([target] if target else []), version])


def extension_address(item: str, target: str = UNIVERSAL) -> str:
    """Return the address of an extension's file for a target platform on Open VSX.

    Its API: ``/api/{namespace}/{name}/{version}/file/{file}``, with the target before the version if it has one.
    """
    identifier, _, version = item.partition("@")
    if target == UNIVERSAL:
        return f"{api_address(item)}/file/{identifier}-{version}.vsix"
    return f"{api_address(item, target)}/file/{identifier}-{version}@{target}.vsix"


def identifier_of(item: str) -> str:
    """Return the name by which two entries are the same extension."""
    return item.partition("@")[0].lower()


def files_for(item: str, targets: Collection[str], archs: Collection[str]) -> dict[str, str]:
    """Return the addresses by architecture, or the one of a file for every architecture; none where it has no file.

    As editors do, it prefers the file of the target platform to the universal one.
    """
    has = {arch: TARGETS[arch] for arch in archs if TARGETS.get(arch) in targets}
    if UNIVERSAL in targets and not has:
        return {EVERYWHERE: extension_address(item)}
    universal = dict.fromkeys(archs, UNIVERSAL) if UNIVERSAL in targets else {}
    return {arch: extension_address(item, target) for arch, target in {**universal, **has}.items()}


def code_version(code_server: str) -> Code | None:
    """Return the version of Visual Studio Code in code-server; ``None`` if its number does not say it."""
    match = _CODE_SERVER.fullmatch(code_server)
    if not match or int(match[1]) < SAME_MINOR:
        return None
    return 1, int(match[1]), int(match[2])


def runs_on(engine: str, code: Code) -> bool:
    """Say whether an extension with such an ``engines.vscode`` can be installed; a text of another form always can.

    Source: microsoft/vscode, src/vs/platform/extensions/common/extensionValidator.ts. A caret keeps the first number
    that is not 0, and what is for versions before 1.0 runs on 1.x.
    """
    match = _RANGE.fullmatch(engine.strip())
    if not match:
        return True
    parts = match.group(2, 3, 4)
    needed = tuple(0 if part == "x" else int(part) for part in parts)
    if match[1] == ">=":
        return code >= needed
    if needed[0] == 0 and (match[1] or "x" in parts):
        return True
    exact = (True, False, False) if match[1] else tuple(part != "x" for part in parts)
    for has, needs, same in zip(code, needed, exact, strict=True):
        if has != needs:
            return has > needs and not same
    return True
