"""An archive of Debian packages on this machine, and source images that know it."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.e2e.support import REGISTRY, docker

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "http://archive.example.org"
"""The address that images have; the mirror setting of a matrix replaces it by that of the server."""
CONTROL = """\
Package: {name}
Version: {version}
Architecture: all
Maintainer: Tests <tests@example.org>
{fields}Description: a package of the tests
"""
ENTRY = """\
{source} ({version}) stable; urgency=medium

  * {text}

 -- Tests <tests@example.org>  Mon, 30 Nov 2026 00:00:00 +0000

"""
SOURCE = """\
FROM {base}
RUN rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*
COPY archive.list /etc/apt/sources.list.d/
"""


INSTALL = """\
RUN sed -i 's#{archive}#{address}#' /etc/apt/sources.list.d/archive.list && apt-get update \\
    && apt-get install --yes {packages} && rm -rf /var/lib/apt/lists/* \\
    && sed -i 's#{address}#{archive}#' /etc/apt/sources.list.d/archive.list
"""


@dataclass(frozen=True, slots=True)
class Archive:
    """A flat archive in a folder that is served; apt trusts it without a signature."""

    folder: Path
    """Below the folder that is served."""
    origin: str = "Debian"
    """Of its Release file: the distribution's own archives are told by it."""
    changelogs: dict[str, str] = field(default_factory=dict)
    """Source package to its changelog so far."""

    @property
    def line(self) -> str:
        """Its line in a list of apt."""
        return f"deb [trusted=yes] {ADDRESS}/{self.folder.name} ./\n"

    def publish(
        self, name: str, version: str, text: str = "A new version.", *, source: str = "", depends: str = ""
    ) -> None:
        """Add a package whose changelog has a new entry."""
        made_from = source or name
        entry = ENTRY.format(source=made_from, version=version, text=text)
        if not self.changelogs.get(made_from, "").startswith(entry):
            self.changelogs[made_from] = entry + self.changelogs.get(made_from, "")
        fields = {"Source": source, "Depends": depends}
        lines = "".join(f"{key}: {value}\n" for key, value in fields.items() if value)
        control = CONTROL.format(name=name, version=version, fields=lines)
        self._build(name, version, control, self.changelogs[made_from])
        self._index()

    def _build(self, name: str, version: str, control: str, changelog: str) -> None:
        package = self.folder.parent / f"{self.folder.name}-{name}"
        doc = package / "usr/share/doc" / name
        for folder in (package / "DEBIAN", doc, package / "etc", self.folder):
            folder.mkdir(parents=True, exist_ok=True)
        (package / "DEBIAN/control").write_text(control)
        (package / f"etc/{name}").write_text(f"{version}\n")
        (doc / "changelog.Debian.gz").write_bytes(gzip.compress(changelog.encode()))
        deb = self.folder / f"{name}_{version}_all.deb"
        command = ["dpkg-deb", "--root-owner-group", "--build", str(package), str(deb)]
        subprocess.run(command, check=True, capture_output=True)

    def _index(self) -> None:
        packages = "\n".join(self._stanza(deb) for deb in sorted(self.folder.glob("*.deb")))
        (self.folder / "Packages").write_text(packages)
        digest, size = hashlib.sha256(packages.encode()).hexdigest(), len(packages.encode())
        (self.folder / "Release").write_text(
            f"Origin: {self.origin}\nLabel: {self.origin}\nSuite: stable\nArchitectures: all amd64\n"
            f"Date: Mon, 30 Nov 2026 00:00:00 UTC\nSHA256:\n {digest} {size} Packages\n"
        )

    @staticmethod
    def _stanza(deb: Path) -> str:
        control = subprocess.run(
            ["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True
        ).stdout
        content = deb.read_bytes()
        return (
            f"{control}Filename: ./{deb.name}\nSize: {len(content)}\n"
            f"SHA256: {hashlib.sha256(content).hexdigest()}\n"
        )


def push_source(
    name: str, folder: Path, address: str, *archives: Archive, install: tuple[str, ...] = ()
) -> None:
    """Push a source image whose apt knows these archives alone, with some of their packages.

    ``address`` is that of the server.
    """
    folder.mkdir()
    (folder / "archive.list").write_text("".join(one.line for one in archives))
    steps = SOURCE.format(base=f"{REGISTRY}/library/debian:trixie-slim")
    if install:
        steps += INSTALL.format(address=address, archive=ADDRESS, packages=" ".join(install))
    (folder / "Dockerfile").write_text(steps)
    docker("buildx", "build", "--quiet", "--provenance=false", "--push", "--tag", name, str(folder))
