"""Defines repositories that apt installs from beside those of the distribution."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEYRINGS = "/etc/apt/keyrings"
"""The folder for keys of repositories that no package owns (sources.list(5), "Signed-By")."""
SOURCES = "/etc/apt/sources.list.d"
"""The folder for entries of single repositories (sources.list(5))."""
KEY_ENDINGS = (".asc", ".gpg")
"""What apt tells an armored and a binary key by (sources.list(5), "Signed-By")."""


@dataclass(frozen=True, slots=True)
class AptRepository:
    """A signed repository of Debian packages; texts may have placeholders until a variant fills them."""

    url: str
    suite: str
    key: str
    """Path of the key that signs it: as it is written, or in the project for a variant."""
    components: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the name of its files in an image: letters, digits and ``-``, as apt wants them."""
        address = re.sub(r"^[a-z]+://", "", self.url)
        return re.sub(r"[^a-z0-9]+", "-", f"{address} {self.suite}".lower()).strip("-")

    @property
    def is_flat(self) -> bool:
        """Whether its suite is a path, which has no components (sources.list(5))."""
        return self.suite.endswith("/")

    @property
    def keyring(self) -> str:
        """Return the name of its key in an image."""
        return f"{self.name}{'.gpg' if self.key.endswith('.gpg') else '.asc'}"

    @property
    def is_https(self) -> bool:
        """Whether apt needs certificates to reach it."""
        return self.url.startswith("https://")

    @property
    def key_path(self) -> str:
        """Return the path of its key in an image."""
        return f"{KEYRINGS}/{self.keyring}"

    @property
    def path(self) -> str:
        """Return the path of its entry in an image."""
        return f"{SOURCES}/{self.name}.sources"

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the stanza that apt reads, in deb822 form (sources.list(5))."""
        return (
            "Types: deb",
            f"URIs: {self.url}",
            f"Suites: {self.suite}",
            *((f"Components: {' '.join(self.components)}",) if self.components else ()),
            f"Signed-By: {self.key_path}",
        )

    def __str__(self) -> str:
        """Return it in one line: address, suite and components."""
        return " ".join((self.url, self.suite, *self.components))

    def with_texts(self, put: Callable[[str], str]) -> AptRepository:
        """Return it with every text changed."""
        components = tuple(put(text) for text in self.components)
        return replace(
            self, url=put(self.url), suite=put(self.suite), key=put(self.key), components=components
        )


def read_repositories(item: Mapping[str, Any]) -> tuple[AptRepository, ...]:
    """Read ``repositories`` of the settings of apt."""
    return tuple(
        AptRepository(one["url"], one["suite"], one["key"], tuple(one.get("components", ())))
        for one in item.get("repositories", ())
    )
