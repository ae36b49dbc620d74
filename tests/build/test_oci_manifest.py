from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.build.oci_manifest import DOCKER_MANIFEST, as_oci, rewrite_as_oci
from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.client import Registry
from image_matrix.registry.http import network
from image_matrix.registry.services import RegistryServices
from tests.registry.writable import Behaviour, serving

if TYPE_CHECKING:
    from tests.registry.writable import Writable

CONFIG = b'{"config": {"Shell": ["/bin/bash", "-c"], "Healthcheck": {"Test": ["CMD", "true"]}}}'
LAYER = b"a layer"


def described(content: bytes, kind: str) -> dict[str, Any]:
    return {
        "mediaType": kind,
        "size": len(content),
        "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }


MANIFEST = {
    "schemaVersion": 2,
    "mediaType": DOCKER_MANIFEST,
    "config": described(CONFIG, "application/vnd.docker.container.image.v1+json"),
    "layers": [described(LAYER, "application/vnd.docker.image.rootfs.diff.tar.gzip")],
}
PUSHED = json.dumps(MANIFEST).encode()
DIGEST = f"sha256:{hashlib.sha256(PUSHED).hexdigest()}"


def test_only_the_types_change() -> None:
    made = json.loads(as_oci(MANIFEST, {"a": "b"}))
    assert made["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert made["config"] == described(CONFIG, "application/vnd.oci.image.config.v1+json")
    assert made["layers"] == [described(LAYER, "application/vnd.oci.image.layer.v1.tar+gzip")]
    assert made["annotations"] == {"a": "b"}
    assert "annotations" not in json.loads(as_oci(MANIFEST, {}))


def client() -> Registry:
    return Registry(RegistryServices(network().send, lambda _: None))


def push(server: Writable) -> str:
    """Store what buildah pushes; return its tag."""
    for content in (CONFIG, LAYER):
        server.blobs[f"team/a@sha256:{hashlib.sha256(content).hexdigest()}"] = content
    server.manifests[f"team/a@{DIGEST}"] = PUSHED
    server.tags["team/a:x"] = DIGEST
    return f"{server.host}/team/a:x"


def test_the_tag_gets_the_manifest() -> None:
    with serving(Behaviour()) as server:
        digest = rewrite_as_oci(client(), push(server), DIGEST, {})
        assert server.tags["team/a:x"] == digest != DIGEST
        written = json.loads(server.manifests[f"team/a@{digest}"])
        assert written["config"]["digest"] == f"sha256:{hashlib.sha256(CONFIG).hexdigest()}"


def test_what_is_not_there_cannot_be_rewritten() -> None:
    with serving(Behaviour()) as server:
        tag = push(server)
        with pytest.raises(EnvironmentFailure, match="what was pushed cannot be read: not in the registry"):
            rewrite_as_oci(client(), tag, f"sha256:{'0' * 64}", {})
