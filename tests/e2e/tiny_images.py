"""Images of a few bytes, written to a registry without an engine."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of a registry that speaks plain HTTP."""

    name: str
    """Host and path: ``localhost:5000/team/base``."""

    @property
    def url(self) -> str:
        host, _, path = self.name.partition("/")
        return f"http://{host}/v2/{path}"

    def at(self, digest: str) -> str:
        return f"{self.name}@{digest}"

    def image(self, arch: str, tag: str | None = None, layer_tar: bytes = b"") -> dict[str, Any]:
        """Write an image with one layer, by default with a file of random bytes; return its descriptor."""
        layer = {"mediaType": LAYER, **self.blob(layer_tar or one_file(os.urandom(20)))}
        files = {"type": "layers", "diff_ids": [layer["digest"]]}
        config = {"architecture": arch, "os": "linux", "config": {}, "rootfs": files}
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, **self.blob(json.dumps(config).encode())},
            "layers": [layer],
        }
        return {**self.manifest(manifest, tag), "platform": {"os": "linux", "architecture": arch}}

    def index(self, images: list[dict[str, Any]], tag: str | None = None) -> str:
        """Write an index of images; return its digest."""
        manifest = {"schemaVersion": 2, "mediaType": INDEX, "manifests": images}
        return str(self.manifest(manifest, tag)["digest"])

    def blob(self, content: bytes) -> dict[str, Any]:
        """Write a blob; return its digest and size."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        start = requests.post(f"{self.url}/blobs/uploads/", timeout=30)
        location = urljoin(start.url, start.headers["Location"])
        join = "&" if "?" in location else "?"
        requests.put(f"{location}{join}digest={digest}", data=content, timeout=30).raise_for_status()
        return {"digest": digest, "size": len(content)}

    def manifest(self, manifest: dict[str, Any], tag: str | None = None) -> dict[str, Any]:
        """Write a manifest under its digest, or a tag; return its descriptor."""
        content, kind = json.dumps(manifest).encode(), manifest["mediaType"]
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.write(content, kind, tag or digest)
        return {"mediaType": kind, "digest": digest, "size": len(content)}

    def write(self, content: bytes, kind: str, version: str) -> None:
        """Write the bytes of a manifest under a tag or its digest."""
        url, headers = f"{self.url}/manifests/{version}", {"Content-Type": kind}
        requests.put(url, data=content, headers=headers, timeout=30).raise_for_status()

    def point(self, tag: str, digest: str) -> None:
        """Point a tag to a manifest that the repository has."""
        content = self.content(digest)
        self.write(content, json.loads(content)["mediaType"], tag)

    def delete(self, digest: str) -> None:
        """Delete a manifest, and the tags that point to it."""
        requests.delete(f"{self.url}/manifests/{digest}", timeout=30).raise_for_status()

    def digest(self, tag: str) -> str | None:
        """Return the digest that a tag points to; ``None`` if there is none."""
        accept = {"Accept": f"{INDEX}, {MANIFEST}"}
        answer = requests.head(f"{self.url}/manifests/{tag}", headers=accept, timeout=30)
        return answer.headers["Docker-Content-Digest"] if answer.ok else None

    def read(self, version: str) -> dict[str, Any] | None:
        """Return the manifest under a tag or digest; ``None`` if there is none."""
        content = self.content(version)
        return dict(json.loads(content)) if content else None

    def content(self, version: str) -> bytes:
        """Return the bytes of the manifest under a tag or digest; none if there is none."""
        accept = {"Accept": f"{INDEX}, {MANIFEST}"}
        answer = requests.get(f"{self.url}/manifests/{version}", headers=accept, timeout=30)
        return answer.content if answer.ok else b""


def one_file(content: bytes, name: str = "file") -> bytes:
    """Return a layer with a file of this content."""
    return files_layer({name: content})


def files_layer(files: Mapping[str, bytes | str]) -> bytes:
    """Return a layer with these files."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as layer:
        for name, text in files.items():
            content = text.encode() if isinstance(text, str) else text
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            layer.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def copy_image(source: Repository, digest: str, target: Repository) -> None:
    """Copy an image, or an index with its images, to another repository under its digest."""
    image = source.read(digest)
    assert image is not None
    for child in image.get("manifests", ()):
        copy_image(source, child["digest"], target)
    copy_parts(source, image, target)
    target.write(source.content(digest), image["mediaType"], digest)


def copy_signatures(source: Repository, signed: str, target: Repository, digest: str) -> int:
    """Give an image what is stored of signatures for another one; return the number of manifests written.

    The older format is a tag for signatures and one for attestations. Bundles are manifests with the image as
    ``subject``, which a registry without referrers lists in an index under a tag (distribution-spec, "Referrers Tag
    Schema").
    """
    old, new = (name.replace(":", "-") for name in (signed, digest))
    copies = 0
    for suffix in (".sig", ".att"):
        if manifest := source.read(f"{old}{suffix}"):
            copy_parts(source, manifest, target)
            target.manifest(manifest, f"{new}{suffix}")
            copies += 1
    if listed := source.read(old):
        bundles = [copy_bundle(source, one, target, digest) for one in listed["manifests"]]
        target.manifest({"schemaVersion": 2, "mediaType": INDEX, "manifests": bundles}, new)
        copies += len(bundles)
    return copies


def copy_bundle(
    source: Repository, descriptor: dict[str, Any], target: Repository, digest: str
) -> dict[str, Any]:
    manifest = source.read(descriptor["digest"])
    assert manifest is not None
    copy_parts(source, manifest, target)
    subject = {"mediaType": MANIFEST, "digest": digest, "size": len(target.content(digest))}
    return {**descriptor, **target.manifest({**manifest, "subject": subject})}


def copy_parts(source: Repository, manifest: dict[str, Any], target: Repository) -> None:
    """Copy the blobs that a manifest names."""
    for part in (*filter(None, [manifest.get("config")]), *manifest.get("layers", ())):
        target.blob(requests.get(f"{source.url}/blobs/{part['digest']}", timeout=30).content)
