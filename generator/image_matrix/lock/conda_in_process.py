"""Solves for conda in this process, with py-rattler: the extra ``conda`` of this package.

Source of the calls: conda.github.io/rattler/py-rattler.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from image_matrix.lock.conda_request import virtual_packages
from image_matrix.process_environment import variables_set
from image_matrix.registry.printed_faults import of_step
from image_matrix.stderr import failed
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from pathlib import Path

    from rattler import Gateway, RepoDataRecord

    from image_matrix.lock.conda_request import CondaNetwork, CondaRequest, Solve

LIMIT = timedelta(minutes=15)


def solver_in_process(network: CondaNetwork) -> Solve | None:
    """Return a function that solves with py-rattler, or ``None`` without it."""
    return None if find_spec("rattler") is None else lambda request: _solve(request, network)


def _solve(request: CondaRequest, network: CondaNetwork) -> list[str] | str:
    from rattler.exceptions import GatewayError, InvalidMatchSpecError, SolverError

    with temporary_folder() as folder:
        try:
            records = asyncio.run(_records(request, _gateway(folder, network)))
        except (GatewayError, InvalidMatchSpecError, SolverError) as error:
            return "; ".join(filter(None, (failed("the solver says", str(error)), of_step(str(error)))))
    return sorted(_address(record) for record in records)


def _gateway(folder: Path, network: CondaNetwork) -> Gateway:
    """Return what reads the index of channels; ``folder`` keeps it for this call."""
    from rattler import Client, Gateway
    from rattler.networking import AuthenticationMiddleware, MirrorMiddleware, RetryMiddleware

    redirected = MirrorMiddleware({prefix: [mirror] for prefix, mirror in network.mirrors.items()})
    # it reads certificates and logins as it makes a client, and its interface for Python cannot name files of them
    with variables_set({"SSL_CERT_FILE": network.ca_bundle, "NETRC": network.netrc}):
        client = Client([RetryMiddleware(), redirected, AuthenticationMiddleware()])
    return Gateway(cache_dir=folder, client=client)


async def _records(request: CondaRequest, gateway: Gateway) -> list[RepoDataRecord]:
    from rattler import BuildString, GenericVirtualPackage, MatchSpec, PackageName, Version, solve
    from rattler.platform import Subdir

    machine = []
    for name, text in virtual_packages(request).items():
        version, _, build = text.partition("=")
        machine.append(GenericVirtualPackage(PackageName(name), Version(version), BuildString(build or "0")))
    return await solve(
        [*request.channels],
        [MatchSpec(text) for text in request.specifications],
        gateway=gateway,
        platforms=[Subdir(request.subdir), Subdir("noarch")],
        virtual_packages=machine,
        timeout=LIMIT,
    )


def _address(record: RepoDataRecord) -> str:
    return f"{record.url}#{record.md5.hex()}" if record.md5 else str(record.url)
