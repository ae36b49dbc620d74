"""Attaches to an image in a registry what is installed in it, and finds that again.

It is information, and no proof: whoever may push to the repository may attach it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.inventory.by_layer import LARGEST, packed, unpacked
from image_matrix.registry.attached import attached
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.registry.reference import DIGEST, digest_of, parse_reference
from image_matrix.registry.referrers import attach

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from image_matrix.inventory.by_layer import PackagesByLayer
    from image_matrix.registry.attached import Referrer
    from image_matrix.registry.client import Registry

PACKAGES_TYPE = "application/vnd.image-matrix.packages.v1"
"""The type of the artifact."""
FILE_TYPE = f"{PACKAGES_TYPE}+gzip"
BLOB = "image-matrix.packages"
"""The annotation with the digest of the file, which saves a request."""
FILE = "packages.json.gz"


def attach_packages(registry: Registry, image: str, packages: PackagesByLayer) -> str:
    """Attach its packages to an image of one platform, ``repository@digest``; return the digest of the artifact.

    Raises :class:`EnvironmentFailure` if the registry refuses it.
    """
    content = packed(str(parse_reference(image).digest), packages)
    if len(content) > LARGEST:
        raise EnvironmentFailure(f"the list of packages has {len(content)} bytes", f"{LARGEST} are the most")
    blob = {BLOB: digest_of(content)}
    return attach(registry, image, PACKAGES_TYPE, {FILE_TYPE: content}, {FILE_TYPE: FILE}, blob)


def packages_attached(
    registry: Registry, image: str, log: Callable[[str], None] = lambda _text: None
) -> PackagesByLayer | None:
    """Return the packages that are attached to an image of one platform, ``repository@digest``.

    ``None`` where nothing is, or nothing that can be read; ``log`` gets the reason.
    """
    try:
        referrers = attached(registry, image)
    except EnvironmentFailure as failure:
        log(f"{failure.message}: whether packages are attached is not known")
        return None
    return next(filter(None, (_read(registry, image, blob, log) for blob in _blobs(referrers))), None)


def is_list(one: Referrer) -> bool:
    """Say whether what is attached to an image is the list of its packages."""
    return one.artifact_type == PACKAGES_TYPE


def _blobs(referrers: Iterable[Referrer]) -> Iterable[str]:
    """Return the digests of lists; what has another form would be another address."""
    named = (str(one.annotations.get(BLOB, "")) for one in referrers if is_list(one))
    return dict.fromkeys(digest for digest in named if DIGEST.fullmatch(digest))


def _read(registry: Registry, image: str, blob: str, log: Callable[[str], None]) -> PackagesByLayer | None:
    try:
        return registry.blob(image, blob, partial(unpacked, str(parse_reference(image).digest)))
    except ConnectionFailed as error:
        log(f"{image}: its list of packages cannot be fetched: {error.reason}")
    except ValueError as error:
        log(f"{image}: its list of packages is not used: {error}")
    return None
