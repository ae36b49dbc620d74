"""Computes content keys: a hash over the inputs of an image, which is known before the image is built.

The key of a variant on a platform covers the files of its build context with the Dockerfile, the files of its kind that
it copies, its platform and its parent's key, and so all its ancestors (a Merkle tree). docs/keys.md specifies it byte
for byte. Commit, time, tags, mirrors and the position of an entry in matrix.yaml are not part of it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from image_matrix.config.image_files import NO_IMAGE_FILES
from image_matrix.config.platforms import architecture
from image_matrix.render.rootfs import by_kind, copied_kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.dockerfile_build import ContextFiles, DockerfileBuild
    from image_matrix.config.image_files import ImageFiles
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.platforms import Platform
    from image_matrix.lock.pins import Pins
    from image_matrix.output_tree.files import File

FORMAT = 1
"""Part of every key: after a change of the rules below, a new format changes all keys."""
TAG_DIGITS = 12
"""Hexadecimal digits of the key in a tag: 48 bits are enough for the thousands of keys of a project."""
_BY_ARCHITECTURE = ("requirements/", "conda/")
"""Folders of a context with one file for each architecture; a build reads only the file of its architecture."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one variant."""

    index: str
    """The key of the multi-platform index, over all platforms."""
    platforms: Mapping[Platform, str]
    label: str

    @property
    def tag(self) -> str:
        """The immutable tag of the index: ``python3.13-0123456789ab``."""
        return f"{self.label}-{self.index[:TAG_DIGITS]}"

    def platform_tag(self, platform: Platform) -> str:
        """Return the immutable tag for one platform: ``python3.13-0123456789ab-amd64``."""
        return f"{self.label}-{self.platforms[platform][:TAG_DIGITS]}-{architecture(platform)}"


@dataclass(frozen=True, slots=True)
class DockerfileInputs:
    """What goes into the key of an image that is built from its own Dockerfile."""

    files: ContextFiles
    frontend: str | None
    """The frontend that the Dockerfile names, with its digest if it is locked."""
    sources: Mapping[str, str]
    """Names in the Dockerfile to the references that replace them, with their digests if they are locked."""
    refreshed: str | None = None
    """The day from which its steps are, if the image names an interval: ``2026-11-30``."""


def dockerfile_inputs(loaded: Loaded, pins: Pins) -> dict[str, DockerfileInputs]:
    """Return what goes into the keys of images that are built from their own Dockerfiles, by variant."""
    inputs: dict[str, DockerfileInputs] = {}
    for name, files in loaded.context_files.items():
        build = loaded.variants[name].build
        named = build.sources if build else {}
        sources = {key: pins.pinned(loaded.matrix.sources[source]) for key, source in named.items()}
        frontend = pins.pinned(files.syntax) if files.syntax else None
        inputs[name] = DockerfileInputs(files, frontend, sources, pins.refreshed.get(name))
    return inputs


NO_DOCKERFILES: Mapping[str, DockerfileInputs] = MappingProxyType({})


def compute_keys(
    variants: Mapping[str, Variant],
    rendered: Mapping[str, File],
    given: Mapping[str, DockerfileInputs] = NO_DOCKERFILES,
    copied: Mapping[str, ImageFiles] = NO_IMAGE_FILES,
) -> dict[str, Keys]:
    """Return the keys of all variants by id; ``variants`` has parents before children.

    ``given`` has the inputs of variants that are built from their own Dockerfiles, ``copied`` the files of the project
    that others copy or run.
    """
    contexts = _contexts(variants, rendered)
    rootfs = _rootfs(rendered)
    result: dict[str, Keys] = {}
    for item in variants.values():
        if item.build:
            records = _dockerfile_records(item, item.build, given[item.id], result)
        else:
            files = {**contexts[item.folder], **_copied(item, rootfs, copied)}
            records = _records(item, files, result)
        platforms = {platform: _hash(record) for platform, record in records.items()}
        result[item.id] = Keys(_hash({"format": FORMAT, "platforms": platforms}), platforms, item.label)
    return result


def _records(
    item: Variant, files: Mapping[str, list[str]], keys: Mapping[str, Keys]
) -> dict[Platform, dict[str, Any]]:
    """Return the data whose hashes are the keys of an image with a generated Dockerfile."""
    parent = keys[item.parent].platforms if item.parent else {}
    return {platform: platform_record(files, platform, parent.get(platform)) for platform in item.platforms}


def _copied(
    item: Variant, rootfs: Mapping[str, Mapping[str, list[str]]], copied: Mapping[str, ImageFiles]
) -> dict[str, list[str]]:
    """Return the files of kinds and of the project that an image copies or runs, with mode and SHA-256."""
    files = {path: entry for kind in copied_kinds(item, rootfs) for path, entry in rootfs[kind].items()}
    if item.id in copied:
        files |= {f"files/{path}": list(entry) for path, entry in copied[item.id].entries().items()}
    return files


def _dockerfile_records(
    item: Variant, build: DockerfileBuild, given: DockerfileInputs, keys: Mapping[str, Keys]
) -> dict[Platform, dict[str, Any]]:
    """Return the data whose hashes are the keys of an image that is built from its own Dockerfile."""
    common = {
        "format": FORMAT,
        "dockerfile": hashlib.sha256(given.files.dockerfile).hexdigest(),
        "frontend": given.frontend,
        "files": {path: list(entry) for path, entry in given.files.entries().items()},
        "args": dict(build.args),
        "target": build.target,
        **({"labels": dict(item.labels)} if item.labels else {}),
        **({"refreshed": given.refreshed} if given.refreshed else {}),
    }
    return {
        platform: {
            **common,
            "platform": platform,
            "contexts": {
                **given.sources,
                **{name: keys[image].platforms.get(platform) for name, image in build.images.items()},
            },
        }
        for platform in item.platforms
    }


def _contexts(
    variants: Mapping[str, Variant], rendered: Mapping[str, File]
) -> dict[str, dict[str, list[str]]]:
    """Return the files of each folder with mode and SHA-256, in one pass over the rendered files."""
    folders: dict[str, dict[str, list[str]]] = {item.folder: {} for item in variants.values()}
    for path, file in rendered.items():
        folder = "/".join(path.split("/", 3)[:3])
        if folder in folders:
            folders[folder][path[len(folder) + 1 :]] = _entry(file)
    return folders


def _rootfs(rendered: Mapping[str, File]) -> dict[str, dict[str, list[str]]]:
    """Return the files of each kind with mode and SHA-256, by ``rootfs/KIND/PATH``."""
    return {
        kind: {f"rootfs/{kind}/{path}": _entry(file) for path, file in files.items()}
        for kind, files in by_kind(rendered).items()
    }


def _entry(file: File) -> list[str]:
    return [file.mode, hashlib.sha256(file.content).hexdigest()]


def platform_record(files: Mapping[str, list[str]], platform: Platform, parent: str | None) -> dict[str, Any]:
    """Return the data whose hash is the key of one platform."""
    architecture_file = f"/{architecture(platform)}.txt"
    used = {
        path: entry
        for path, entry in files.items()
        if not path.startswith(_BY_ARCHITECTURE) or path.endswith(architecture_file)
    }
    return {"format": FORMAT, "platform": platform, "parent": parent, "files": used}


def _hash(record: Mapping[str, Any]) -> str:
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def tagged(matrix: Matrix, variants: Mapping[str, Variant], keys: Mapping[str, Keys]) -> dict[str, str]:
    """Return the reference of each variant with its immutable tag."""
    return {item.id: f"{matrix.repository(item)}:{keys[item.id].tag}" for item in variants.values()}
