"""What a build attaches to its images, and that nothing of it fails a build."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from image_matrix.cli.recording import record_packages
from image_matrix.cli.session import Session
from image_matrix.planning.attached_packages import PACKAGES_TYPE, packages_attached
from image_matrix.registry.image_layers import GZIP
from image_matrix.registry.manifests import INDEX_TYPES
from image_matrix.registry.reference import digest_of
from tests.importing.images import archive, python
from tests.planning.test_attached_packages import LOWER, UPPER, client, layers_read, pushed
from tests.publish.states import state
from tests.registry.writable import Writable, serving
from tests.workflow.matrices import matrix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from image_matrix.build.bake import Built
    from image_matrix.config.model import LegId

INDEX = INDEX_TYPES[0]
AMD64 = "linux/amd64"
BASE, LAB = ("base:default", AMD64), ("lab:default", AMD64)


@pytest.fixture
def server() -> Iterator[Writable]:
    with serving() as registry:
        yield registry


def record(server: Writable, folder: Path, built: Mapping[LegId, str], existing: Mapping[LegId, str]) -> None:
    """Attach packages as ``build --push`` does after it has built these images."""
    family = {
        **matrix({"base": {"from": "debian"}, "lab": {"from": "base"}}),
        "registry": f"{server.host}/team",
    }
    images = [SimpleNamespace(leg=SimpleNamespace(id=leg), image=image) for leg, image in built.items()]
    session: Any = Session(folder, "matrix.yaml", ())
    record_packages(session, state(family), client(), cast("list[Built]", images), existing)


def test_a_child_reads_its_own_layers_alone(server: Writable, tmp_path: Path) -> None:
    base, lab = pushed(server, "base", LOWER), pushed(server, "lab", LOWER, UPPER)
    record(server, tmp_path, {BASE: base, LAB: lab}, {})
    assert layers_read(server, 0) == [LOWER, UPPER]
    for image in (base, lab):
        assert packages_attached(client(), image)


def test_a_parent_that_was_not_built_is_known_as_well(server: Writable, tmp_path: Path) -> None:
    base, lab = pushed(server, "base", LOWER), pushed(server, "lab", LOWER, UPPER)
    record(server, tmp_path, {BASE: base}, {})
    start = len(server.requests)
    record(server, tmp_path, {LAB: lab}, {BASE: base})
    assert layers_read(server, start) == [UPPER]


def test_what_was_released_before_saves_reading_a_source(server: Writable, tmp_path: Path) -> None:
    old = pushed(server, "base", LOWER)
    record(server, tmp_path, {BASE: old}, {})
    server.tags["team/base:default"] = old.partition("@")[2]
    start = len(server.requests)
    record(server, tmp_path, {BASE: pushed(server, "base", LOWER, UPPER)}, {})
    assert layers_read(server, start) == [UPPER]


def test_a_layer_that_cannot_be_read_is_a_note(
    server: Writable, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, lab = (
        pushed(server, "base", GZIP + b"broken"),
        pushed(server, "lab", archive(python("opt", "a", "1"))),
    )
    record(server, tmp_path, {BASE: base, LAB: lab}, {})
    shown = " ".join(capsys.readouterr().err.split())
    assert "base:default linux/amd64: its packages are not recorded:" in shown
    assert "it is not a readable archive" in shown
    assert "push the image again" in shown
    assert packages_attached(client(), base) is None
    assert packages_attached(client(), lab)


@pytest.mark.parametrize("method", ["PUT", "POST", "GET"])
def test_a_registry_that_refuses_is_a_note(
    server: Writable, tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str
) -> None:
    base = pushed(server, "base", LOWER)
    server.behaviour.refused[method] = 403
    record(server, tmp_path, {BASE: base}, {})
    assert "its packages are not recorded" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("entries", [["a"], "ab", 1, None, {"a": 1}, [None]])
def test_a_list_of_another_form_is_a_note(
    server: Writable, tmp_path: Path, capsys: pytest.CaptureFixture[str], entries: object
) -> None:
    base = pushed(server, "base", LOWER)
    tag = tagged(server, base, {"mediaType": INDEX, "manifests": entries})
    record(server, tmp_path, {BASE: base}, {})
    shown = " ".join(capsys.readouterr().err.split())
    assert f"{tag} is not a list of what is attached to an image; delete this tag" in shown
    del server.tags[tag.removeprefix(f"{server.host}/")]
    record(server, tmp_path, {BASE: base}, {})
    assert packages_attached(client(), base)


def test_annotations_of_another_form_below_an_image_hinder_nothing(server: Writable, tmp_path: Path) -> None:
    base, lab = pushed(server, "base", LOWER), pushed(server, "lab", LOWER, UPPER)
    entry = {"digest": base.partition("@")[2], "artifactType": PACKAGES_TYPE, "annotations": ["a"]}
    tagged(server, base, {"mediaType": INDEX, "manifests": [entry]})
    record(server, tmp_path, {LAB: lab}, {BASE: base})
    assert packages_attached(client(), lab)


def tagged(server: Writable, image: str, content: object) -> str:
    """Put what a registry without its own listing has under the tag of an image; return the tag."""
    repository, _, digest = image.removeprefix(f"{server.host}/").partition("@")
    body = json.dumps(content).encode()
    tag = f"{repository}:{digest.replace(':', '-')}"
    server.manifests[f"{repository}@{digest_of(body)}"] = body
    server.tags[tag] = digest_of(body)
    return f"{server.host}/{tag}"
