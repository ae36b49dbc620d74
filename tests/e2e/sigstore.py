"""The programs of cosign that the machine has, and a certificate authority that stands for Fulcio's.

A keyless signature needs Sigstore's public services. Here, a test's own authority certifies the identity of a run, as
Fulcio does for GitHub's token, and nothing is recorded in a log. :func:`keyless_program` writes a ``cosign`` that adds
the options for it to what it is called with, so that everything else is the real program's work.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from image_matrix.pinned.actions import tool_version
from tests.e2e import programs

PASSWORD = "of the tests"
ISSUER = "https://token.actions.githubusercontent.com"
RUN = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "example/notebooks",
    "GITHUB_REF": "refs/heads/main",
}
"""The environment of a run of the default branch."""
IDENTITY = "https://github.com/example/notebooks/.github/workflows/images.yaml@refs/heads/main"
DEBIAN = "debian"
PINNED = tool_version("cosign")
EXTENSIONS = """\
keyUsage=critical,digitalSignature
extendedKeyUsage=codeSigning
basicConstraints=critical,CA:false
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=critical,URI:{identity}
1.3.6.1.4.1.57264.1.1=DER:{issuer_bytes}
1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:{issuer}
"""
"""Of a certificate that Fulcio writes: github.com/sigstore/fulcio, docs/oid-info.md."""


def installed(name: str) -> Path:
    """Return the program of ``debian`` or of the pinned version; skips the test where there is none."""
    if name == PINNED:
        return programs.built("cosign", "cosign")
    folder = os.environ.get("IMAGE_MATRIX_TEST_COSIGN", "")
    program = Path(folder) / name / "cosign"
    if not folder or not program.is_file():
        pytest.skip("IMAGE_MATRIX_TEST_COSIGN has no cosign; `.ci/engine up` installs Debian's")
    return program


def newest() -> Path:
    """Return the pinned program if it is there, else Debian's; skips the test where there is none."""
    return installed(PINNED) if programs.folder("cosign") else installed(DEBIAN)


@dataclass(frozen=True, slots=True)
class Authority:
    """A key pair of cosign, and a certificate authority, in a folder."""

    folder: Path
    cosign: Path

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    @property
    def key(self) -> Path:
        return self.folder / "cosign.key"

    @property
    def public_key(self) -> Path:
        return self.folder / "cosign.pub"

    def certify(self, identity: str, issuer: str = ISSUER) -> Path:
        """Write a certificate of the key pair for an identity; it is its own file for each call."""
        name = f"certificate-{len(list(self.folder.glob('*.extensions')))}"
        (self.folder / f"{name}.extensions").write_text(
            EXTENSIONS.format(identity=identity, issuer=issuer, issuer_bytes=issuer.encode().hex())
        )
        openssl(self.folder, "req", "-new", "-key", "root.key", "-subj", "/", "-out", f"{name}.csr")
        openssl(
            self.folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "root.pem", "-CAkey", "root.key",
            "-CAcreateserial", "-days", "1", "-extfile", f"{name}.extensions", "-force_pubkey", "cosign.pub",
            "-out", f"{name}.pem",
        )  # fmt: skip
        return self.folder / f"{name}.pem"


def authority(folder: Path, cosign: Path) -> Authority:
    """Make a key pair and an authority in a folder."""
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "COSIGN_PASSWORD": PASSWORD}
    subprocess.run(
        [str(cosign), "generate-key-pair"], cwd=folder, check=True, capture_output=True, env=environment
    )
    openssl(folder, "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "root.key")
    openssl(
        folder, "req", "-x509", "-new", "-key", "root.key", "-subj", "/O=tests/CN=root", "-days", "1",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", "root.pem",
    )  # fmt: skip
    return Authority(folder, cosign)


def openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


KEYLESS = """#!/bin/sh
# cosign, with what stands for Fulcio and Rekor: CERTIFICATE certifies who signs, and nothing is in a log.
case "$*" in *--help) exec "{cosign}" "$@" ;; esac
verb=$1
shift
case $verb in
  sign | attest)
    exec "{cosign}" "$verb" {signs} --tlog-upload=false --key "{key}" --certificate "$CERTIFICATE" "$@" ;;
  *)
    exec "{cosign}" "$verb" {trusts} --insecure-ignore-sct --insecure-ignore-tlog "$@" ;;
esac
"""


def keyless_program(of: Authority, folder: Path) -> Path:
    """Write the ``cosign`` of a test's authority to a folder; return the folder, for PATH."""
    usage = subprocess.run([str(of.cosign), "sign", "--help"], capture_output=True, text=True).stdout
    if "--use-signing-config" in usage:
        signs, trusts = "--use-signing-config=false", f"--trusted-root={trusted_root(of)}"
    else:
        signs, trusts = "", f"--ca-roots={of.root}"
    folder.mkdir(exist_ok=True)
    program = folder / "cosign"
    program.write_text(KEYLESS.format(cosign=of.cosign, key=of.key, signs=signs, trusts=trusts))
    program.chmod(0o755)
    return folder


def trusted_root(of: Authority) -> Path:
    """Write the file that names an authority as Fulcio, which cosign 3 needs for bundles."""
    file = of.folder / "trusted-root.json"
    fulcio = f"url=https://fulcio.example.org,certificate-chain={of.root},start-time=2020-01-01T00:00:00Z"
    command = [str(of.cosign), "trusted-root", "create", f"--fulcio={fulcio}", f"--out={file}"]
    subprocess.run(command, check=True, capture_output=True)
    return file
