from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from image_matrix.lock import text as texts
from image_matrix.lock.licences import MetadataSource, licence_of, licences
from image_matrix.lock.model import Lock, LockedPackages
from image_matrix.project.load import load
from image_matrix.registry.exchange import ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.lock.resolver_api import ResolveRequest
    from tests.lock.site import Repository

MATRIX = """\
version: 1
registry: ghcr.io/team/images
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
axes: {python: ["3.13"]}
images: {base: {from: debian, kind: base, axes: [python], pip: [uv==0.13.8, six==1.17.0]}}
"""
CLASSIFIER = "Classifier: License :: OSI Approved :: "


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ("License-Expression: mit OR apache-2.0", "MIT OR Apache-2.0"),
        ("License: Apache 2.0", "Apache-2.0"),
        ("License: BSD-3-Clause", "BSD-3-Clause"),
        ("License: The MIT License\n        Permission is hereby granted", "MIT"),
        (f"License: see file\n{CLASSIFIER}MIT License", "MIT"),
        (f"{CLASSIFIER}MIT License\n{CLASSIFIER}Apache Software License", "Apache-2.0 AND MIT"),
        ("License: Dual - GNU AFFERO GPL 3.0 or other", "LicenseRef-Dual-GNU-AFFERO-GPL-3.0-or-other"),
        ("License: UNKNOWN", ""),
        ("License-Expression: ${{ github.token }}", ""),
        ("Summary: nothing", ""),
    ],
)  # fmt: skip
def test_the_licence_of_core_metadata(fields: str, licence: str) -> None:
    assert licence_of(f"Metadata-Version: 2.4\nName: a\n{fields}\n\nLicense: of the text below\n") == licence


def wheel(metadata: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("a/data", b"\0" * 100_000)
        file.writestr("a-1.dist-info/METADATA", metadata)
    return content.getvalue()


def test_metadata_is_read_beside_a_wheel_or_out_of_its_end_and_once() -> None:
    asked: list[str] = []

    def stream(address: str) -> Iterator[bytes]:
        asked.append(address)
        if "uv" not in address:
            raise ConnectionFailed("404", retry=None)
        yield b"License-Expression: MIT\n"

    def tail(address: str, count: int) -> bytes:
        asked.append(address)
        return wheel("License: ISC\n")[-min(count, 1000) :]

    def wheels(request: ResolveRequest) -> dict[str, str]:
        assert request.requirements == ("six==1.17.0", "uv==0.13.8")
        return {one: f"https://files.example.org/{one}.whl" for one in (*request.requirements, "other==1")}

    loaded = load({"matrix.yaml": MATRIX}, ["base"])
    items = ("six==1.17.0", "uv==0.13.8", f"ours==1 @ git+https://git.example.org/ours@{'1' * 40}")
    lock = Lock(python={"base:python3.13": LockedPackages("0" * 16, {"amd64": items, "arm64": items})})
    found = licences(loaded, lock, {"gone==1": "MIT"}, wheels, MetadataSource(stream, tail))
    assert found == {"six==1.17.0": "ISC", "uv==0.13.8": "MIT"}
    assert sorted(asked) == [
        "https://files.example.org/six==1.17.0.whl",
        "https://files.example.org/six==1.17.0.whl.metadata",
        "https://files.example.org/uv==0.13.8.whl.metadata",
    ]
    asked.clear()
    assert licences(loaded, lock, found, wheels, MetadataSource(stream, tail)) == found
    assert asked == []


def test_an_index_that_serves_no_parts_leaves_the_licence_unknown() -> None:
    def refuse(_: str) -> Iterator[bytes]:
        raise ConnectionFailed("404", retry=None)

    loaded = load({"matrix.yaml": MATRIX}, ["base"])
    lock = Lock(python={"base:python3.13": LockedPackages("0" * 16, {"amd64": ("six==1.17.0",)})})
    address = {"six==1.17.0": "https://files.example.org/six.whl"}
    source = MetadataSource(refuse, lambda *_: b"")
    assert licences(loaded, lock, {}, lambda _: address, source) == {}


@pytest.mark.slow
def test_the_lock_has_licences_once_a_policy_asks_for_them(
    repository: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for wheel_file in (repository.site.folder / "simple").glob("*/*.whl"):
        if wheel_file.name.startswith(("beta", "zeta")):
            wheel_file.with_name(f"{wheel_file.name}.metadata").write_text("License-Expression: MIT\n")
    assert repository.run("lock") == 0
    assert "licences" not in repository.lock
    monkeypatch.setenv("IMAGE_MATRIX_POLICY", "policy: {licences: {deny: [MIT]}}")
    assert repository.run("lock") == 0
    assert texts.read(repository.lock).licences == {"beta==1.0": "MIT", "zeta==1.0": "MIT"}
    repository.run("render")
    capsys.readouterr()
    assert repository.run("check") == 2
    assert capsys.readouterr().err.count("error[IM907]") == 3
    monkeypatch.delenv("IMAGE_MATRIX_POLICY")
    assert repository.run("lock") == 0
    assert texts.read(repository.lock).licences == {"beta==1.0": "MIT", "zeta==1.0": "MIT"}, "it keeps them"
