"""Says in which packages an image of the catalog differs from the one that it is built on.

What hundreds of images share is in the page once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.inventory.rows import versions_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.inventory.model import Content, Contents, PackageName
    from image_matrix.json_data import Json


def differences(
    contents: Contents, archs: tuple[str, ...], base: Contents, base_archs: tuple[str, ...]
) -> dict[str, Json]:
    """Return ``packages`` with versions, those that are ``gone``, and those that lists ``name``, each by installer.

    ``base`` is what the image below has. A package that is gone may come again, with what is then said of it.
    """
    below = {name: one for name, one in base.items() if _may_be_shared(one, contents.get(name))}
    named = {name for name, one in below.items() if one.listed}
    versions = {name: versions_text(one, archs) for name, one in contents.items()}
    inherited = {name: versions_text(one, base_archs) for name, one in below.items()}
    return {
        "packages": _by_installer(
            {name: text for name, text in versions.items() if inherited.get(name) != text}
        ),
        "gone": _names(name for name in base if name not in below),
        "named": _names(name for name, one in contents.items() if one.listed and name not in named),
    }


def _may_be_shared(below: Content, content: Content | None) -> bool:
    """Say whether an image has a package of the image below, and names it in a list if that one does."""
    return content is not None and (content.listed or not below.listed)


def _by_installer(versions: dict[PackageName, str]) -> dict[str, Json]:
    by_manager: dict[str, dict[str, Json]] = {}
    for package in sorted(versions, key=lambda one: (one.manager, one.name)):
        by_manager.setdefault(package.manager, {})[package.name] = versions[package]
    return {**by_manager}


def _names(packages: Iterable[PackageName]) -> dict[str, Json]:
    by_manager: dict[str, list[str]] = {}
    for one in packages:
        by_manager.setdefault(one.manager, []).append(one.name)
    return {manager: [*sorted(names)] for manager, names in sorted(by_manager.items())}
