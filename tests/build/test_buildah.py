"""The order of commands, what is tried again, and what is pushed; real builds are in tests/e2e/test_buildah.py."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.buildah import build_each, manifest_annotations, read_stored
from image_matrix.build.buildah_commands import BuildahPlace, digest_file
from image_matrix.build.failure import BuildFailed
from image_matrix.build.origin import BuildOrigin
from image_matrix.build.process import Completed
from image_matrix.build.request import BuildOptions, make_request
from image_matrix.errors import EnvironmentFailure
from image_matrix.planning.registry_locations import Locations
from image_matrix.registry.addresses import is_plain
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.reference import digest_of
from image_matrix.registry.services import RegistryServices
from tests.build.support import BASE, LEAF, MIDDLE, STATE
from tests.build.test_oci_manifest import DIGEST, PUSHED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from image_matrix.build.bake import Built

PLACE = BuildahPlace("buildah", is_plain)
REQUEST = make_request(Locations(STATE), [LEAF], {}, BuildOptions(push=True), ())
WORKED = Completed(0, "")


@dataclass
class Program:
    """Answers with what was prepared for a command of buildah, and writes what a push writes."""

    answers: dict[str, list[Completed]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    dockerfiles: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    manifests: list[bytes] = field(default_factory=list)

    def run(self, command: list[str], folder: Path, _: Mapping[str, str]) -> Completed:
        self.calls.append(command[1])
        waiting = self.answers.get(command[1])
        if waiting:
            return waiting.pop(0)
        if command[1] == "build":
            self.dockerfiles.append((folder / command[-1] / "Dockerfile").read_text())
        if command[1] == "push":
            (folder / digest_file(command[-2])).write_text(DIGEST)
        return WORKED

    def answer(self, request: HttpRequest) -> Response:
        if request.method == "PUT":
            assert isinstance(request.content, bytes)
            self.manifests.append(request.content)
            return Response(201, {})
        return Response(200, {}, PUSHED)

    def build(self, *, push: bool = True) -> list[Built]:
        registry = Registry(RegistryServices(self.answer, lambda _: None)) if push else None
        return build_each(REQUEST, PLACE, {}, self.run, registry, self.told.append, lambda _: None)


def test_each_image_is_built_and_pushed_before_its_children() -> None:
    program = Program()
    built = program.build()
    assert program.calls == ["pull", "build", "push", "build", "push", "build", "push"]
    assert [one.leg.id for one in built] == [BASE, MIDDLE, LEAF]
    assert {one.digest for one in built} == {digest_of(content) for content in program.manifests}
    assert program.told[0] == "base:default linux/amd64: buildah builds it"


def test_without_a_registry_nothing_is_pushed() -> None:
    program = Program()
    assert {one.digest for one in program.build(push=False)} == {""}
    assert "push" not in program.calls


def test_dockerfiles_have_no_heredoc_that_buildah_loses() -> None:
    program = Program()
    program.build()
    assert len(program.dockerfiles) == 3
    assert not any("\n#!" in text for text in program.dockerfiles)


def test_a_registry_that_stumbles_is_asked_again() -> None:
    program = Program({"push": [Completed(1, "Error: received unexpected HTTP status: 503")]})
    program.build()
    assert program.told[1] == "a registry did not answer as it should; trying again in 1 s"


def test_a_registry_that_refuses_ends_the_build() -> None:
    program = Program({"push": [Completed(1, "Error: writing blob: denied")]})
    with pytest.raises(EnvironmentFailure, match="cannot be pushed: writing blob: denied"):
        program.build()
    assert program.calls == ["pull", "build", "push"]


def test_a_step_that_fails_is_not_tried_again_and_children_are_not_built() -> None:
    log = 'STEP 1/2: FROM a\nSTEP 2/2: RUN x\nno\nError: building at STEP "RUN x": exit status 1'
    program = Program({"build": [Completed(1, log)]})
    with pytest.raises(BuildFailed):
        program.build()
    assert program.calls == ["pull", "build"]


def test_a_manifest_names_the_commit_as_with_buildx() -> None:
    origin = BuildOrigin(source="https://github.com/example/notebooks", commit="abc")
    request = make_request(Locations(STATE), [LEAF], {}, BuildOptions(push=True, origin=origin), ())
    named = manifest_annotations(request)
    assert named == origin.annotations
    assert manifest_annotations(replace(request, options={})) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sha256:44fe 80.9 MB\n", ("sha256:44fe", 80_900_000)),
        ("sha256:44fe 1.2 GB\n", ("sha256:44fe", 1_200_000_000)),
        ("sha256:44fe 12 B\n", ("sha256:44fe", 12)),
        ("", ("", None)),
    ],
)
def test_size_and_digest_of_a_stored_image(text: str, expected: tuple[str, int | None]) -> None:
    assert read_stored(text) == expected
