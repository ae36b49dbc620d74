"""Checks names and image references by the rules of registries, paths, job ids and Kubernetes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.digest_text import digest_advice
from image_matrix.config.free_names import LONGEST, free_name, plain_name
from image_matrix.config.from_lists import PLACEHOLDER as FROM_PLACEHOLDER
from image_matrix.config.model import slug
from image_matrix.config.profiles import HUB_IMAGE
from image_matrix.config.repairs import repaired
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics.redact import has_user, without_user
from image_matrix.render.rootfs import FOLDER
from image_matrix.text import character_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Finding, Path

# The strictest of the places where names end up is a DNS label: RFC 1123, 2.1
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# Grammar: github.com/distribution/reference, reference.go; hosts lower-case as well, so that equal is equal
_DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]+)?"
_COMPONENT = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(/{_COMPONENT})*")
_REPOSITORY = re.compile(rf"{_DOMAIN}(/{_COMPONENT})*")
_TAG = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
_REFERENCE = re.compile(rf"{_DOMAIN}(/{_COMPONENT})+:{_TAG}(@sha256:[0-9a-f]{{64}})?")
ROOTFS_NAME = FOLDER.rpartition("/")[2]
"""A folder below ``images/`` that no image can have."""
_TAKEN = {"images": (ROOTFS_NAME, HUB_IMAGE), "sources": (HUB_IMAGE,)}
"""Section to the names that mean something else."""
_NAMED = {
    "images": "an image", "sources": "a source", "downloads": "a download", "accelerators": "an accelerator",
    "bundles": "a bundle", "axes": "an axis",
}  # fmt: skip
_RULE = "lower-case letters, digits and single hyphens, at most 63, starting with a letter"
_FRONTEND = "the engine's own is chosen by another field: write `network: {builtin_frontend: true}`"


def bad_names(matrix: Matrix) -> Iterator[Finding]:
    """Names that could not become part of a reference, a path or a job id."""
    # `from` names images and sources alike, and images become folders and jobs by their slugs
    shared = {*matrix.sources, *matrix.images, *map(slug, matrix.images), ROOTFS_NAME, HUB_IMAGE}
    for section, what in _NAMED.items():
        taken = shared if section in _TAKEN else {*getattr(matrix, section)}
        for name in getattr(matrix, section):
            fits = is_image_name(name) if section == "images" else is_name(name)
            if section == "images" and FROM_PLACEHOLDER in name:
                continue  # an entry for several images, in which something else is wrong
            is_taken = slug(name) in _TAKEN.get(section, ())
            if not fits or is_taken:
                advice = _advice(name, taken)
                yield rules.BAD_NAME.at((section, name), "key", name=name, what=what, advice=advice)


def is_name(text: str) -> bool:
    """Say whether a text can be a name."""
    return bool(_NAME.fullmatch(text)) and len(text) <= LONGEST


def is_image_name(text: str) -> bool:
    """Say whether a text can be the name of an image: a path in a registry that starts with a letter."""
    return is_path(text) and text[0].isalpha() and len(text) <= LONGEST


def is_path(text: str) -> bool:
    """Say whether a text can follow a registry's host in a reference."""
    return _PATH.fullmatch(text) is not None


def same_slugs(matrix: Matrix) -> Iterator[Finding]:
    """Images whose names differ only by what folders and jobs cannot have."""
    first: dict[str, str] = {}
    for name in matrix.images:
        other = first.setdefault(slug(name), name)
        if other != name:
            fields = {"what": "the folder and the jobs", "name": slug(name), "advice": "rename one of them"}
            finding = rules.SAME_TAG.at(
                ("images", name), "key", first=f"`{other}`", second=f"`{name}`", **fields
            )
            yield finding.beside((("images", other), f"`{other}`"))


def _advice(name: str, taken: set[str]) -> str:
    """Return what to write instead of a name, and add that to those that are taken."""
    if name == ROOTFS_NAME:
        return f"choose another name: `{FOLDER}` has the files that images copy"
    if name == HUB_IMAGE:
        return "choose another name: in profiles, `none` is the image that the hub itself has"
    odd = next((char for char in name if not char.isascii()), None)
    if odd:
        return f"character {name.index(odd) + 1} is {character_name(odd)}: type it again"
    if not (better := plain_name(name)):
        return f"use {_RULE}"
    better = free_name(better, taken)
    taken.add(better)
    return f"write `{better}`: {_RULE}"


