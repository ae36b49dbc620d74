"""Solves for conda in this process, with py-rattler: the extra ``conda`` of this package.

Source of the calls: conda.github.io/rattler/py-rattler.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from image_matrix.lock.conda_request import virtual_packages
from image_matrix.stderr import failed
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rattler import Gateway, RepoDataRecord

    from image_matrix.lock.conda_request import CondaRequest, Solve

LIMIT = timedelta(minutes=15)


def solver_in_process(mirrors: Mapping[str, str]) -> Solve | None:
    """Return a function that solves with py-rattler, or ``None`` without it; ``mirrors`` replace prefixes."""
    return None if find_spec("rattler") is None else lambda request: _solve(request, mirrors)


def _solve(request: CondaRequest, mirrors: Mapping[str, str]) -> list[str] | str:
    from rattler.exceptions import GatewayError, InvalidMatchSpecError, SolverError

    with temporary_folder() as folder:
        try:
            records = asyncio.run(_records(request, _gateway(folder, mirrors)))
        except (GatewayError, InvalidMatchSpecError, SolverError) as error:
            return failed("the solver says", str(error))
    return sorted(_address(record) for record in records)


def _gateway(folder: Path, mirrors: Mapping[str, str]) -> Gateway:
    """Return what reads the index of channels; ``folder`` keeps it for this call."""
    from rattler import Client, Gateway
    from rattler.networking import AuthenticationMiddleware, MirrorMiddleware, RetryMiddleware

    redirected = MirrorMiddleware({prefix: [mirror] for prefix, mirror in mirrors.items()})
    return Gateway(
        cache_dir=folder, client=Client([RetryMiddleware(), redirected, AuthenticationMiddleware()])
    )


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
