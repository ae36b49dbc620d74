"""Puts images into the registry of tests without requests: with attestations, dates, signatures and caches."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.pruning.manifests import CACHE_CONFIG
from image_matrix.registry.manifests import INDEX_TYPES
from image_matrix.registry.reference import digest_of
from image_matrix.registry.upload import IMAGE_MANIFEST

if TYPE_CHECKING:
    from tests.registry.writable import Writable

CONFIG = "application/vnd.oci.image.config.v1+json"
IN_2020 = "2020-02-20T20:02:20.123456789Z"


@dataclass(frozen=True, slots=True)
class Filled:
    """One repository of a registry."""

    server: Writable
    name: str = "team/base"

    @property
    def repository(self) -> str:
        return f"{self.server.host}/{self.name}"

    def blob(self, value: object, kind: str) -> dict[str, Any]:
        content = json.dumps(value).encode()
        self.server.blobs[f"{self.name}@{digest_of(content)}"] = content
        return {"mediaType": kind, "digest": digest_of(content), "size": len(content)}

    def manifest(self, value: dict[str, Any], *tags: str) -> str:
        content = json.dumps(value).encode()
        digest = digest_of(content)
        self.server.manifests[f"{self.name}@{digest}"] = content
        self.server.tags |= {f"{self.name}:{tag}": digest for tag in tags}
        return digest

    def image(self, text: str, *tags: str, created: str = IN_2020, **fields: Any) -> str:
        config = self.blob({"text": text, "created": created}, CONFIG)
        return self.manifest({"mediaType": IMAGE_MANIFEST, "config": config, "layers": [], **fields}, *tags)

    def index(self, digests: list[str], *tags: str, **fields: Any) -> str:
        listed = [{"mediaType": IMAGE_MANIFEST, "digest": digest} for digest in digests]
        return self.manifest({"mediaType": INDEX_TYPES[0], "manifests": listed, **fields}, *tags)

    def build(self, tag: str, *, created: str = IN_2020) -> str:
        """A build of buildx: an index of an image and its attestation, under both tags."""
        parts = [self.image(f"{tag} {part}", created=created) for part in ("image", "attestation")]
        return self.index(parts, tag, f"{tag}-candidate")

    def cache(self, tag: str, *, created: str = IN_2020) -> str:
        """A cache as an older BuildKit writes it: an index whose entries are blobs."""
        layers = [{"blob": "x", "parent": -1, "annotations": {"createdAt": created}}]
        config = self.blob({"layers": layers, "records": []}, CACHE_CONFIG)
        return self.manifest({"mediaType": INDEX_TYPES[0], "manifests": [config]}, tag)

    def sign(self, digest: str) -> str:
        return self.image(f"signature of {digest}", f"{digest.replace(':', '-')}.sig")

    def digests(self) -> set[str]:
        own = f"{self.name}@"
        return {key.removeprefix(own) for key in self.server.manifests if key.startswith(own)}

    def tags(self) -> set[str]:
        own = f"{self.name}:"
        return {key.removeprefix(own) for key in self.server.tags if key.startswith(own)}
