"""Reads entries of pylock.toml (PEP 751), which uv writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from image_matrix.lock.requirements import INDEX_MARK, is_direct, wheel_tag
from image_matrix.lock.resolver_api import DEFAULT_INDEX
from image_matrix.registry.host_log import origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.lock.package_network import PackageNetwork


def address_of(package: Mapping[str, Any]) -> str:
    """Return the address of a package that is not from an index, as it is written behind its version."""
    source = package.get("vcs") or package.get("archive")
    if source is None:
        return ""
    folder = f"subdirectory={source['subdirectory']}" if "subdirectory" in source else ""
    if "commit-id" in source:
        return f"{INDEX_MARK}git+{source['url']}@{source['commit-id']}{f'#{folder}' if folder else ''}"
    return f"{INDEX_MARK}{source['url']}#sha256={source['hashes']['sha256']}{f'&{folder}' if folder else ''}"


def hosts_of(
    entries: Mapping[str, Mapping[str, Any]], origins: Mapping[str, str], network: PackageNetwork
) -> dict[str, frozenset[str]]:
    """Return indexes, each with the hosts of the files of its packages; those in the place of others are left out."""
    hosts: dict[str, frozenset[str]] = {}
    for name, package in entries.items():
        index = origins.get(name, DEFAULT_INDEX)
        is_other = (
            network.mirror_of(index) != index if index else network.default_index or network.replaces_default
        )
        files = (*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else []))
        others = frozenset(origin(str(file["url"])) for file in files if "://" in str(file.get("url")))
        if not is_other and not is_direct(name):
            hosts[index] = hosts.get(index, frozenset()) | others
    return hosts


def files_of(package: Mapping[str, Any]) -> dict[str, str]:
    """Return the wheels that fit; where there is none, the source distribution."""
    files = package.get("wheels") or ([package["sdist"]] if "sdist" in package else [])
    hashes = {
        wheel_tag(item.get("name") or unquote(item["url"].rpartition("/")[2])): item["hashes"]["sha256"]
        for item in files
        if "sha256" in item.get("hashes", {})
    }
    return dict(sorted(hashes.items()))
