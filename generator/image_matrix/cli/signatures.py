"""Chooses the verifier of a repository's signatures."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.cli.site_files import public_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded


def verifier_of(session: Session, loaded: Loaded) -> Callable[[str], str | None]:
    """Return a function that returns why an image has no valid signature, or ``None``: see :func:`verifier`.

    Raises :class:`MatrixError` if the file of the public key does not exist.
    """
    from image_matrix.publish.signing import release_identity, verifier

    matrix = loaded.matrix
    signing = replace(matrix.release.sign, public_key=public_key(session, loaded))
    return verifier(signing, release_identity(os.environ, matrix.workflow.default_branch))
