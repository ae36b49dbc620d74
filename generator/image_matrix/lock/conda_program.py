"""Solves for conda with the dry run of a program on PATH.

Source of the output: ``micromamba create --dry-run --json`` and ``conda create --dry-run --json`` name what they would
link under ``actions.LINK``, each with its address and checksums.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from image_matrix.config.conda import CHANNELS
from image_matrix.config.mirrors import mirrored
from image_matrix.lock.conda_request import ARCHSPECS, LINUX
from image_matrix.program import run_once
from image_matrix.registry.printed_faults import of_step
from image_matrix.stderr import failed
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.lock.conda_request import CondaNetwork, CondaRequest, Solve

PROGRAMS = ("micromamba", "mamba", "conda")
SECONDS = 900
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""What OpenSSL, and what conda and micromamba read."""


def program_on_path(network: CondaNetwork) -> Solve | None:
    """Return a function that runs the first program on PATH, or ``None``."""
    import shutil

    program = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    return None if program is None else lambda request: _run(program, request, network)


def _variables(request: CondaRequest, network: CondaNetwork) -> dict[str, str]:
    """Return what describes the machine, in the place of the one that locks, and its certificates and logins.

    Sources: docs.conda.io, "Managing virtual packages"; micromamba reads the alias from a variable of its own. NETRC
    names the file with logins: for micromamba in github.com/mamba-org/mamba, libmamba/src/download/curl.cpp, for conda
    by the library requests.
    """
    alias = mirrored(CHANNELS, network.mirrors)
    certificates = dict.fromkeys(CA_VARIABLES, network.ca_bundle) if network.ca_bundle else {}
    return {
        "CONDA_SUBDIR": request.subdir,
        "CONDA_OVERRIDE_ARCHSPEC": ARCHSPECS[request.subdir],
        "CONDA_OVERRIDE_CUDA": request.cuda or "",
        "CONDA_OVERRIDE_GLIBC": request.glibc,
        "CONDA_OVERRIDE_LINUX": LINUX,
        "CONDA_CHANNEL_ALIAS": alias,
        "MAMBA_CHANNEL_ALIAS": alias,
        **certificates,
        **({"NETRC": network.netrc} if network.netrc else {}),
    }


def _run(program: str, request: CondaRequest, network: CondaNetwork) -> list[str] | str:
    import os
    import subprocess

    with temporary_folder() as folder:
        arguments = [
            "create",
            "--dry-run",
            "--json",
            "--yes",
            "--prefix",
            f"{folder}/prefix",
            "--override-channels",
        ]
        for channel in request.channels:
            arguments += ["--channel", mirrored(channel, network.mirrors)]
        try:
            done = run_once(
                [program, *arguments, "--", *request.specifications],
                {**os.environ, **_variables(request, network)},
                seconds=SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"the solver cannot be run: {error}"
    if done.returncode != 0:
        output = done.stderr or done.stdout
        return "; ".join(filter(None, (failed("the solver says", output), of_step(output))))
    try:
        return addresses(done.stdout, network.mirrors)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"the solver's answer is not as expected: {error!r}"


def addresses(output: str, mirrors: Mapping[str, str]) -> list[str]:
    """Return the explicit addresses of a program's JSON, with the public prefixes in place of the mirrors."""
    linked: list[Mapping[str, Any]] = json.loads(output).get("actions", {}).get("LINK", [])
    public = {mirror: prefix for prefix, mirror in mirrors.items()}
    urls = []
    for item in linked:
        url = mirrored(str(item["url"]), public)
        urls.append(f"{url}#{item['md5']}" if item.get("md5") else url)
    return sorted(urls)