def bad_references(matrix: Matrix) -> Iterator[Finding]:
    """The registry, sources and mirrors as references that registries accept."""
    if not is_repository(matrix.registry):
        advice = reference_advice(matrix.registry, "ghcr.io/example/notebooks")
        yield bad_reference(("registry",), "registry path", matrix.registry, advice)
    tagged: list[tuple[Path, str]] = [(("sources", name), value) for name, value in matrix.sources.items()]
    for path, value in [*tagged, (("network", "frontend"), matrix.network.frontend)]:
        if not _REFERENCE.fullmatch(value) or not has_domain(value):
            example = "docker.io/library/debian:trixie-slim"
            advice = _FRONTEND if value == "builtin" else reference_advice(value, example)
            yield bad_reference(path, "image reference with a tag", value, advice)
    for prefix, mirror in matrix.network.mirrors.registries.items():
        for text in (text for text in (prefix, mirror) if not is_repository(text)):
            advice = reference_advice(text, "mirror.example.org/dockerhub")
            if text == prefix and is_repository(f"docker.io/{text}"):
                advice = f"write the whole prefix: `docker.io/{text}`"
            what = "registry prefix in `network.mirrors.registries`"
            yield bad_reference(("network", "mirrors", "registries", prefix), what, text, advice)


def bad_reference(path: Path, what: str, value: str, advice: str) -> Finding:
    """Return the finding of a text that is not a reference."""
    return rules.BAD_REFERENCE.at(path, value=value, what=what, advice=advice)


def is_repository(text: str) -> bool:
    """Say whether a text is a registry with a path, without tag."""
    return _REPOSITORY.fullmatch(text) is not None and has_domain(text)


def has_domain(reference: str) -> bool:
    """Say whether a reference starts with a registry's host; a bare name is Docker Hub's, which is to be said."""
    domain = reference.partition("/")[0]
    return "." in domain or ":" in domain or domain == "localhost"


def _is_like(text: str, example: str) -> bool:
    """Say whether a text is a reference of the same form as an example: with a tag, or without one."""
    form = _REFERENCE if ":" in example else _REPOSITORY
    return form.fullmatch(text) is not None and has_domain(text)


def reference_advice(value: str, example: str) -> str:
    """Say what is wrong with a reference, the likeliest mistake first."""
    if has_user(value):
        return f"write `{without_user(value)}`; user and password are those of `docker login`"
    if "://" in value:
        return f"leave the scheme out: `{value.partition('://')[2].lower()}`"
    if digest := digest_advice(value):
        return digest
    in_one_piece = not re.search(r"\s", value.strip())
    better = repaired(value, lambda text: _is_like(text, example)) if in_one_piece else None
    if better is not None and better != value.lower():
        return f"write `{better}`"
    if value != value.lower() and re.search(r"[A-Z]", value.rpartition(":")[0] or value):
        return f"references are lower-case: `{value.lower()}`"
    if value.count("/") == 0 and _REFERENCE.fullmatch(f"docker.io/library/{value}"):
        return f"write the whole reference: `docker.io/library/{value}`"
    if "/" in value and not has_domain(value) and _REFERENCE.fullmatch(f"docker.io/{value}"):
        return f"write the whole reference: `docker.io/{value}`"
    untagged = value.rpartition(":")[0]
    if _REPOSITORY.fullmatch(untagged) and "/" in untagged and ":" not in example:
        return f"leave the tag out: `{untagged}`"
    if _REPOSITORY.fullmatch(value) and has_domain(value) and ":" in example:
        return f"add a tag: `{value}:TAG`"
    tagged, _, digest = value.partition("@")
    if digest and _REPOSITORY.fullmatch(tagged) and ":" in example:
        return f"put a tag in front of the digest: `{tagged}:TAG@{digest}`"
    if not has_domain(value):
        return f"start with the registry's host, as in `{example}`"
    return f"write, for example, `{example}`"
