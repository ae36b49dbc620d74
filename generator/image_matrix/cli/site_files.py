"""Finds the files and registries that the settings of a site name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import say
from image_matrix.diagnostics import MatrixError

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.registry.client import Registry


def ca_bundle(session: Session, loaded: Loaded) -> str | None:
    """Return the absolute path of the CA bundle; raises :class:`MatrixError` if it does not exist."""
    return _site_file(session, loaded, "ca_bundle", loaded.matrix.network.ca_bundle)


def registry_of(session: Session, loaded: Loaded) -> Registry:
    """Return a new client for the registries."""
    from image_matrix.registry.client import open_registry

    return open_registry(loaded.matrix, ca_bundle(session, loaded), lambda text: say(session, text))


def netrc(session: Session, loaded: Loaded) -> str | None:
    """Return the absolute path of the file with logins, or ``None``; raises :class:`MatrixError` if it does not exist.

    The text of a variable is written to a temporary file, which only this user can read and which ends with the
    command. Without the variable, as in a fork's run, there are no logins.
    """
    network = loaded.matrix.network
    if network.netrc_secret is None:
        return _site_file(session, loaded, "netrc", network.netrc)
    text = os.environ.get(network.netrc_secret, "")
    if not text.strip():
        say(session, f"without the logins of {network.netrc_secret}, which the environment does not have")
        return None
    return _private_file(text)


def _private_file(text: str) -> str:
    """Write a text to a temporary file of this command, and return its path."""
    from image_matrix.temporary import temporary_folder, write_private

    file = click.get_current_context().with_resource(temporary_folder()) / "netrc"
    write_private(file, text)
    return str(file)


def public_key(session: Session, loaded: Loaded) -> str | None:
    """Return the absolute path of the public key of signatures; raises :class:`MatrixError` if it does not exist."""
    return _site_file(session, loaded, "release.sign.public_key", loaded.matrix.release.sign.public_key)


def _site_file(session: Session, loaded: Loaded, field: str, value: str | None) -> str | None:
    from image_matrix.diagnostics import catalogue as rules
    from image_matrix.diagnostics import diagnose

    if value is None:
        return None
    path = (session.root / value).resolve()
    if path.is_file():
        return str(path)
    problem, advice = (
        f"the file {value} does not exist",
        f"the path is relative to {session.root.resolve().name}/",
    )
    finding = rules.BAD_VALUE.at(tuple(field.split(".")), where=f"`{field}`", problem=problem, advice=advice)
    raise MatrixError(diagnose([finding], loaded.documents))
