"""Images of pull requests that the default branch takes over, where `build.promote_from_pull_requests` is on.

Only what carries this workflow's own signature, made in a run of a pull request of this repository; it is tested again
before it is accepted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.build.imagetools import create
from image_matrix.planning.plan import reference
from image_matrix.planning.registry_locations import CANDIDATE, existing_images, staged
from image_matrix.publish.signing import signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from image_matrix.config.model import Platform
    from image_matrix.planning.plan import State
    from image_matrix.registry.client import Registry


def identity(environment: Mapping[str, str]) -> str:
    """Return the pattern of the certificate identity that a keyless signature of a pull request's run has.

    Source: docs.sigstore.dev, "OIDC in Fulcio": the workflow's address with its ref. Matches nothing outside GitHub.
    """
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    if not server or not repository:
        return "^$"
    return f"^{re.escape(f'{server}/{repository}/.github/workflows/images.yaml')}@refs/pull/[0-9]+/merge$"


def promote(
    state: State,
    legs: Iterable[tuple[str, Platform]],
    registry: Registry,
    environment: Mapping[str, str],
    tell: Callable[[str], None],
) -> dict[tuple[str, Platform], str]:
    """Copy signed images of the staging path to their candidate tags; return them, by digest, where they are now."""
    signing = state.loaded.matrix.build.sign
    copied = {}
    for leg, place in existing_images((staged(state),), legs, registry, tell).items():
        if not signed(signing, place, identity(environment)):
            tell(f"{place}: not signed by a pull request's run of this workflow; it is built anew")
            continue
        target = reference(state, state.loaded.variants[leg[0]], leg[1])
        create(f"{target}{CANDIDATE}", [place])
        copied[leg] = f"{target.rpartition(':')[0]}@{place.rpartition('@')[2]}"
        tell(f"{leg[0]} {leg[1]}: taken over from {place}")
    return copied
