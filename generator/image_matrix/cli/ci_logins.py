"""Logs a job in to registries: with GitHub's OIDC token, or with a secret that is a whole configuration of Docker."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.network_files import http_client
from image_matrix.cli.printing import say
from image_matrix.cli.project import open_project
from image_matrix.cli.run_api import required_variable
from image_matrix.config.logins import Login
from image_matrix.errors import EnvironmentFailure, naming
from image_matrix.github.files import ENVIRONMENT, OUTPUT, append
from image_matrix.github.registry_tokens import Job, Services, registry_token
from image_matrix.registry.credentials import Unreadable, config_file, read_configuration
from image_matrix.registry.docker_config import expand, hidden_texts, merged, read_auths
from image_matrix.registry.patience import Patience, patient
from image_matrix.temporary import write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from image_matrix.cli.session import Session
    from image_matrix.config.model import Matrix

ID_TOKEN_URL, ID_TOKEN_BEARER = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
"""What a job with the permission ``id-token: write`` has; docs.github.com/actions/reference/security/oidc."""
SECRET_VARIABLE = "DOCKER_CONFIG_JSON"  # noqa: S105 - its name


def take_token(session: Session, host: str, services: Services) -> None:
    """Exchange the job's OIDC token for a login to the host, and write it as outputs of the step."""
    loaded = open_project(session).loaded
    job = Job(required_variable(ID_TOKEN_URL), required_variable(ID_TOKEN_BEARER))
    send = patient(http_client(session, loaded).send, Patience(time.sleep))
    login = loaded.matrix.network.logins.get(host, Login())
    token = registry_token(send, job, host, login, services)
    _mask([token.password])
    append(OUTPUT, f"username={token.username}\npassword={token.password}\n")
    say(session, f"a token for {host}")


def use_docker_config(session: Session, used: Callable[[Matrix], Iterable[str]]) -> None:
    """Make later steps use a folder for Docker with the logins of the secret, for what is ``used`` of a matrix.

    The folder is below RUNNER_TEMP, which the runner empties after the job. A run without secrets, such as one of
    Dependabot, goes on without them.
    """
    text, matrix = os.environ.get(SECRET_VARIABLE, ""), open_project(session).loaded.matrix
    name = matrix.network.docker_config or SECRET_VARIABLE
    if not text.strip():
        say(session, f"the secret {name} is empty: no login")
        return
    auths = read_auths(text, name)
    _mask(hidden_texts(auths))
    expanded = expand(auths, tuple(used(matrix)))
    for host in expanded.divided:
        say(
            session,
            f"{host} has several logins in {name}; Docker takes one for a host: that of the first path",
        )
    before = config_file(os.environ)
    folder = Path(required_variable("RUNNER_TEMP")) / "image-matrix-docker"
    _write(folder, merged(_existing(before), expanded.entries))
    _link_others(before.parent, folder)
    append(ENVIRONMENT, f"DOCKER_CONFIG={folder}\n")
    say(
        session,
        f"logged in to {', '.join(expanded.entries) or 'no host: none of its entries is for this matrix'}",
    )


def _mask(texts: Iterable[str]) -> None:
    """Make GitHub hide texts in the log; docs.github.com/actions/reference/workflow-commands, "Masking a value"."""
    for text in texts:
        click.echo(f"::add-mask::{text}")


def _existing(file: Path) -> dict[str, Any]:
    """Return the configuration that the runner has; empty if there is none.

    Raises :class:`EnvironmentFailure` if it cannot be read.
    """
    content = read_configuration(file)
    if isinstance(content, Unreadable):
        raise EnvironmentFailure(content.reason, content.remedy)
    return content


def _write(folder: Path, content: dict[str, Any]) -> None:
    """Write the configuration so that nobody else can read it."""
    file = folder / "config.json"
    with naming(file):
        folder.mkdir(mode=0o700, exist_ok=True)
        file.unlink(missing_ok=True)
    write_private(file, json.dumps(content))


def _link_others(before: Path, folder: Path) -> None:
    """Keep what else is in Docker's folder, such as plugins and builders."""
    for entry in before.iterdir() if before.is_dir() and before != folder else ():
        target = folder / entry.name
        if not target.exists() and not target.is_symlink():
            target.symlink_to(entry.resolve())
