"""Pushes with a deploy key of the repository: rules of a branch can let one pass."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.github.branch_commit import configured
from image_matrix.temporary import temporary_folder, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLE = "IMAGE_MATRIX_DEPLOY_KEY"
"""The variable with the private key."""
SERVER = "https://github.com"
HOST_KEYS = """\
github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl
github.com ecdsa-sha2-nistp256 \
AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=
"""
"""GitHub's host keys; docs.github.com/authentication, "GitHub's SSH key fingerprints"."""
OPTIONS = ("IdentitiesOnly=yes", "IdentityAgent=none", "BatchMode=yes", "StrictHostKeyChecking=yes",
           "GlobalKnownHostsFile=/dev/null")  # fmt: skip
"""Only this key is offered, only to a host whose key is known, and nobody is asked."""


@contextmanager
def deploy_key(environment: Mapping[str, str], remote: str = "origin") -> Iterator[dict[str, str]]:
    """Yield the environment with which git pushes to ``remote`` by SSH and reads as before; unchanged without a key.

    The key is in a file that only its owner can read, until the block ends. Raises :class:`EnvironmentFailure` if the
    repository is not on github.com, whose host keys are the only known ones.
    """
    rest = {name: value for name, value in environment.items() if name != VARIABLE}
    key = environment.get(VARIABLE, "")
    if not key:
        yield rest
        return
    if environment.get("GITHUB_SERVER_URL") != SERVER:
        raise EnvironmentFailure(
            "a deploy key works only for a repository on github.com",
            "write `token` or `app` in `release.push`",
        )
    with temporary_folder() as folder:
        identity, known = folder / "key", folder / "known_hosts"
        write_private(identity, key.replace("\r", "").strip())
        known.write_text(HOST_KEYS, encoding="utf-8")
        options = [f"-o{option}" for option in (*OPTIONS, f"UserKnownHostsFile={known}")]
        command = shlex.join(["ssh", "-F", "none", "-i", str(identity), *options])
        address = f"ssh://git@github.com/{environment.get('GITHUB_REPOSITORY', '')}.git"
        yield {**rest, "GIT_SSH_COMMAND": command, **configured(rest, {f"remote.{remote}.pushurl": address})}
