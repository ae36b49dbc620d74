"""A small cosign: ``sign`` and ``verify`` with a key of the tests, in the registry as cosign's simple signing has it.

Source: github.com/sigstore/cosign, specs/SIGNATURE_SPEC.md: the tag ``sha256-HEX.sig``, a layer with the payload, the
signature in an annotation. openssl does the cryptography; the key is in STANDIN_KEYS. What stands for a certificate is
the identity of the run, which is signed, too: without ``--key`` it has to be the one that is asked for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"
KEYS = Path(os.environ.get("STANDIN_KEYS", "."))


def openssl(*arguments: str, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", "dgst", "-sha256", *arguments], input=stdin, capture_output=True)


def blob(base: str, content: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    start = requests.post(f"{base}/blobs/uploads/", timeout=30)
    place = start.headers["Location"]
    place = place if place.startswith("http") else f"{base.partition('/v2/')[0]}{place}"
    join = "&" if "?" in place else "?"
    requests.put(f"{place}{join}digest={digest}", data=content, timeout=30).raise_for_status()
    return {"size": len(content), "digest": digest}


def split(reference: str) -> tuple[str, str]:
    name, _, digest = reference.partition("@")
    host, _, repository = name.partition("/")
    return f"http://{host}/v2/{repository}", digest


def identity() -> str:
    """Whom GitHub says that this run is: docs.sigstore.dev, "OIDC in Fulcio"."""
    server, repository, ref = (
        os.environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "REF")
    )
    return f"{server}/{repository}/.github/workflows/images.yaml@{ref}"


def sign(reference: str) -> None:
    base, digest = split(reference)
    requests.get(f"{base}/manifests/{digest}", headers={"Accept": INDEX_TYPE}, timeout=30).raise_for_status()
    said = {"critical": {"identity": {"docker-reference": ""}, "image": {"docker-manifest-digest": digest},
                         "type": "cosign container image signature"}, "optional": {"identity": identity()}}  # fmt: skip
    payload = json.dumps(said).encode()
    signature = base64.b64encode(openssl("-sign", str(KEYS / "key.pem"), stdin=payload).stdout).decode()
    layer = {"mediaType": PAYLOAD_TYPE, "annotations": {SIGNATURE: signature}, **blob(base, payload)}
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", **blob(base, b"{}")}
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": config,
        "layers": [layer],
    }
    tag = f"{digest.replace(':', '-')}.sig"
    headers = {"Content-Type": MANIFEST_TYPE}
    requests.put(f"{base}/manifests/{tag}", json=manifest, headers=headers, timeout=30).raise_for_status()


def verified(reference: str, wanted: str | None = None, key: str | None = None) -> bool:
    base, digest = split(reference)
    tag = f"{digest.replace(':', '-')}.sig"
    answer = requests.get(f"{base}/manifests/{tag}", headers={"Accept": MANIFEST_TYPE}, timeout=30)
    if answer.status_code != 200:
        return False
    layer = answer.json()["layers"][0]
    payload = requests.get(f"{base}/blobs/{layer['digest']}", timeout=30).content
    signature = KEYS / f"signature-{os.getpid()}"
    signature.write_bytes(base64.b64decode(layer["annotations"][SIGNATURE]))
    right = openssl("-verify", key or str(KEYS / "key.pub"), "-signature", str(signature), stdin=payload)
    said = json.loads(payload)
    return (
        right.returncode == 0
        and said["critical"]["image"]["docker-manifest-digest"] == digest
        and wanted in (None, said["optional"]["identity"])
    )


def option(name: str) -> str | None:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


def main() -> None:
    verb, reference = sys.argv[1], sys.argv[-1]
    if verb == "sign":
        sign(reference)
    elif not (verb == "verify" and verified(reference, option("--certificate-identity"), option("--key"))):
        sys.exit(f"no valid signature: {reference}")


if __name__ == "__main__":
    main()
