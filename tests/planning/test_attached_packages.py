"""Packages that a build attaches to its image, over real HTTP; what is attached spares reading layers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from image_matrix.inventory.by_layer import PackagesByLayer, layer_packages, packed
from image_matrix.inventory.in_image import installed_packages
from image_matrix.inventory.installed_files import InstalledNpm
from image_matrix.planning.attached_packages import (
    BLOB,
    FILE_TYPE,
    PACKAGES_TYPE,
    attach_packages,
    packages_attached,
)
from image_matrix.planning.image_contents import packages_by_layer, platform_image, read_chain
from image_matrix.registry.client import Registry
from image_matrix.registry.http import network
from image_matrix.registry.patience import Patience, patient
from image_matrix.registry.reference import digest_of
from image_matrix.registry.referrers import attach
from image_matrix.registry.services import RegistryServices
from image_matrix.registry.upload import IMAGE_MANIFEST
from tests.importing.images import archive, python
from tests.pruning.filled import CONFIG, Filled
from tests.registry.test_upload import USER
from tests.registry.writable import Behaviour, serving

if TYPE_CHECKING:
    from image_matrix.inventory.in_image import Installed
    from tests.registry.writable import Writable

SITE = "usr/lib/python3/site-packages"
LOWER, UPPER = (
    archive(python(SITE, "a", "1")),
    archive({**python(SITE, "b", "2"), f"{SITE}/.wh.a-1.dist-info": ""}),
)
AMD64 = "linux/amd64"


def client() -> Registry:
    """Return a client that can also read layers."""
    patience, http = Patience(lambda _seconds: None), network()
    return Registry(RegistryServices(patient(http.send, patience), lambda _host: USER, {}, http.opened))


def pushed(server: Writable, name: str, *layers: bytes) -> str:
    """Put an image into the registry; return it by digest."""
    filled, parts = Filled(server, f"team/{name}"), []
    for layer in layers:
        server.blobs[f"team/{name}@{digest_of(layer)}"] = layer
        parts.append({"digest": digest_of(layer), "size": len(layer)})
    config = filled.blob({"os": "linux", "architecture": "amd64"}, CONFIG)
    digest = filled.manifest({"mediaType": IMAGE_MANIFEST, "config": config, "layers": parts}, "1")
    return f"{filled.repository}@{digest}"


def recorded(image: str) -> PackagesByLayer:
    """Read the layers of an image, and attach what is in them."""
    registry = client()
    found = packages_by_layer(registry, platform_image(registry, image), PackagesByLayer(), print)
    attach_packages(registry, image, found)
    return found


def names(installed: Installed) -> dict[str, str]:
    return {one.name: version for one, version in installed.items()}


def layers_read(server: Writable, start: int) -> list[bytes]:
    """Return the layers that were requested since."""
    digests = {digest_of(layer): layer for layer in (LOWER, UPPER)}
    asked = (one.rpartition("/")[2] for one in server.requests[start:] if "/blobs/" in one)
    return [digests[one] for one in asked if one in digests]


@pytest.mark.parametrize("lists", [True, False], ids=["referrers", "a tag"])
def test_what_is_attached_is_found_again(lists: bool) -> None:
    with serving(Behaviour(lists_referrers=lists)) as server:
        image = pushed(server, "lab", LOWER, UPPER)
        assert packages_attached(client(), image) is None
        found = recorded(image)
        assert packages_attached(client(), image) == found
        assert names(installed_packages(found.files())) == {"b": "2"}


def test_nothing_is_read_again_of_what_is_attached() -> None:
    with serving() as server:
        base, lab = pushed(server, "base", LOWER), pushed(server, "lab", LOWER, UPPER)
        read = read_chain(client(), {"base": base, "lab": lab}, AMD64, print)
        recorded(base)
        start = len(server.requests)
        assert read_chain(client(), {"base": base, "lab": lab}, AMD64, print) == read
        assert layers_read(server, start) == [UPPER]
        recorded(lab)
        start = len(server.requests)
        assert read_chain(client(), {"base": base, "lab": lab}, AMD64, print) == read
        assert layers_read(server, start) == []


def test_a_list_that_lies_about_its_image_is_not_used() -> None:
    with serving() as server:
        base, lab = pushed(server, "base", LOWER), pushed(server, "lab", LOWER, UPPER)
        lie = PackagesByLayer((layer_packages(digest_of(LOWER), {}, {"x": InstalledNpm("evil", "1")}),))
        content = packed(base.partition("@")[2], lie)
        attach(
            client(), lab, PACKAGES_TYPE, {FILE_TYPE: content}, {FILE_TYPE: "x"}, {BLOB: digest_of(content)}
        )
        said: list[str] = []
        assert packages_attached(client(), lab, said.append) is None
        assert "another image" in said[0]
        assert names(installed_packages(read_chain(client(), {"lab": lab}, AMD64, print)[-1].files)) == {
            "b": "2"
        }


@pytest.mark.parametrize("blob", [f"sha256:{'0' * 64}", "../../other"])
def test_a_list_that_is_not_there_is_no_list(blob: str) -> None:
    with serving() as server:
        lab = pushed(server, "lab", LOWER)
        attach(client(), lab, PACKAGES_TYPE, {FILE_TYPE: b"x"}, {FILE_TYPE: "x"}, {BLOB: blob})
        assert packages_attached(client(), lab) is None
        assert not any("other" in one for one in server.requests)


def test_a_registry_that_fails_is_not_a_list() -> None:
    with serving() as server:
        lab = pushed(server, "lab", LOWER)
        server.behaviour.refused["GET"] = 500
        said: list[str] = []
        assert packages_attached(client(), lab, said.append) is None
        assert "whether packages are attached is not known" in said[0]


def test_the_list_is_small_and_names_its_image() -> None:
    with serving() as server:
        lab = pushed(server, "lab", LOWER)
        recorded(lab)
        manifests = [json.loads(one) for one in server.manifests.values()]
        of_list = next(one for one in manifests if one.get("artifactType") == PACKAGES_TYPE)
        assert of_list["subject"]["digest"] == lab.partition("@")[2]
        assert of_list["layers"][0]["digest"] == of_list["annotations"][BLOB]
        assert of_list["layers"][0]["size"] < 500
