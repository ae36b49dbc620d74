"""Collects what steps of a build get from the place that builds: mirrors, certificates, logins, proxies and secrets."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.cli.network_files import ca_bundle, netrc
from image_matrix.cli.printing import note, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.build.network_script import Secrets
    from image_matrix.build.request import BuildRequest
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded


def step_secrets(session: Session, loaded: Loaded) -> Secrets:
    """Return the mirrors, certificates, trusted hosts and logins for build steps, as secrets."""
    from pathlib import Path

    from image_matrix.build.network_script import StepNetwork, secrets
    from image_matrix.config.proxy import proxy_variables, secret_variables, within_steps
    from image_matrix.config.trusted_hosts import trusted_in_steps

    matrix, logins, bundle = loaded.matrix, netrc(session, loaded), ca_bundle(session, loaded)
    settings = StepNetwork(
        matrix.network.mirrors,
        bundle is not None,
        Path(logins).read_text(encoding="utf-8") if logins else "",
        trusted_in_steps(matrix, loaded.variants.values()),
        secret_variables(within_steps(proxy_variables(matrix.network.proxy, os.environ))),
    )
    return secrets(settings, bundle)


def open_proxy(session: Session, loaded: Loaded) -> Mapping[str, str]:
    """Return the proxy variables that are no secret, which every step gets as a build argument."""
    from image_matrix.config.proxy import open_variables, proxy_variables, shown, within_steps

    variables = proxy_variables(loaded.matrix.network.proxy, os.environ)
    reached = within_steps(variables)
    for name in sorted(variables.keys() - reached.keys()):
        if name.isupper():
            note(
                session,
                f"build steps cannot reach the proxy {shown(variables[name])} of {name}, and go without it",
            )
    return open_variables(reached)


def with_named_secrets(session: Session, request: BuildRequest, *, push: bool) -> BuildRequest:
    """Return a request with the images' secrets that the environment has; an image that is pushed needs all of them."""
    from image_matrix.build.request import missing_secrets
    from image_matrix.errors import EnvironmentFailure

    named = frozenset(name for leg in request.legs for name in leg.variant.secrets if os.environ.get(name))
    missing = missing_secrets(request.legs, named)
    if missing and push:
        name, image = next(iter(missing.items()))
        raise EnvironmentFailure(
            f"the secret {name} of {image} is missing",
            f"set the environment variable {name}; in the workflow, add a secret {name} to the repository",
        )
    for name, image in missing.items():
        say(session, f"{image}: built without the secret {name}, which the environment does not have")
    return replace(request, named_secrets=named)
