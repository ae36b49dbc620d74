"""Looks up the newest Python packages that an image can have on what its parents are locked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config import requirement
from image_matrix.config.package_names import package_name
from image_matrix.diagnostics.redact import conceal
from image_matrix.errors import CallError, EnvironmentFailure
from image_matrix.lock.distributions import glibc_of, python_of
from image_matrix.lock.fingerprint import inherited_packages, requested
from image_matrix.lock.python import package_of, version_of
from image_matrix.lock.resolver_api import Resolved, ResolveRequest, Unsatisfiable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.model import Lock
    from image_matrix.lock.resolver_api import Resolve

PYTHON = "3.13"
"""The Python that packages are looked up for where the matrix does not say which one an image has."""


def without_version(requirements: Sequence[str]) -> tuple[str, ...]:
    """Return the requirements that any version fits; raises :class:`CallError` for a text that is none."""
    for text in requirements:
        if advice := requirement.problem(text):
            raise CallError(f"`{conceal(text)}` is not a Python requirement", conceal(advice))
    parsed = {text: requirement.parse(text) for text in requirements}
    return tuple(text for text, item in parsed.items() if not item.specifier and not item.url)


def newest(loaded: Loaded, lock: Lock, image: str, resolve: Resolve) -> dict[str, str]:
    """Return the newest version of each Python package of an image, by normalized name.

    They fit together and what the image's parents are locked to. Where variants differ, it is the lowest: all of them
    can have it. Raises :class:`CallError` where no versions fit, :class:`EnvironmentFailure` where an index fails.
    """
    from packaging.version import Version

    versions: dict[str, str] = {}
    for request in _requests(loaded, lock, image):
        for name, version in _answer(request, image, resolve).items():
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


def _answer(request: ResolveRequest, image: str, resolve: Resolve) -> Mapping[str, str]:
    answer = resolve(request)
    if isinstance(answer, Resolved):
        # what is installed already is not part of the answer
        return {package_of(item): version_of(item) for item in (*request.constraints, *answer.files)}
    if isinstance(answer, Unsatisfiable):
        advice = "name versions that go together: `--pip NAME==VERSION`"
        raise CallError(f"no versions of the packages of `{image}` fit: {answer.explanation}", advice)
    advice = answer.remedy or "name the versions, then nothing is looked up: `--pip NAME==VERSION`"
    raise EnvironmentFailure(f"the newest versions cannot be looked up: {answer.reason}", advice)
