"""Looks up the newest Python packages that an image can have on what its parents are locked to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config import requirement
from image_matrix.config.package_names import package_name
from image_matrix.diagnostics import did_you_mean
from image_matrix.errors import CallError, EnvironmentFailure
from image_matrix.lock.distributions import glibc_of, python_of
from image_matrix.lock.fingerprint import inherited_packages, requested
from image_matrix.lock.logins import NOT_FOUND
from image_matrix.lock.python import package_of, version_of
from image_matrix.lock.requirements import INDEX_MARK
from image_matrix.lock.resolver_api import Resolved, ResolveRequest, Unsatisfiable
from image_matrix.lock.unsolvable import CHECK_NAME, plainly

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.model import Lock
    from image_matrix.lock.resolver_api import Resolve

PYTHON = "3.13"
"""The Python that packages are looked up for where the matrix does not say which one an image has."""
NOT_BUILT = "Failed to build"
"""As uv says it of a source distribution."""


def without_version(requirements: Sequence[str]) -> tuple[str, ...]:
    """Return the requirements that any version fits; what is no requirement is for a check of the matrix to say."""
    parsed = {text: requirement.parse(text) for text in requirements if not requirement.problem(text)}
    return tuple(text for text, item in parsed.items() if not item.specifier and not item.url)


def newest(loaded: Loaded, lock: Lock, image: str, resolve: Resolve) -> dict[str, str]:
    """Return the newest version of each Python package of an image, by normalized name.

    They fit together and what the image's parents are locked to. Where variants differ, it is the lowest: all of them
    can have it. Raises :class:`CallError` where no versions fit, :class:`EnvironmentFailure` where an index fails.
    """
    from packaging.version import Version

    versions: dict[str, str] = {}
    known = _known_names(loaded, lock, image)
    for request in _requests(loaded, lock, image):
        for name, version in _answer(request, image, resolve, known).items():
            versions[name] = min(versions.get(name, version), version, key=Version)
    return versions


def with_version(text: str, versions: Mapping[str, str]) -> str:
    """Return a requirement without a version with the newest one: its extras and its marker stay."""
    name, semicolon, marker = text.partition(";")
    version = versions.get(package_name("pip", text))
    pinned = f"{name.rstrip()}=={version}" if version else name.rstrip()
    return f"{pinned}{semicolon}{marker}"


def _requests(loaded: Loaded, lock: Lock, image: str) -> Iterator[ResolveRequest]:
    for variant in loaded.variants.values():
        if variant.image != image:
            continue
        parents = inherited_packages(loaded.variants, lock.python, variant)
        for arch in variant.archs:
            yield ResolveRequest(
                requirements=requested(variant, "pip"),
                python=python_of(loaded.matrix, variant) or PYTHON,
                arch=arch,
                glibc=glibc_of(loaded.matrix, variant),
                constraints=tuple(sorted(parents[arch])),
                index=variant.index_url,
                indexes=variant.extra_index_urls,
            )


def _known_names(loaded: Loaded, lock: Lock, image: str) -> set[str]:
    """Return the names of the Python packages that other images list, and of those that the lock has."""
    others = (item for item in loaded.variants.values() if item.image != image)
    listed = {package_name("pip", text) for item in others for text in requested(item, "pip")}
    locked = (every for entry in lock.python.values() for every in entry.packages.values())
    return listed | {package_of(text) for every in locked for text in every}


def _answer(
    request: ResolveRequest, image: str, resolve: Resolve, known: Collection[str]
) -> Mapping[str, str]:
    answer = resolve(request)
    if isinstance(answer, Resolved):
        # what is installed already is not part of the answer
        return {package_of(item): version_of(item) for item in (*request.constraints, *answer.files)}
    if isinstance(answer, Unsatisfiable):
        problem = plainly(answer.explanation.replace(INDEX_MARK, " "))
        raise CallError(f"no versions of the packages of `{image}` fit: {problem}", _advice(problem, known))
    named = "name a version that has one: `--pip NAME==VERSION`"
    unbuilt = f"check the name of the package; if its newest version has no wheel, {named}"
    unasked = "name the versions, then nothing is looked up: `--pip NAME==VERSION`"
    advice = answer.remedy or (unbuilt if NOT_BUILT in answer.reason else unasked)
    raise EnvironmentFailure(f"the newest versions cannot be looked up: {answer.reason}", advice)


def _advice(problem: str, known: Collection[str]) -> str:
    """Return what to do about packages that no versions go together of, or that no index has."""
    missing = re.search(rf"(\S+) {NOT_FOUND}", problem)
    if missing:
        similar = did_you_mean(missing[1], known)
        return f"{similar} Else {CHECK_NAME}" if similar.endswith("?") else CHECK_NAME
    return "leave one of them out, or change a version that the command or an image below names"
