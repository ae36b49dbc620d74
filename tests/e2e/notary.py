"""The real Notation with a key of the tests: a plugin that signs with openssl, a trust store, and a trust policy.

Notation signs with what a plugin has, so a key on disk needs a plugin, too.

Source: github.com/notaryproject/specifications, specs/plugin-extensibility.md and specs/trust-store-trust-policy.md.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.e2e.sigstore import openssl

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = "org.example.openssl"
SUBJECT = "/C=DE/ST=B/O=tests/CN={name}"
"""Notation wants country, state and organization of whoever signs."""
PROGRAM = '''\
#!{python}
"""A plugin of Notation: the key's id is the path of its PEM, beside which is its certificate."""

import base64
import json
import subprocess
import sys


def metadata(asked):
    return {{"name": "{plugin}", "description": "signs with openssl", "version": "1.0.0", "url": "https://example.org",
            "supportedContractVersions": ["1.0"], "capabilities": ["SIGNATURE_GENERATOR.RAW"]}}


def key(asked):
    return {{"keyId": asked["keyId"], "keySpec": "RSA-2048"}}


def signature(asked):
    path = asked["keyId"]
    padding = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1"]
    sign = ["openssl", "dgst", "-sha256", "-sign", path, *padding]
    signed = subprocess.run(sign, input=base64.b64decode(asked["payload"]), capture_output=True, check=True)
    export = ["openssl", "x509", "-in", path.removesuffix(".key") + ".pem", "-outform", "DER"]
    certificate = subprocess.run(export, capture_output=True, check=True)
    return {{"keyId": path, "signingAlgorithm": "RSASSA-PSS-SHA-256",
            "signature": base64.b64encode(signed.stdout).decode(),
            "certificateChain": [base64.b64encode(certificate.stdout).decode()]}}


answers = {{"get-plugin-metadata": metadata, "describe-key": key, "generate-signature": signature}}
print(json.dumps(answers[sys.argv[1]](json.load(sys.stdin))))
'''
POLICY = {
    "version": "1.0",
    "trustPolicies": [
        {
            "name": "images",
            "registryScopes": ["*"],
            "signatureVerification": {"level": "strict"},
            "trustStores": ["ca:team"],
            "trustedIdentities": ["*"],
        }
    ],
}


def new_key(folder: Path, name: str) -> Path:
    """Write ``NAME.key`` and its certificate ``NAME.pem``; return the key."""
    openssl(
        folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", SUBJECT.format(name=name),
        "-keyout", f"{name}.key", "-out", f"{name}.pem", "-addext", "keyUsage=critical,digitalSignature",
        "-addext", "extendedKeyUsage=codeSigning", "-addext", "basicConstraints=critical,CA:false",
    )  # fmt: skip
    return folder / f"{name}.key"


def install_plugin(settings: Path) -> None:
    """Write the plugin below a folder of settings (XDG_CONFIG_HOME)."""
    program = settings / "notation" / "plugins" / PLUGIN / f"notation-{PLUGIN}"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM.format(python=sys.executable, plugin=PLUGIN))
    program.chmod(0o755)


def trust(notation: Path, settings: Path, key: Path) -> None:
    """Make signatures of a key valid, and no others, as docs/release.md says."""
    policy = settings / "policy.json"
    policy.write_text(json.dumps(POLICY))
    certificate = str(key.with_suffix(".pem"))
    for command in (
        ("certificate", "add", "--type", "ca", "--store", "team", certificate),
        ("policy", "import", str(policy)),
    ):
        environment = {"XDG_CONFIG_HOME": str(settings), "HOME": str(settings)}
        done = subprocess.run([notation, *command], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
