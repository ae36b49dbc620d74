"""What a release writes down of its images: what is attached to them, what earlier releases say, or the matrix."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from image_matrix.inventory.by_layer import PackagesByLayer, layer_packages
from image_matrix.inventory.installed_files import DpkgNames
from image_matrix.inventory.model import PackageName
from image_matrix.inventory.record import read_record
from image_matrix.planning.attached_packages import attach_packages
from image_matrix.publish.attached_lists import attached_lists
from image_matrix.publish.release_files import PACKAGES, PAGE, deploy_files, entries_of
from image_matrix.publish.released_contents import states_of
from tests.planning.test_attached_packages import client, pushed
from tests.pruning.filled import Filled
from tests.publish.states import DIGEST, state
from tests.registry.writable import serving
from tests.workflow.matrices import matrix

if TYPE_CHECKING:
    from image_matrix.inventory.installed_files import Files
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.publish.released_contents import Attached

AMD64, ARM64 = "linux/amd64", "linux/arm64"
BASE, LEAF = "base:python3.13", "leaf:python3.13"
STATE = state(
    matrix(
        {"base": {"from": "debian", "axes": {"python": ["3.13"]}, "apt": ["git"]}, "leaf": {"from": "base"}},
        defaults={"images": {"platforms": [AMD64, ARM64]}},
        release={"lists": ["page"]},
    )
)
ENTRIES = entries_of(STATE, dict.fromkeys(STATE.loaded.variants, DIGEST))
SSL = PackageName("apt", "libssl3")


def dpkg(version: str, **more: str) -> Files:
    return {"var/lib/dpkg/status": DpkgNames({"git": "1:2", "libssl3": version, **more})}


def attached(version: str) -> Attached:
    return {name: dict.fromkeys((AMD64, ARM64), dpkg(version)) for name in ENTRIES}


def test_what_is_attached_is_written_and_on_the_page() -> None:
    files = deploy_files(STATE, ENTRIES, attached=attached("3.0.15"))
    record = read_record(files[PACKAGES].content.decode())
    assert record[LEAF].inventory.contents[SSL].versions == {"amd64": "3.0.15", "arm64": "3.0.15"}
    assert record[LEAF].inventory.contents[PackageName("apt", "git")].listed
    written = json.loads(files[PACKAGES].content)["images"]
    assert written[BASE]["installed"] == {"apt": {"libssl3": "3.0.15"}}
    assert written[LEAF]["on"] == BASE
    assert "installed" not in written[LEAF]
    assert files[PAGE].content.decode().count('"libssl3"') == 1


def test_without_all_platforms_the_matrix_says_what_is_in_it() -> None:
    known = states_of(STATE, ENTRIES, (), {BASE: {AMD64: dpkg("1")}})
    assert SSL not in known[BASE].inventory.contents
    assert not known[BASE].inventory.from_image


def test_what_an_earlier_release_read_from_the_image_counts() -> None:
    read = states_of(STATE, ENTRIES, (), attached("1"))
    by_matrix = states_of(STATE, ENTRIES, (), {})
    assert states_of(STATE, ENTRIES, (read,), {}) == read
    assert states_of(STATE, ENTRIES, (by_matrix, read), {}) == read
    assert states_of(STATE, ENTRIES, (by_matrix,), attached("1")) == read


def in_registry(filled: Filled, packages: Files | None) -> ReleaseEntry:
    """Put an index of two images into a registry, and attach packages to both; return its entry."""
    digests = []
    for arch in ("amd64", "arm64"):
        image = pushed(filled.server, filled.name.partition("/")[2], arch.encode())
        digests.append(image.partition("@")[2])
        if packages is not None:
            attach_packages(client(), image, PackagesByLayer((layer_packages("x", {}, packages),)))
    platforms = ({"os": "linux", "architecture": arch} for arch in ("amd64", "arm64"))
    listed = [
        {"digest": one, "mediaType": "application/vnd.oci.image.manifest.v1+json", "platform": platform}
        for one, platform in zip(digests, platforms, strict=True)
    ]
    index = filled.manifest(
        {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": listed}, "index"
    )
    return {**ENTRIES[BASE], "reference": f"{filled.repository}:index@{index}", "digest": index}


def test_only_images_that_no_release_has_written_down_are_asked() -> None:
    with serving() as server:
        entries = {BASE: in_registry(Filled(server), dpkg("1"))}
        lists = attached_lists(client(), STATE, entries, (), print)
        assert lists == {BASE: {AMD64: dpkg("1"), ARM64: dpkg("1")}}
        before = len(server.requests)
        known = states_of(STATE, entries, (), lists)
        assert attached_lists(client(), STATE, entries, (known,), print) == {}
        assert len(server.requests) == before
        by_matrix = states_of(STATE, entries, (), {})
        assert attached_lists(client(), STATE, entries, (by_matrix,), print) == lists


def test_an_image_of_another_matrix_is_not_asked() -> None:
    with serving() as server:
        entries = {BASE: {**in_registry(Filled(server), dpkg("1")), "key": "other"}}
        assert attached_lists(client(), STATE, entries, (), print) == {}


@pytest.mark.parametrize("status", [None, 403, 500])
def test_what_the_registry_does_not_say_is_left_out(status: int | None) -> None:
    with serving() as server:
        entries = {BASE: in_registry(Filled(server), None)}
        if status:
            server.behaviour.refused["GET"] = status
        assert attached_lists(client(), STATE, entries, (), print) == {BASE: {}}
