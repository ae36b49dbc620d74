"""Computes which secrets and logins the jobs and the shared actions of the generated workflow get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.proxy import named_variable
from image_matrix.config.pull_logins import builder_logins, pull_hosts, pull_logins, scan_logins
from image_matrix.config.release import GITHUB_REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.logins import Login
    from image_matrix.config.model import Matrix
    from image_matrix.config.proxy import Proxy
    from image_matrix.config.release import Signing
    from image_matrix.config.workflow import Telemetry


def login_values(matrix: Matrix) -> dict[str, object]:
    """Return the names that templates have for logins to registries."""
    logins, host = matrix.network.logins, _host(matrix)
    registry_login, pulls, scan_pulls = logins.get(host), pull_logins(matrix), scan_logins(matrix)
    release_logins = builder_logins(matrix) | _copy_logins(matrix)
    logs_in = host == GITHUB_REGISTRY or host in logins
    lock_logs_in = logs_in and host in pull_hosts(matrix)
    return {
        "registry_host": host,
        "registry_login": registry_login,
        "docker_config": matrix.network.docker_config,
        "pulls": pulls,
        "scan_pulls": scan_pulls,
        "release_logins": release_logins,
        "logs_in": logs_in,
        "lock_logs_in": lock_logs_in,
        "keyless": {
            **_keyless_hosts(host, registry_login, pulls, scan_pulls, release_logins),
            "lock": _exchanging({**({host: registry_login} if lock_logs_in else {}), **pulls}),
        },
    }


def input_values(matrix: Matrix, build_secrets: Sequence[str]) -> dict[str, object]:
    """Return the names that templates have for secrets, and for the inputs through which actions get them.

    An action cannot read secrets itself. ``build_secrets`` are those of images.
    """
    network, sign_secret = matrix.network, named_variable(matrix.release.sign.key)
    sign_inputs = _sign_inputs(sign_secret)
    step_inputs = _netrc_input(network.netrc_secret) | _proxy_inputs(network.proxy) | _builder_inputs(matrix)
    registry_login = network.logins.get(_host(matrix))
    build_logins = _login_inputs(network.docker_config, registry_login, *pull_logins(matrix).values())
    scan_inputs = _login_inputs(network.docker_config, registry_login, *scan_logins(matrix).values())
    login_inputs = build_logins | step_inputs | _telemetry_input(matrix.workflow.telemetry)
    return {
        "build_secrets": build_secrets,
        "telemetry_secret": next(iter(_telemetry_input(matrix.workflow.telemetry)), None),
        "build_inputs": {
            **dict.fromkeys(build_secrets, "A secret that images are built with"),
            **login_inputs,
            **sign_inputs,
        },
        "step_secrets": [*build_secrets, *step_inputs],
        "login_inputs": login_inputs | scan_inputs,
        "scan_inputs": {
            **dict.fromkeys(matrix.release.scan.secrets, "A secret of the scanner"),
            **scan_inputs,
            **sign_inputs,
        },
        "lock_secrets": [*_netrc_input(network.netrc_secret), *network.proxy.secrets],
        "ask_secrets": list(step_inputs),
        "sign_secret": sign_secret,
        "sign_inputs": sign_inputs,
        "sign_environment": matrix.workflow.environment is not None
        and bool(sign_inputs or matrix.release.sign.role),
        "proves_to": _proves_to(matrix.release.sign),
    }


def _host(matrix: Matrix) -> str:
    return matrix.registry.partition("/")[0]


def _login_inputs(docker_config: str | None, *logins: Login | None) -> dict[str, str]:
    """Return the inputs of an action for the secrets of logins; an action cannot read secrets itself."""
    names = [name for login in logins if login for name in login.secrets]
    return dict.fromkeys(
        [*names, *([docker_config] if docker_config else [])], "A secret that logs in to registries"
    )


def _netrc_input(name: str | None) -> dict[str, str]:
    """Return the input of an action for the secret with logins of package indexes."""
    return {name: "A secret with logins of package indexes"} if name else {}


def _telemetry_input(telemetry: Telemetry | None) -> dict[str, str]:
    """Return the input of an action for the secret with the headers of a receiver of spans."""
    name = telemetry.headers if telemetry else None
    return {name: "A secret with headers for the receiver of spans"} if name else {}


def _proxy_inputs(proxy: Proxy) -> dict[str, str]:
    """Return the inputs of an action for the secrets with addresses of proxies."""
    return dict.fromkeys(proxy.secrets, "A secret with the address of a proxy")


def _keyless_hosts(
    host: str,
    registry: Login | None,
    pulls: Mapping[str, Login],
    scans: Mapping[str, Login],
    release: Mapping[str, Login | None],
) -> dict[str, list[str]]:
    """Return the hosts for which a kind of job exchanges GitHub's OIDC token."""
    to_registry = {host: registry}
    jobs: dict[str, dict[str, Login | None]] = {
        "plan": to_registry,
        "build": {**to_registry, **pulls},
        "scan": {**to_registry, **scans},
        "release": {**to_registry, **release},
        "ask": {**to_registry, **pulls},
        "prune": to_registry,
    }
    return {job: _exchanging(logins) for job, logins in jobs.items()}


def _exchanging(logins: Mapping[str, Login | None]) -> list[str]:
    return [name for name, login in logins.items() if login and login.keyless]


def _builder_inputs(matrix: Matrix) -> dict[str, str]:
    """Return the inputs of an action for the certificates of the builder."""
    builder = matrix.network.builder
    return dict.fromkeys(builder.secrets if builder else (), "A certificate or key for the builder")


def _copy_logins(matrix: Matrix) -> dict[str, Login | None]:
    """Return the logins of the hosts that a release is copied to, besides that of the registry.

    ``None`` is GitHub's own token. Hosts without a login are left out.
    """
    hosts = dict.fromkeys(path.partition("/")[0] for path in matrix.release.copies)
    logins = matrix.network.logins
    return {
        host: logins.get(host)
        for host in hosts
        if host != _host(matrix) and (host in logins or host == GITHUB_REGISTRY)
    }


def _proves_to(sign: Signing) -> str | None:
    """Return the service that a job which signs shows its identity; ``None`` if it needs none."""
    if sign.role:
        return "AWS"
    return "Sigstore" if sign.keyless else None


def _sign_inputs(secret: str | None) -> dict[str, str]:
    """Return the inputs of an action for the secrets that sign: the key and its password."""
    return dict.fromkeys((secret, "COSIGN_PASSWORD"), "A secret that signs") if secret else {}
