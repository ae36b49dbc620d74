"""Finds the forward proxies that everything else is reached through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.proxy import named_variable
from image_matrix.endpoints.model import EndpointNeed, UnknownHosts, endpoint_of
from image_matrix.endpoints.runners import steps_of_runs

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.endpoints.model import Step
    from image_matrix.endpoints.sent_on import Entries

_ASKING: tuple[Step, ...] = ("lock", "build", "scan", "sign", "release")
"""Nodes of a cluster have settings of their own."""


def proxy_needs(loaded: Loaded) -> Entries:
    """Yield the proxies of the matrix; of one that a variable names, the variable."""
    proxy, path = loaded.matrix.network.proxy, ("network", "proxy")
    steps = (*_ASKING, *steps_of_runs(loaded))
    for scheme, address in (("http", proxy.http), ("https", proxy.https)):
        if not address:
            continue
        if variable := named_variable(address):
            advice = f"its address is in the variable {variable}"
            yield UnknownHosts(steps, f"the proxy for {scheme}", advice, (*path, scheme))
        else:
            yield EndpointNeed(endpoint_of(address), steps, f"the proxy for {scheme}", (*path, scheme))
