"""Lines of the shell file of build steps by which programs check no certificate of trusted hosts, each host by itself.

What no program can be told for a host alone is left out: conda, micromamba and Node check every certificate.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from image_matrix.config.trusted_hosts import git_trust, trusts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def trust_lines(trusted: Sequence[str], npm: str | None) -> list[str]:
    """Return lines that set the variables of pip, uv, git and, where ``npm`` is the address of a trusted host, npm.

    Sources: pip.pypa.io/en/stable/cli/pip (``--trusted-host``), docs.astral.sh/uv/reference/environment,
    docs.npmjs.com/cli/using-npm/config (``strict-ssl``).
    """
    hosts = " ".join(trusted)
    variables = {
        "PIP_TRUSTED_HOST": hosts,
        "UV_INSECURE_HOST": hosts,
        "NPM_CONFIG_STRICT_SSL": "false" if npm and trusts(npm, trusted) else "",
        **git_trust(trusted),
    }
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items() if value]


def apt_trust(trusted: Iterable[str]) -> list[str]:
    """Return apt's settings; apt knows hosts without ports (manpages.debian.org, apt-transport-https)."""
    names = dict.fromkeys(host.partition(":")[0] for host in trusted)
    return [f'Acquire::https::{name}::Verify-{what} "false";' for name in names for what in ("Peer", "Host")]


def curl_patterns(trusted: Iterable[str]) -> str:
    """Return the patterns of bash for addresses of trusted hosts, quoted."""
    starts = (
        start
        for host in trusted
        for start in ([f"https://{host}/"] if ":" in host else [f"https://{host}/", f"https://{host}:"])
    )
    return " | ".join(f"{shlex.quote(start)}*" for start in starts)


def is_of_trusted(address: str | None, trusted: Sequence[str]) -> bool:
    """Say whether an address with ``https://`` is one of a trusted host."""
    return bool(address) and urlsplit(address).scheme == "https" and trusts(address or "", trusted)
