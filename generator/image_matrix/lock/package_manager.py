"""Asks a Posit Package Manager what R packages need of a distribution, and for which architectures it has binaries.

Its answers, as r-lib/pak (R/system-requirements.R) and other programs read them: ``status`` has ``distros``, each with
``distribution``, ``release``, ``binaries`` and ``arch``; ``sysreqs`` has ``requirements``, each with the packages of
the distribution for one R package. With ``all=false`` and a name, these are the package itself and its dependencies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.config.cran import api_addresses
from image_matrix.json_data import read_json
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.registry.patience import Patience, retry_of_transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOT_FOUND = 404
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_DEBIAN_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
NOT_ITS_ANSWER = "it answers, but not as Posit Package Manager does"


@dataclass(frozen=True, slots=True)
class PackageManager:
    """Posit Package Manager, or a mirror that may be one."""

    repository: str
    """The address of the repository that packages are installed from."""
    stream: Callable[[str], Iterator[bytes]]
    patience: Patience

    @property
    def status_address(self) -> str:
        """Where it answers for itself."""
        return api_addresses(self.repository)[0]

    def binaries(self, distribution: str) -> tuple[str, ...]:
        """Return the architectures with binaries for ``debian-13``; raises :class:`ConnectionFailed`."""
        distros = self._ask(self.status_address).get("distros")
        if not isinstance(distros, list):
            raise ConnectionFailed(NOT_ITS_ANSWER, retry=None)
        machines = [
            machine
            for item in distros
            if f"{item.get('distribution')}-{item.get('release')}" == distribution and item.get("binaries")
            for machine in item.get("arch") or ("x86_64",)
        ]
        return tuple(sorted({_ARCHITECTURES[name] for name in machines if name in _ARCHITECTURES}))

    def needs(self, package: str, distribution: str) -> tuple[str, ...] | None:
        """Return the Debian packages that an R package needs; ``None`` if there is no such R package.

        Raises :class:`ConnectionFailed`.
        """
        name, _, release = distribution.partition("-")
        question = f"all=false&pkgname={package}&distribution={name}&release={release}"
        try:
            answer = self._ask(f"{api_addresses(self.repository)[1]}/sysreqs?{question}")
        except ConnectionFailed as error:
            if error.status == NOT_FOUND:
                return None
            raise
        needed = {
            need
            for item in answer.get("requirements") or ()
            for need in (item.get("requirements") or {}).get("packages") or ()
        }
        return tuple(sorted(need for need in needed if _DEBIAN_PACKAGE.fullmatch(str(need))))

    def _ask(self, address: str) -> dict[str, Any]:
        text = self.patience.ask(address, lambda: b"".join(self.stream(address)), retry_of_transfer)
        try:
            answer = read_json(text)
        except ValueError as error:
            raise ConnectionFailed(NOT_ITS_ANSWER, retry=None) from error
        if not isinstance(answer, dict):
            raise ConnectionFailed(NOT_ITS_ANSWER, retry=None)
        if answer.get("error"):
            raise ConnectionFailed(f"it says `{answer['error']}`", retry=None)
        return answer
