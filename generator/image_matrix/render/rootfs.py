"""Collects the files that images copy: one folder for each kind, and a named context for each folder.

A Dockerfile copies from ``rootfs.invalid/KIND``, which the bake file maps to ``images/rootfs/KIND``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from image_matrix.config.model import Variant
    from image_matrix.output_tree.files import File
    from image_matrix.render.templates import Templates

FOLDER = "images/rootfs"
HOST = "rootfs.invalid"
"""A host that never resolves (RFC 2606): without the named context, a build fails."""
PROJECT = "files.invalid/project"
"""The named context with the files of the project that images copy or run."""
ROOT_KIND = "base"
"""The kind whose files (user, home, ``/init``) are copied into images on a source, if a kind makes these."""


def copied_kinds(variant: Variant, kinds: Collection[str]) -> list[str]:
    """Return the kinds among ``kinds``, which have files, that a variant copies; a later one wins."""
    if variant.build:
        return []
    copied = [*([ROOT_KIND] if variant.parent is None and not variant.foreign else []), variant.kind]
    return [kind for kind in dict.fromkeys(copied) if kind in kinds]


def kinds_with_files(templates: Templates) -> frozenset[str]:
    """Return the kinds that have files to copy."""
    return frozenset(kind for kind, files in templates.rootfs.items() if files)


def rootfs_files(templates: Templates, variants: Iterable[Variant]) -> dict[str, File]:
    """Return the files that at least one variant copies, by path in the repository."""
    with_files = kinds_with_files(templates)
    copied = {kind for item in variants for kind in copied_kinds(item, with_files)}
    return {
        f"{FOLDER}/{kind}/{path}": file
        for kind in sorted(copied)
        for path, file in templates.rootfs[kind].items()
    }


def by_kind(rendered: Mapping[str, File]) -> dict[str, dict[str, File]]:
    """Return the rendered files of each kind, by path below ``/``."""
    kinds: dict[str, dict[str, File]] = {}
    for path, file in rendered.items():
        if path.startswith(f"{FOLDER}/"):
            kind, _, below = path.removeprefix(f"{FOLDER}/").partition("/")
            kinds.setdefault(kind, {})[below] = file
    return kinds


def named_contexts(variant: Variant, kinds: Collection[str], project: str = ".") -> dict[str, str]:
    """Return the named contexts that a variant's Dockerfile copies from, each with its folder in the repository.

    ``project`` is the folder with the files of the project.
    """
    contexts = {context_name(kind): f"{FOLDER}/{kind}" for kind in copied_kinds(variant, kinds)}
    return {**contexts, PROJECT: project} if variant.uses_project else contexts


def context_name(kind: str) -> str:
    """Return the name of the context with the files of a kind: ``rootfs.invalid/base``."""
    return f"{HOST}/{kind}"
