"""Says which placeholder of a tag has the meaning of another program's word, or the version of a package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.package_names import package_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.model import Manager, Variant

LOCKED: tuple[Manager, ...] = ("pip", "conda")
"""The managers whose packages have their versions in the lock."""
_MEANINGS = {
    "commit": ("sha", "short_sha", "git_sha", "commit_sha", "revision", "hash"),
    "date": ("day", "today", "time", "timestamp", "build_date", "commit_date", "created"),
    "release": ("number", "build", "build_number", "run_number", "run_id"),
    "variant": ("label", "flavor", "suffix"),
    "image": ("name", "repository", "image_name"),
    "from": ("parent", "base"),
}
"""Placeholder to words with its meaning, of CI and of docker/metadata-action (its README, "Global expressions")."""
_PLACEHOLDERS = {word: name for name, words in _MEANINGS.items() for word in words}
_OTHERS = {
    **dict.fromkeys(
        ("version", "semver", "raw", "major", "minor", "patch"),
        "write `{package.NAME}` for the version of a package, `{release}` for the number of the release",
    ),
    **dict.fromkeys(
        ("branch", "ref", "ref_name", "base_ref", "tag"),
        "remove it: a release moves the tags, and all releases are of one branch",
    ),
}
_PARTS = re.compile(r"(?:\.(?:major|minor|patch))?$")


def meant(word: str) -> str | None:
    """Return the placeholder, without braces, that has the meaning of another program's word; ``None`` if none has."""
    return _PLACEHOLDERS.get(word.lower())


def instead(word: str, packages: Collection[str]) -> str | None:
    """Say what to write in place of an unknown placeholder; ``None`` if it is neither a package nor such a word.

    ``packages`` are the names that the image or what it is built on lists.
    """
    if _PARTS.sub("", word).lower().replace("_", "-") in packages:
        return f"write `{{package.{word.lower().replace('_', '-')}}}` for the version of the package"
    if name := meant(word):
        return f"write `{{{name}}}` in its place"
    return _OTHERS.get(word.lower())


def listed_packages(variants: Mapping[str, Variant], image: str | None) -> set[str]:
    """Return the names of Python and conda packages that an image or what it is built on lists; ``None``: any image."""
    every = [item for item in variants.values() if image in (None, item.image)]
    chains = [one for item in every for one in lineage(variants, item)]
    return {
        package_name(manager, entry)
        for one in chains
        for manager in LOCKED
        for entry in one.packages.get(manager, ())
    }
