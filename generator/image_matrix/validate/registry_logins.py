"""Checks the logins of the workflow: to the registry, and to other hosts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.logins import ACR, ARTIFACT_REGISTRY, ECR, ECR_PUBLIC
from image_matrix.config.pull_logins import pull_hosts, scan_hosts
from image_matrix.config.release import GITHUB_REGISTRY
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean
from image_matrix.text import listed
from image_matrix.validate.findings import bad_value
from image_matrix.validate.names import is_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from image_matrix.config.model import Matrix
    from image_matrix.diagnostics import Finding
    from image_matrix.diagnostics import Path as FieldPath


LOCAL = ("localhost", "127.0.0.1")
_CLOUDS: dict[str, Callable[[str], object]] = {
    "aws": lambda host: host == ECR_PUBLIC or ECR.fullmatch(host),
    "azure": ACR.fullmatch,
    "google": ARTIFACT_REGISTRY.fullmatch,
}


def registry_login(matrix: Matrix) -> Iterator[Finding]:
    """Registries that nobody logs in to. Local ones, as in the overlays of tests, ask for no login."""
    paths: list[tuple[FieldPath, str]] = [(("registry",), matrix.registry)]
    paths += [(("release", "copies", at), path) for at, path in enumerate(matrix.release.copies)]
    if not matrix.workflow.rendered or matrix.network.docker_config:
        return
    for path, text in ((path, text) for path, text in paths if is_repository(text)):
        host = text.partition("/")[0]
        if host not in matrix.network.logins and host.partition(":")[0] not in (GITHUB_REGISTRY, *LOCAL):
            advice = f"name the repository's secrets, `network: {{logins: {{{host}: {{username: …, password: …}}}}}}`"
            yield rules.NO_LOGIN.at(path, host=host, advice=advice)


def other_logins(matrix: Matrix) -> Iterator[Finding]:
    """Logins to registries that the workflow does not use."""
    copied = (path for path in matrix.release.copies if is_repository(path))
    pushed = (path.partition("/")[0] for path in (matrix.registry, *copied))
    hosts = list(dict.fromkeys((*pushed, *pull_hosts(matrix), *scan_hosts(matrix))))
    for name in matrix.network.logins:
        if name not in hosts:
            problem = f"the workflow uses {listed(hosts, 4)} alone: `registry`, `release.copies` and sources are there"
            advice = did_you_mean(name, hosts)
            yield bad_value(("network", "logins", name), problem, advice, "key")


def variables_of_files(matrix: Matrix) -> Iterator[Finding]:
    """Variables for the text of a file that no environment and no secret can have."""
    network = matrix.network
    for field, name in (("netrc", network.netrc_secret), ("ca_bundle", network.ca_bundle_variable)):
        if name is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            advice = (
                f"write `env://` and a name of letters, digits and `_`, such as `env://{field.upper()}_TEXT`"
            )
            yield bad_value(("network", field), f"`{name}` is not the name of a variable", advice)


def login_forms(matrix: Matrix) -> Iterator[Finding]:
    """Logins that are of no form or of several, or of a cloud that does not have the host."""
    for host, login in matrix.network.logins.items():
        path: FieldPath = ("network", "logins", host)
        forms = [name for name in _FORMS if getattr(login, name)]
        if len(forms) != 1:
            several = f"it has several logins: {listed([_FORMS[name] for name in forms], 4)}"
            problem = several if forms else "it does not say how to log in"
            yield bad_value(path, problem, f"write one of {listed(list(_FORMS.values()), 4)}")
        elif forms == ["secrets"] and len(login.secrets) == 1:
            field = "password" if login.username else "username"
            yield bad_value(path, f"`{field}` is missing", f"name the secret with it: `{field}: …`")
        elif login.keyless and not _CLOUDS[forms[0]](host):
            problem = f"{host} is not a registry of this cloud"
            yield bad_value((*path, forms[0]), problem, _OTHER_HOST, "key")


_FORMS = {
    "secrets": "`{username: …, password: …}`",
    "aws": "`{aws: …}`",
    "azure": "`{azure: …}`",
    "google": "`{google: …}`",
}

_OTHER_HOST = (
    "`aws` is for ACCOUNT.dkr.ecr.REGION.amazonaws.com, `azure` for NAME.azurecr.io, `google` for "
    "REGION-docker.pkg.dev and gcr.io; elsewhere name secrets: `{username: …, password: …}`"
)
