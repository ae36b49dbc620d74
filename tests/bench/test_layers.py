"""Layers are read from an archive in OCI's image layout, as the engine writes it."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

from bench.layers import archive, layers_of

LAYER = b"\x1f\x8b not JSON"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def saved() -> io.BytesIO:
    """Return the archive of an image with one layer, two steps and an attestation."""
    history = [
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN /bin/bash -c pip  install | x"},
    ]
    config = json.dumps({"history": history}).encode()
    descriptor = {"digest": digest(LAYER), "size": len(LAYER)}
    manifest = json.dumps({"config": {"digest": digest(config)}, "layers": [descriptor]}).encode()
    attestation = json.dumps({"layers": []}).encode()
    platforms = ((manifest, "linux"), (attestation, "unknown"))
    index = {"manifests": [{"digest": digest(content), "platform": {"os": os}} for content, os in platforms]}
    files = {
        f"blobs/{digest(content).replace(':', '/')}": content
        for content in (LAYER, config, manifest, attestation)
    }
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as packed:
        for name, content in {**files, "index.json": json.dumps(index).encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    stream.seek(0)
    return stream


def test_layers_have_their_size_and_the_step_that_made_them() -> None:
    (layer,) = layers_of(*archive(saved()))
    assert (layer.digest, layer.bytes, layer.step) == (digest(LAYER), len(LAYER), "pip install \\| x")
