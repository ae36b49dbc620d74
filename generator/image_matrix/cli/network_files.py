"""Finds the files that settings of a matrix name, and opens registries with those for its network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.network_environment import use_network
from image_matrix.cli.printing import say
from image_matrix.diagnostics import MatrixError, diagnose, errors
from image_matrix.project.named_files import NamedFile, fault, named_files

if TYPE_CHECKING:
    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.registry.client import Registry
    from image_matrix.registry.host_log import HostLog
    from image_matrix.registry.http import HttpClient


def ca_bundle(session: Session, loaded: Loaded) -> str | None:
    """Return the absolute path of the CA bundle, or ``None``; raises :class:`MatrixError` if it does not exist.

    The text of a variable is written to a temporary file, as that of :func:`netrc` is. From now on, the programs that
    this command starts use the bundle and the proxy of the matrix.
    """
    network = loaded.matrix.network
    if network.ca_bundle_variable is None:
        path = _site_file(session, loaded, "network.ca_bundle", network.ca_bundle)
    else:
        path = _of_variable(session, network.ca_bundle_variable, "certificates", "ca-bundle.crt")
    use_network(session, network, path)
    return path


def http_client(
    session: Session, loaded: Loaded, logins: str | None = None, host_log: HostLog | None = None
) -> HttpClient:
    """Return a client with the certificates and trusted hosts of the matrix.

    ``logins`` is the path of a netrc file; ``host_log`` gets the hosts that answer.
    """
    from image_matrix.registry.http import network

    return network(ca_bundle(session, loaded), logins, loaded.matrix.network.trusted_hosts, host_log)


def registry_of(session: Session, loaded: Loaded, host_log: HostLog | None = None) -> Registry:
    """Return a new client for the registries; ``host_log`` gets the hosts that answer."""
    from image_matrix.registry.opening import open_registry

    return open_registry(loaded.matrix, ca_bundle(session, loaded), lambda text: say(session, text), host_log)


def netrc(session: Session, loaded: Loaded) -> str | None:
    """Return the absolute path of the file with logins, or ``None``; raises :class:`MatrixError` if it does not exist.

    The text of a variable is written to a temporary file, which only this user can read and which ends with the
    command. Without the variable, as in a fork's run, there are no logins.
    """
    network = loaded.matrix.network
    if network.netrc_secret is None:
        return _site_file(session, loaded, "network.netrc", network.netrc)
    return _of_variable(session, network.netrc_secret, "logins", "netrc")


def _of_variable(session: Session, variable: str, what: str, name: str) -> str | None:
    """Write the text of a variable to a temporary file of this command; return its path, or ``None`` without a text."""
    from image_matrix.temporary import temporary_folder, write_private

    context = click.get_current_context()
    written: dict[str, str | None] = context.meta.setdefault(f"{__name__}.written", {})
    if variable in written:
        return written[variable]
    text = os.environ.get(variable, "")
    written[variable] = None
    if text.strip():
        file = context.with_resource(temporary_folder()) / name
        write_private(file, text)
        written[variable] = str(file)
    else:
        say(session, f"without the {what} of {variable}, which the environment does not have")
    return written[variable]


def public_key(session: Session, loaded: Loaded) -> str | None:
    """Return the absolute path of the public key of signatures.

    Raises :class:`MatrixError` if it does not exist, or is no public key in PEM (RFC 7468, section 13).
    """
    field, value = "release.sign.public_key", loaded.matrix.release.sign.public_key
    path = _site_file(session, loaded, field, value)
    content = b"" if path is None else Path(path).read_bytes()
    how = "write the path of what `cosign public-key` prints"
    if b"PRIVATE KEY-----" in content:
        raise _refused(loaded, field, f"{value} is a private key", f"{how}, and replace the pair of keys")
    if path is not None and b"PUBLIC KEY-----" not in content:
        raise _refused(loaded, field, f"{value} is not a public key", how)
    return path


def _site_file(session: Session, loaded: Loaded, field: str, value: str | None) -> str | None:
    if value is None:
        return None
    named = NamedFile(tuple(field.split(".")), value)
    if finding := fault(session.root, named):
        raise MatrixError(diagnose([finding], loaded.documents))
    return str(named.place(session.root).resolve())


def missing_files(session: Session, project: Project) -> list[Diagnostic]:
    """Return warnings about files that settings name; raises :class:`MatrixError` if one is an error."""
    loaded = project.loaded
    findings = [fault(session.root, named) for named in named_files(loaded, project.inputs.templates)]
    diagnostics = diagnose([one for one in findings if one], loaded.documents)
    if errors(diagnostics):
        raise MatrixError(diagnostics)
    public_key(session, loaded)
    return diagnostics


def _refused(loaded: Loaded, field: str, problem: str, advice: str) -> MatrixError:
    """Return the error of a file that a field names."""
    from image_matrix.diagnostics import catalogue as rules

    finding = rules.BAD_VALUE.at(tuple(field.split(".")), where=f"`{field}`", problem=problem, advice=advice)
    return MatrixError(diagnose([finding], loaded.documents))
