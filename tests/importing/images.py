"""Images for a registry that stands in: layers from files, in several formats."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING

from image_matrix.registry.reference import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.registry.misbehaving import Server

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def archive(
    files: Mapping[str, str], links: Mapping[str, str] | None = None, kind: bytes = tarfile.LNKTYPE
) -> bytes:
    """Return a tar file; ``links`` are hard links, or of another kind, to their targets."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
        for name, target in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            tar.addfile(entry)
    return out.getvalue()


def gzipped(content: bytes, parts: int = 1) -> bytes:
    """Return a gzip file of several members, as pigz and estargz write them."""
    size = len(content) // parts + 1
    return b"".join(gzip.compress(content[at : at + size]) for at in range(0, len(content), size))


def hold(server: Server, name: str, layers: Sequence[bytes], labels: Mapping[str, str] | None = None) -> str:
    """Let a registry have an image; return its reference."""
    config = json.dumps({"os": "linux", "architecture": "amd64", "config": {"Labels": labels}}).encode()
    for content in (config, *layers):
        server.behaviour.blobs[digest_of(content)] = content
    server.behaviour.held[name] = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"digest": digest_of(config)},
            "layers": [{"digest": digest_of(item), "size": len(item)} for item in layers],
        }
    ).encode()
    return f"{server.host}/{name}:1"


def python(folder: str, name: str, version: str, *requires: str) -> dict[str, str]:
    """Return what pip records of a package."""
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    lines += [f"Requires-Dist: {item}\n" for item in requires]
    return {
        f"{folder}/{name}-{version}.dist-info/METADATA": "".join([*lines, "\nName: of the description\n"])
    }


def conda(
    prefix: str,
    name: str,
    version: str,
    *depends: str,
    channel: str = "conda-forge",
    files: Sequence[str] = (),
) -> dict[str, str]:
    """Return what conda records of a package."""
    record = {
        "name": name,
        "version": version,
        "depends": depends,
        "channel": f"https://conda.anaconda.org/{channel}/linux-64",
        "files": files,
    }
    return {f"{prefix}/conda-meta/{name}-{version}-0.json": json.dumps(record)}


def dpkg(*names: str, removed: Sequence[str] = ()) -> dict[str, str]:
    """Return what dpkg records."""
    stanzas = [
        f"Package: {name}\nStatus: install ok installed\nVersion: 1\nDescription: x\n more\n"
        for name in names
    ]
    stanzas += [f"Package: {name}\nStatus: deinstall ok config-files\nVersion: 1\n" for name in removed]
    return {"var/lib/dpkg/status": "\n".join(stanzas)}


def automatic(*names: str) -> dict[str, str]:
    """Return apt's record of packages that others need."""
    text = "\n".join(f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n" for name in names)
    return {"var/lib/apt/extended_states": text}


def hold_index(
    server: Server, name: str, platforms: Mapping[str, str], annotations: Mapping[str, str]
) -> str:
    """Let a registry have an index of images that it holds already, by architecture; return its reference."""
    entries = []
    for architecture, image in platforms.items():
        manifest = server.behaviour.held[image]
        server.behaviour.blobs[digest_of(manifest)] = manifest
        platform = {"os": "linux", "architecture": architecture}
        entries.append({"digest": digest_of(manifest), "platform": platform})
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries, "annotations": annotations}
    server.behaviour.held[name] = json.dumps(index).encode()
    return f"{server.host}/{name}:1"
