"""A clone whose release branch names tiny images with lists of dpkg, and the stand-in of Trivy to scan them with."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from dataclasses import dataclass, field
from gzip import GzipFile
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.tiny_images import Repository, files_layer

DEBIAN = {"etc/os-release": 'ID=debian\nVERSION_ID="13"\n', "etc/debian_version": "13.1\n"}
"""The files by which scanners know the distribution."""
PACKAGES = "opt/venv/lib/python3.13/site-packages"
PROGRAM = Path(__file__).with_name("standin_trivy.py")
MATRIX: dict[str, Any] = {
    "version": 1,
    "defaults": {"images": {"platforms": ["linux/amd64"]}},
    "sources": {"debian": "docker.io/library/debian:trixie-slim"},
    "images": {"base": {"from": "debian", "kind": "base"}, "leaf": {"from": "base"}},
    "release": {"sign": "none", "scan": {"tool": "trivy", "severity": "HIGH"}},
    "workflow": {"generator": ".[locked]", "rescan": {}},
}
OPENSSL = {"id": "CVE-2026-1", "package": "openssl", "severity": "CRITICAL", "fixed": "3.0.16-1"}
ZLIB = {"id": "CVE-2026-2", "package": "zlib1g", "severity": "HIGH", "fixed": "1:1.3.2"}
UNFIXED = {"id": "CVE-2026-3", "package": "tar", "severity": "HIGH"}


def release_of_trivy() -> bytes:
    """Return an archive as Trivy's releases are, with the stand-in in it."""
    target, content = io.BytesIO(), PROGRAM.read_bytes()
    # the same bytes each time: their checksum is pinned
    with (
        GzipFile(fileobj=target, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        entry = tarfile.TarInfo("trivy")
        entry.size, entry.mode = len(content), 0o755
        archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def dpkg_layer(
    versions: dict[str, str], python: dict[str, str] | None = None, more: dict[str, str] | None = None
) -> bytes:
    """Return a layer of Debian 13 with lists of these packages, and of projects of PyPI, as scanners read them."""
    status = "".join(
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"
        for name, version in versions.items()
    )
    about = {
        f"{PACKAGES}/{name}-{version}.dist-info/METADATA": (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n"
        )
        for name, version in (python or {}).items()
    }
    return files_layer({**DEBIAN, "var/lib/dpkg/status": status, **about, **(more or {})})


def write_layout(folder: Path, versions: dict[str, str]) -> Path:
    """Write an OCI layout of an image with a list of these packages; return its folder."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes) -> dict[str, str]:
        (blobs / sha256(content)).write_bytes(content)
        return {"digest": f"sha256:{sha256(content)}"}

    manifest = blob(json.dumps({"layers": [blob(dpkg_layer(versions))]}).encode())
    (folder / "index.json").write_text(json.dumps({"manifests": [manifest]}))
    return folder


def push_image(repository: Repository, versions: dict[str, str], *archs: str) -> str:
    """Write an image for some platforms; return the digest of its index."""
    return repository.index(
        [repository.image(arch, layer_tar=dpkg_layer(versions)) for arch in archs or ("amd64",)]
    )


@dataclass
class Clone:
    """A clone with its bare remote."""

    root: Path
    registry: str
    """Host and path of the images."""
    matrix: dict[str, Any] = field(default_factory=dict)

    def git(self, *arguments: str, stdin: str = "") -> str:
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self.root), *identity, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, input=stdin)
        return done.stdout.strip()

    def write(self, **more: Any) -> None:
        """Write the matrix, and push it to main."""
        self.matrix = {**MATRIX, "registry": self.registry, **more}
        (self.root / "matrix.yaml").write_text(yaml.safe_dump(self.matrix, sort_keys=False))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Change")
        self.git("push", "--quiet", "--force", "origin", "HEAD:refs/heads/main")

    def offer(self, branch: str, *archs: str, **digests: str) -> None:
        """Push a branch whose digest file names these images."""
        platforms = [f"linux/{arch}" for arch in archs or ("amd64",)]
        entries = {
            f"{name}:default": {
                "reference": f"{self.registry}/{name}:default-{'0' * 12}@{digest}",
                "digest": digest,
                "platforms": platforms,
                "key": "0" * 64,
            }
            for name, digest in digests.items()
        }
        blob = self.git("hash-object", "-w", "--stdin", stdin=json.dumps({"version": 1, "images": entries}))
        folder = self.git("mktree", stdin=f"100644 blob {blob}\timages.json\n")
        tree = self.git("mktree", stdin=f"040000 tree {folder}\tdeploy\n")
        commit = self.git("commit-tree", tree, "-m", "Release")
        self.git("push", "--quiet", "--force", "origin", f"{commit}:refs/heads/{branch}")


def make_clone(folder: Path, registry: str) -> Clone:
    """Make a clone and its remote."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder / "remote.git")], check=True)
    subprocess.run(
        ["git", "clone", "-q", str(folder / "remote.git"), str(folder / "work")],
        check=True,
        capture_output=True,
    )
    made = Clone(folder / "work", registry)
    made.git("checkout", "-q", "-B", "main")
    return made
