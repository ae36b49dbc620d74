"""What layers change in the packages of an image: the same as what the whole image has, also after it was written."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.inventory import by_layer
from image_matrix.inventory.by_layer import PackagesByLayer, layer_packages, packed, unpacked
from image_matrix.inventory.file_data import files_data, read_files
from image_matrix.inventory.installed_files import (
    AutomaticNames,
    DpkgNames,
    InstalledConda,
    InstalledNpm,
    InstalledPython,
    InstalledR,
    OsRelease,
    Presence,
    Record,
    reader_of,
)
from image_matrix.registry.image_layers import laid_over, read_layer
from tests.importing.images import archive
from tests.laws import examples

if TYPE_CHECKING:
    from image_matrix.inventory.installed_files import Files

IMAGE, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
TEXT = st.text(max_size=5)
NAMES = st.frozensets(TEXT, max_size=3)
TEXTS = st.dictionaries(TEXT, TEXT, max_size=3)
RECORDS: st.SearchStrategy[Record | None] = st.one_of(
    st.none(),
    st.builds(DpkgNames, TEXTS, TEXTS, TEXTS),
    st.builds(AutomaticNames, NAMES),
    st.builds(InstalledPython, TEXT, TEXT, NAMES),
    st.builds(InstalledConda, TEXT, TEXT, TEXT, NAMES, NAMES),
    st.builds(InstalledNpm, TEXT, TEXT),
    st.builds(InstalledR, TEXT, TEXT, TEXT, NAMES, st.booleans()),
    st.builds(OsRelease, TEXT, TEXT),
    st.just(Presence()),
)
SITE = "opt/site-packages"
ENTRIES = st.dictionaries(
    st.sampled_from(
        [
            *(f"{SITE}/{name}-1.dist-info/METADATA" for name in "ab"),
            *(f"{SITE}/.wh.{name}-1.dist-info" for name in "ab"),
            f"{SITE}/a-1.dist-info/.wh.METADATA",
            f"{SITE}/.wh..wh..opq",
            "opt/.wh.site-packages",
            "var/lib/dpkg/status",
            "var/lib/dpkg/.wh.status",
            "var/lib/dpkg",
        ]
    ),
    st.sampled_from(["Name: a\nVersion: 1\n", "Name: a\nVersion: 2\n", "Package: x\nVersion: 3\n"]),
    max_size=5,
)


def one_by_one(layers: list[bytes], known: PackagesByLayer) -> tuple[PackagesByLayer, Files]:
    """Read the layers that are not known; return what each changes, and the files of the image."""
    files: Files = known.files()
    changes = [*known.layers]
    for number, layer in enumerate(layers[len(changes) :], start=len(changes)):
        above: Files = laid_over(files, read_layer(iter([layer]), files, reader_of))
        changes.append(layer_packages(f"{number}", files, above))
        files = above
    return PackagesByLayer(tuple(changes)), files


@settings(max_examples=examples(300))
@given(st.lists(ENTRIES, min_size=1, max_size=5), st.data())
def test_a_child_knows_the_layers_of_its_parent(entries: list[dict[str, str]], data: st.DataObject) -> None:
    layers = [archive(one) for one in entries]
    count = data.draw(st.integers(0, len(layers)))
    whole, files = one_by_one(layers, PackagesByLayer())
    parent, lower = one_by_one(layers[:count], PackagesByLayer())
    recorded = unpacked(IMAGE, [packed(IMAGE, parent)])
    assert recorded.files() == lower
    assert one_by_one(layers, recorded) == (whole, files)
    assert whole.files() == files
    assert whole.files(count) == lower
    assert whole.shared_with(f"{number}" for number in range(count)) == parent


@settings(max_examples=examples(300))
@given(st.dictionaries(TEXT, RECORDS, max_size=4))
def test_what_is_written_is_read(files: dict[str, Record | None]) -> None:
    assert read_files(json.loads(json.dumps(files_data(files)))) == files


def test_the_same_packages_are_the_same_bytes() -> None:
    first = PackagesByLayer((layer_packages("x", {}, {"a": InstalledNpm("a", "1"), "b": Presence()}),))
    again = PackagesByLayer((layer_packages("x", {}, {"b": Presence(), "a": InstalledNpm("a", "1")}),))
    assert packed(IMAGE, first) == packed(IMAGE, again)


def test_the_list_of_another_image_is_refused() -> None:
    with pytest.raises(ValueError, match="another image"):
        unpacked(IMAGE, [packed(OTHER, PackagesByLayer())])


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"{}",
        b"not JSON",
        json.dumps({"version": 2, "image": IMAGE, "layers": []}).encode(),
        *(
            json.dumps(
                {"version": 1, "image": IMAGE, "layers": [{"layer": "x", "gone": [], "files": {"a": one}}]}
            ).encode()
            for one in (["other"], ["npm", 1], ["npm", "a", "1", "2"], ["automatic", "a"], ["dpkg", []], [])
        ),
    ],
)
def test_what_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any
        unpacked(IMAGE, [gzip.compress(content)])
    with pytest.raises(ValueError):  # noqa: PT011 - any
        unpacked(IMAGE, [content])


def test_a_list_that_grows_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_layer, "LARGEST", 1 << 20)
    with pytest.raises(ValueError, match="larger than 1 MiB"):
        unpacked(IMAGE, [gzip.compress(bytes(64 << 20))])
