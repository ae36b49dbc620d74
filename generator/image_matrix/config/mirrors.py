"""Maps public addresses to those of ``network.mirrors``, with pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.conda import channel_mirrors
from image_matrix.config.extensions import OPEN_VSX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.network import Mirrors


def mirrored(address: str, mirrors: Mapping[str, str]) -> str:
    """Return an image reference or URL with its longest matching prefix replaced; prefixes end at a ``/``."""
    for prefix in sorted(mirrors, key=len, reverse=True):
        bare = prefix.rstrip("/")
        if address == bare or address.startswith(f"{bare}/"):
            return mirrors[prefix].rstrip("/") + address[len(bare) :]
    return address


def url_prefixes(mirrors: Mirrors) -> dict[str, str]:
    """Return every URL prefix with its mirror, for commands that take addresses as arguments."""
    extensions = {OPEN_VSX: mirrors.extensions} if mirrors.extensions else {}
    return {**mirrors.downloads, **channel_mirrors(mirrors), **extensions}


def context_key(name: str) -> str:
    """Return the name by which BuildKit looks up the context that replaces an image: no tag stands for ``latest``.

    Source: github.com/moby/buildkit, frontend/dockerui/namedcontext.go.
    """
    return familiar(name).removeprefix("library/").removesuffix(":latest")


def familiar(reference: str) -> str:
    """Return the short form of a reference, by which BuildKit looks named contexts up.

    Source: github.com/distribution/reference, ``FamiliarString``: Docker Hub's host and ``library/`` are left out.
    """
    short = reference.removeprefix("docker.io/")
    return short.removeprefix("library/") if short != reference else short
