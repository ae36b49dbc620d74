"""A small cosign: ``sign``, ``attest`` and what verifies them, with a key of the tests.

It writes to the registry as cosign's simple signing does.

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


def statement(digest: str, annotations: dict[str, Any]) -> dict[str, Any]:
    """Return what a signature covers; the digest stands where cosign's simple signing has it."""
    image = {"docker-manifest-digest": digest}
    critical = {
        "identity": {"docker-reference": ""},
        "image": image,
        "type": "cosign container image signature",
    }
    return {"critical": critical, "optional": {"identity": identity(), **annotations}}


def kept(base: str, digest: str, suffix: str) -> list[dict[str, Any]]:
    """Return the layers of what is attached to a digest: signatures (``sig``) or attestations (``att``)."""
    address = f"{base}/manifests/{digest.replace(':', '-')}.{suffix}"
    answer = requests.get(address, headers={"Accept": MANIFEST_TYPE}, timeout=30)
    return answer.json()["layers"] if answer.status_code == 200 else []


def attach(reference: str, suffix: str, statement: dict[str, Any]) -> None:
    """Sign a statement and add it to what is attached to a digest."""
    base, digest = split(reference)
    requests.get(f"{base}/manifests/{digest}", headers={"Accept": INDEX_TYPE}, timeout=30).raise_for_status()
    payload = json.dumps(statement).encode()
    signature = base64.b64encode(openssl("-sign", str(KEYS / "key.pem"), stdin=payload).stdout).decode()
    layer = {"mediaType": PAYLOAD_TYPE, "annotations": {SIGNATURE: signature}, **blob(base, payload)}
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", **blob(base, b"{}")}
    layers = [*kept(base, digest, suffix), layer]
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": config,
        "layers": layers,
    }
    address = f"{base}/manifests/{digest.replace(':', '-')}.{suffix}"
    requests.put(
        address, json=manifest, headers={"Content-Type": MANIFEST_TYPE}, timeout=30
    ).raise_for_status()


def statements(
    reference: str, suffix: str, wanted: str | None = None, key: str | None = None
) -> list[dict[str, Any]]:
    """Return the statements with a valid signature of the identity that is wanted."""
    base, digest = split(reference)
    valid = []
    for layer in kept(base, digest, suffix):
        payload = requests.get(f"{base}/blobs/{layer['digest']}", timeout=30).content
        signature = KEYS / f"signature-{os.getpid()}"
        signature.write_bytes(base64.b64decode(layer["annotations"][SIGNATURE]))
        right = openssl("-verify", key or str(KEYS / "key.pub"), "-signature", str(signature), stdin=payload)
        said = json.loads(payload)
        if (
            right.returncode == 0
            and said["critical"]["image"]["docker-manifest-digest"] == digest
            and wanted in (None, said["optional"]["identity"])
        ):
            valid.append(said)
    return valid


def verified(
    reference: str,
    wanted: str | None = None,
    key: str | None = None,
    annotations: dict[str, str] | None = None,
) -> bool:
    return any(
        (annotations or {}).items() <= said["optional"].items()
        for said in statements(reference, "sig", wanted, key)
    )


def attestations(reference: str, kind: str, wanted: str | None, key: str | None) -> list[str]:
    """Return what ``verify-attestation`` prints: a DSSE envelope a line."""
    said = (one["optional"]["statement"] for one in statements(reference, "att", wanted, key))
    return [
        json.dumps({"payload": base64.b64encode(json.dumps(one).encode()).decode()})
        for one in said
        if one["predicateType"] == kind
    ]


def option(name: str) -> str | None:
    """Return the value of ``--name value`` or ``--name=value``."""
    joined = next((word for word in sys.argv if word.startswith(f"{name}=")), None)
    if joined:
        return joined.partition("=")[2]
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


def asked_annotations() -> dict[str, str]:
    words = (word.removeprefix("--annotations=") for word in sys.argv if word.startswith("--annotations="))
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def main() -> None:
    verb, reference = sys.argv[1], sys.argv[-1]
    wanted, key, kind = option("--certificate-identity"), option("--key"), option("--type")
    digest = split(reference)[1]
    if verb == "sign":
        attach(reference, "sig", statement(digest, asked_annotations()))
    elif verb == "attest":
        predicate = json.loads(Path(option("--predicate") or "").read_text())
        attested = {"predicateType": kind, "predicate": predicate}
        attach(reference, "att", statement(digest, {"statement": attested}))
    elif verb == "verify-attestation" and (lines := attestations(reference, kind or "", wanted, key)):
        print("\n".join(lines))
    elif not (verb == "verify" and verified(reference, wanted, key, asked_annotations())):
        sys.exit(f"no valid signature: {reference}")


if __name__ == "__main__":
    main()
