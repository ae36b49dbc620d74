"""Finds the hosts of scanners, signatures and attestations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.mirrors import mirrored
from image_matrix.endpoints.model import EndpointNeed, UnknownHosts, endpoint_of, https
from image_matrix.endpoints.scanner_databases import database_needs
from image_matrix.endpoints.sent_on import known, sent_on
from image_matrix.pinned.actions import plugin, tool
from image_matrix.registry.addresses import GO_HUB_HOST
from image_matrix.registry.known_hosts import service
from image_matrix.registry.reference import DOCKER_HUB, parse_reference

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix
    from image_matrix.config.release import Signing
    from image_matrix.endpoints.model import Step
    from image_matrix.endpoints.sent_on import Entries

_SIGN: tuple[Step, ...] = ("sign",)
_KMS_REGION = re.compile(r"awskms://[^/]*/.*arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):")
_KMS_HOST = re.compile(r"awskms://(?P<host>[^/]+)/")


def scan_needs(loaded: Loaded) -> Entries:
    """Yield the scanner's release and its database."""
    scanning, path = loaded.matrix.release.scan, ("release", "scan")
    if scanning.tool in ("trivy", "grype"):
        yield from _program(loaded, scanning.tool, ("scan",))
        yield from database_needs(scanning)
    elif scanning.tool == "image":
        yield UnknownHosts(
            ("scan",), f"what the scanner {scanning.image} asks for", "its documentation says it", path
        )
    elif scanning.tool == "command":
        what = f"what `{scanning.command[0] if scanning.command else 'the scanner'}` asks for"
        yield UnknownHosts(("scan",), what, "its documentation says it", path)


def _program(loaded: Loaded, name: str, steps: tuple[Step, ...]) -> Entries:
    """Yield where the release of a pinned program is fetched."""
    address = tool(name, "amd64", loaded.matrix.workflow.pins).url
    reached = mirrored(address, loaded.matrix.network.mirrors.downloads)
    yield EndpointNeed(endpoint_of(reached), steps, f"the program {name}")
    if reached == address:
        yield from sent_on(address, steps, {})


def sign_needs(loaded: Loaded) -> Entries:
    """Yield what signs, what logs signatures, and what attests."""
    release = loaded.matrix.release
    signing = release.sign
    if signing.role:
        yield from known(service("AWS STS", signing.region), _SIGN, "AWS STS")
    if signing.tool == "cosign":
        yield from _cosign(signing)
        yield from _hub_of_cosign(loaded.matrix)
    elif signing.tool == "notation":
        yield from _program(loaded, "notation", _SIGN)
        yield from _notation(loaded, signing)
    if release.attest == "github":
        yield EndpointNeed(
            endpoint_of("https://api.github.com"), _SIGN, "attestations of releases", ("release", "attest")
        )
        yield from known(service("Sigstore"), _SIGN, "Sigstore")
        yield from known(service("GitHub's Sigstore"), _SIGN, "GitHub's Sigstore")


def _hub_of_cosign(matrix: Matrix) -> Entries:
    """Yield what cosign asks for Docker Hub, where images or their copies are: another host than builds do."""
    places = {"registry": [matrix.registry], "release.copies": matrix.release.copies}
    for field, registries in places.items():
        if any(parse_reference(f"{registry}/image").host == DOCKER_HUB for registry in registries):
            what = "cosign: signatures of images of Docker Hub"
            yield EndpointNeed(https(GO_HUB_HOST), _SIGN, what, (*field.split("."),))


def _cosign(signing: Signing) -> Entries:
    if signing.keyless:
        yield from known(service("Sigstore"), _SIGN, "Sigstore")
    elif signing.public_log:
        yield from known(service("Sigstore's log"), _SIGN, "Sigstore")
    yield from _key(signing)


def _key(signing: Signing) -> Entries:
    """Yield the key management of a key's address; docs.sigstore.dev/cosign/key_management/overview."""
    key, path = signing.key or "", ("release", "sign", "key")
    host, region = _KMS_HOST.match(key), _KMS_REGION.match(key)
    if host:
        yield EndpointNeed(endpoint_of(f"https://{host['host']}"), _SIGN, "the key that signs", path)
    elif key.startswith("awskms://"):
        yield from known(service("AWS KMS", region["region"] if region else signing.region), _SIGN, "AWS KMS")
    elif key.startswith("gcpkms://"):
        yield from known(service("Google KMS"), _SIGN, "Google KMS")
    elif key.startswith("azurekms://"):
        yield from known(service("Azure Key Vault"), _SIGN, "Azure Key Vault")
    elif key.startswith("hashivault://"):
        yield UnknownHosts(
            _SIGN, "the Vault that has the key that signs", "it is the address in VAULT_ADDR", path
        )
    elif key.startswith("k8s://"):
        yield UnknownHosts(
            _SIGN, "the cluster that has the key that signs", "`kubectl cluster-info` prints it", path
        )


def _notation(loaded: Loaded, signing: Signing) -> Entries:
    pinned, path = plugin(signing.plugin or "", "amd64"), ("release", "sign", "plugin")
    if pinned is None:
        yield UnknownHosts(
            _SIGN, f"what the plugin {signing.plugin} asks for", "its documentation says it", path
        )
        return
    reached = mirrored(pinned[0], loaded.matrix.network.mirrors.downloads)
    yield EndpointNeed(endpoint_of(reached), _SIGN, f"the plugin {signing.plugin}", path)
    yield from known(service("AWS Signer", signing.region), _SIGN, "AWS Signer")
