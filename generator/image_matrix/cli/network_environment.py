"""Makes a command, and the programs that it starts, use the proxy and the certificates of the matrix.

docker, buildx, cosign, uv and git read them from environment variables alone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import say
from image_matrix.config.proxy import missing_secrets, proxy_variables
from image_matrix.process_environment import variables_set

if TYPE_CHECKING:
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
    context.with_resource(variables_set({**proxy_variables(network.proxy, os.environ), **certificates}))
