"""Layers of all formats, and what they hide of those below them."""

from __future__ import annotations

import io
import tarfile
import tracemalloc
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from image_matrix.inventory.installed_files import InstalledNpm, InstalledPython, reader_of
from image_matrix.registry import image_layers
from image_matrix.registry.image_layers import LayerContents, LayerError, laid_over, read_layer
from tests.importing.images import archive, gzipped, python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.inventory.installed_files import Files

SITE = "usr/local/lib/python3.12/site-packages"
METADATA = f"{SITE}/geo-1.dist-info/METADATA"
GEO = InstalledPython("geo", "1", frozenset({"numpy", "dask"}))


def in_pieces(content: bytes, size: int = 700) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def files_of(*layers: bytes) -> Files:
    files: Files = {}
    for layer in layers:
        files = laid_over(files, read_layer(in_pieces(layer), files, reader_of))
    return files


PLAIN = archive(
    {
        "etc/passwd": "root\n" * 5000,
        **python(f"./{SITE}", "geo", "1", "numpy>=1", "dask[array] (>=2)", 'six; extra == "old"'),
        f"{SITE}/setuptools/_vendor/more-2.dist-info/METADATA": "Name: more\nVersion: 2\n",
    }
)


@pytest.mark.parametrize(
    "content", [PLAIN, gzipped(PLAIN), gzipped(PLAIN, parts=9)], ids=["tar", "gzip", "members"]
)
def test_formats(content: bytes) -> None:
    assert files_of(content) == {METADATA: GEO}


def test_zstd_that_this_python_cannot_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_layers, "ZSTD_MODULES", ("no.such.module",))
    with pytest.raises(LayerError) as caught:
        read_layer(iter([b"\x28\xb5\x2f\xfd\0\0\0\0"]), {}, reader_of)
    assert "zstd, which this Python cannot read" in caught.value.problem
    assert "Python 3.14" in caught.value.advice


@pytest.mark.parametrize("content", [b"{}" * 600, gzipped(PLAIN)[:-900], b"\x1f\x8bnothing"])
def test_what_is_not_an_archive(content: bytes) -> None:
    with pytest.raises(LayerError, match="not a readable archive"):
        read_layer(iter([content]), {}, reader_of)


UPPER = {
    "whiteout of the file": archive({f"{SITE}/geo-1.dist-info/.wh.METADATA": ""}),
    "whiteout of a folder": archive({"usr/local/.wh.lib": ""}),
    "opaque folder": archive({"usr/local/.wh..wh..opq": ""}),
    "opaque root": archive({".wh..wh..opq": ""}),
    "link in place of a folder": archive({}, {"usr/local/lib": "/opt/lib"}, tarfile.SYMTYPE),
    "link in place of the file": archive({}, {METADATA: "/opt/x"}, tarfile.SYMTYPE),
    "file in place of a folder": archive({"usr/local": ""}),
}


@pytest.mark.parametrize("upper", UPPER.values(), ids=UPPER)
def test_what_a_layer_hides(upper: bytes) -> None:
    assert files_of(PLAIN, upper) == {}


def test_a_layer_does_not_hide_what_it_has() -> None:
    upper = archive(
        {f"{SITE}/.wh..wh..opq": "", f"{SITE}/.wh.geo-1.dist-info": "", **python(SITE, "geo", "1")}
    )
    assert files_of(PLAIN, upper) == {METADATA: InstalledPython("geo", "1", frozenset())}


def test_other_whiteouts_hide_nothing() -> None:
    assert files_of(PLAIN, archive({"usr/.wh.loc": "", "usr/share/.wh..wh..opq": ""})) == {METADATA: GEO}


def test_a_hard_link_is_its_target() -> None:
    first = "opt/conda/lib/node_modules/a/package.json"
    second = "usr/lib/node_modules/a/package.json"
    layer = archive({first: '{"name": "a", "version": "1"}'}, {f"./{second}": f"/{first}"})
    assert files_of(layer) == {first: InstalledNpm("a", "1"), second: InstalledNpm("a", "1")}


def test_what_is_not_read_is_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_layers, "LARGEST", 4096)
    monkeypatch.setattr(image_layers, "CHUNK", 4096)
    big = archive({"large": "x" * 100_000, **python(SITE, "geo", "2")})
    assert [*files_of(big)] == [f"{SITE}/geo-2.dist-info/METADATA"]
    with pytest.raises(LayerError, match="is larger than"):
        files_of(archive({METADATA: "x" * 5000}))
    long = tarfile.TarInfo("x" * 9000)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(long)
    with pytest.raises(LayerError, match="larger than"):
        files_of(out.getvalue())


def test_a_large_layer_is_not_held_in_memory() -> None:
    entry = tarfile.TarInfo("large")
    entry.size = 64 << 20
    zeros = bytes(1 << 20)
    chunks = chain([entry.tobuf()], (zeros for _ in range(64)), [archive(python(SITE, "geo", "2"))])
    tracemalloc.start()
    try:
        contents = read_layer(chunks, {}, reader_of)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [*contents.files] == [f"{SITE}/geo-2.dist-info/METADATA"]
    assert peak < 16 << 20


def test_a_file_without_its_form_is_there_but_not_read() -> None:
    assert files_of(archive({"opt/conda/conda-meta/a-1-0.json": "[", METADATA: "Name: a\n"})) == {
        "opt/conda/conda-meta/a-1-0.json": None,
        METADATA: None,
    }


def test_nothing_below_nothing() -> None:
    assert laid_over({}, LayerContents({})) == {}
