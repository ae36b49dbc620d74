"""Returns the addresses of code-server's extensions."""

from __future__ import annotations

OPEN_VSX = "https://open-vsx.org"


def extension_address(item: str) -> str:
    """Return the address of an extension's file on Open VSX (its API: ``/api/{ns}/{name}/{v}/file``)."""
    identifier, _, version = item.partition("@")
    publisher, _, name = identifier.partition(".")
    return f"{OPEN_VSX}/api/{publisher}/{name}/{version}/file/{publisher}.{name}-{version}.vsix"
