"""Makes a command, and the programs that it starts, use the proxy and the certificates of the matrix.

docker, buildx, cosign, uv and git read them from environment variables alone.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import say
from image_matrix.config.proxy import missing_secrets, proxy_variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.cli.session import Session
    from image_matrix.config.network import Network

_USED = "image_matrix.network_environment"


def use_network(session: Session, network: Network, ca_bundle: str | None) -> None:
    """Set the variables until the command ends; ``ca_bundle`` is a path. It says once which variables are missing.

    SSL_CERT_FILE is what programs in Go and uv read (pkg.go.dev/crypto/x509).
    """
    context = click.get_current_context()
    if context.meta.setdefault(_USED, False):
        return
    context.meta[_USED] = True
    for name in missing_secrets(network.proxy, os.environ):
        say(session, f"without the proxy of {name}, which the environment does not have")
    certificates = {"SSL_CERT_FILE": ca_bundle} if ca_bundle else {}
    context.with_resource(_set({**proxy_variables(network.proxy, os.environ), **certificates}))


@contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({name: value} if value is not None else {})
