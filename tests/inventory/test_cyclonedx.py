"""The bill of materials of an image: what scanners need of it, and the form that CycloneDX asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from image_matrix.inventory.cyclonedx import BuiltImage, bill_of_materials
from image_matrix.inventory.in_image import ReadImage, as_built
from image_matrix.inventory.model import Content, Inventory, PackageName
from image_matrix.inventory.package_urls import package_url
from tests.inventory.test_in_image import CONDA, FILES, SITE, metadata, read

SCHEMA = json.loads((Path(__file__).parent / "cyclonedx.schema.json").read_text(encoding="utf-8"))
DIGEST = f"sha256:{'1' * 64}"
DPKG = """\
Package: libssl3t64
Status: install ok installed
Architecture: amd64
Source: openssl
Version: 3.5.4-1~deb13u1

Package: bash
Status: install ok installed
Architecture: amd64
Source: bash (5.2.37-2)
Version: 5.2.37-2+b5

Package: git
Status: install ok installed
Architecture: amd64
Version: 1:2.47.3-0+deb13u1
"""
SYSTEM = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n'
WHOLE = {
    **FILES,
    "var/lib/dpkg/status": DPKG,
    "usr/lib/os-release": SYSTEM,
    "usr/local/lib/node_modules/@jupyter/chat/package.json": '{"name": "@jupyter/chat", "version": "1.2.0"}',
    f"{CONDA}/scikit_learn-1.dist-info/METADATA": metadata("scikit-learn", "1"),
}
EXPECTED = {
    PackageName("download", "kubectl"): Content({"amd64": "1.37.0"}, "lab"),
    PackageName("extensions", "ms-python.python"): Content({"amd64": "2026.1.0"}, "lab"),
    PackageName("provides", "jupyterhub"): Content({"amd64": "5"}, "lab"),
}


def bill(files: dict[str, str]) -> dict[str, Any]:
    records = read(files)
    inventory = as_built(Inventory(EXPECTED), {"amd64": [ReadImage("lab", records)]})
    image = BuiltImage("registry.example.org/team/lab", DIGEST, "amd64", inventory, records)
    assert bill_of_materials(image, "1") == bill_of_materials(image, "1")
    written: dict[str, Any] = json.loads(bill_of_materials(image, "1"))
    return written


def test_it_has_the_form_of_cyclonedx() -> None:
    for files in (WHOLE, {}):
        assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(bill(files))] == []


def test_every_package_has_its_url() -> None:
    components = bill(WHOLE)["components"]
    assert components[0] == {
        "type": "operating-system",
        "bom-ref": "system",
        "name": "debian",
        "version": "13",
    }
    assert [one["purl"] for one in components[1:]] == [
        "pkg:deb/debian/bash@5.2.37-2%2Bb5?arch=amd64&distro=debian-13&upstream=bash%405.2.37-2",
        "pkg:deb/debian/git@1:2.47.3-0%2Bdeb13u1?arch=amd64&distro=debian-13",
        "pkg:deb/debian/libssl3t64@3.5.4-1~deb13u1?arch=amd64&distro=debian-13&upstream=openssl",
        "pkg:conda/numpy@2.4.6?channel=conda-forge",
        "pkg:cran/dplyr@1.1.4",
        "pkg:generic/kubectl@1.37.0",
        "pkg:vscode-extension/ms-python/python@2026.1.0",
        "pkg:npm/%40jupyter/chat@1.2.0",
        "pkg:npm/yarn@1.22.22",
        "pkg:pypi/scikit-learn@1",
        "pkg:pypi/scikit-learn@1.9.1",
        "pkg:pypi/toolz@1.0.0",
    ]


def test_trivy_finds_the_source_package() -> None:
    by_name = {one["name"]: one for one in bill(WHOLE)["components"]}
    properties = {one["name"]: one["value"] for one in by_name["bash"]["properties"]}
    assert properties == {"aquasecurity:trivy:SrcName": "bash", "aquasecurity:trivy:SrcVersion": "5.2.37-2"}
    assert by_name["libssl3t64"]["properties"][0]["value"] == "openssl"
    assert "properties" not in by_name["toolz"]


def test_a_bill_is_of_one_image() -> None:
    written = bill(WHOLE)
    assert written["metadata"]["component"]["version"] == DIGEST
    other = BuiltImage("registry.example.org/team/lab", DIGEST.replace("1", "2"), "amd64", Inventory())
    assert json.loads(bill_of_materials(other, "1"))["serialNumber"] != written["serialNumber"]


def test_an_image_without_a_system_names_none() -> None:
    assert "operating-system" not in {
        one["type"] for one in bill({f"{SITE}/a-1.dist-info/METADATA": ""})["components"]
    }


@pytest.mark.parametrize(
    ("manager", "name", "version", "url"),
    [
        ("apt", "g++", "4:14", "pkg:deb/debian/g%2B%2B@4:14"),
        ("pip", "a b?c#d", "1/2", "pkg:pypi/a%20b%3Fc%23d@1%2F2"),
        ("npm", "yarn", "", "pkg:npm/yarn"),
        ("provides", "python", "3.13", None),
    ],
)
def test_what_a_url_cannot_hold_is_escaped(manager: str, name: str, version: str, url: str | None) -> None:
    assert package_url(PackageName(manager, name), version, "debian", {}) == url
