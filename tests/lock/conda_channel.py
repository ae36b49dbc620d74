"""Channels of conda with hand-made packages, as files of a web server."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SUBDIRS = ("noarch", "linux-64", "linux-aarch64")


@dataclass(frozen=True, slots=True)
class Built:
    """A package of a channel."""

    name: str
    version: str
    depends: tuple[str, ...] = ()
    subdir: str = "noarch"
    build: str = "0"

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}-{self.build}.tar.bz2"

    @property
    def index(self) -> dict[str, object]:
        """What info/index.json says of it (docs.conda.io, "Package metadata")."""
        platform = {"noarch": "generic"} if self.subdir == "noarch" else {}
        return {
            "name": self.name,
            "version": self.version,
            "build": self.build,
            "build_number": 0,
            "depends": [*self.depends],
            "subdir": self.subdir,
            **platform,
        }

    @property
    def archive(self) -> bytes:
        """The package: one file that says its name."""
        share = f"share/{self.name}"
        paths = {"paths": [{"_path": share, "path_type": "hardlink"}], "paths_version": 1}
        files = {
            "info/index.json": json.dumps(self.index),
            "info/paths.json": json.dumps(paths),
            share: self.version,
        }
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:bz2") as archive:
            for path, text in files.items():
                member = tarfile.TarInfo(path)
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        return buffer.getvalue()


def write_channel(folder: Path, *packages: Built) -> None:
    """Write a channel: the packages, and for each platform repodata.json with what is in them."""
    for subdir in SUBDIRS:
        (folder / subdir).mkdir(parents=True)
        records = {}
        for item in packages:
            if item.subdir == subdir:
                content = item.archive
                (folder / subdir / item.file).write_bytes(content)
                sums = {
                    "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "size": len(content),
                }
                records[item.file] = {**item.index, **sums}
        data = {"info": {"subdir": subdir}, "packages": records, "packages.conda": {}, "repodata_version": 1}
        (folder / subdir / "repodata.json").write_text(json.dumps(data), encoding="utf-8")
