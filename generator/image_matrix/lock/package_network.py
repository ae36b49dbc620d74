"""Where Python packages are fetched here; nothing of it gets into the lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.mirrors import mirrored

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SETS_DEFAULT_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
"""Variables by which uv asks other indexes; docs.astral.sh/uv, "Environment variables"."""


@dataclass(frozen=True, slots=True)
class PackageNetwork:
    """Where packages are fetched here: mirrors, certificates and logins; nothing of it gets into the lock."""

    default_index: str | None = None
    indexes: Mapping[str, str] = field(default_factory=dict)
    """Public address to mirror."""
    ca_bundle: str | None = None
    netrc: str | None = None
    netrc_name: str | None = None
    """The same file as the matrix names it."""
    trusted: tuple[str, ...] = ()
    """Hosts as in ``network.trusted_hosts``."""
    replaces_default: bool = False
    """Whether settings of uv on this machine name another default index."""

    def mirror_of(self, index: str) -> str:
        """Return the address under which a public index is found here."""
        return mirrored(index, self.indexes)

    def public(self, index: str, requested: Iterable[str]) -> str | None:
        """Return which of the requested indexes uv names; ``None`` for the default one."""
        named = index.strip().rstrip("/")
        return next((item for item in requested if self.mirror_of(item).rstrip("/") == named), None)
