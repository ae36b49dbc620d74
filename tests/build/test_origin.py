"""Where an image comes from: what its provenance and its annotations say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.build.origin import UNKNOWN, BuildOrigin, build_origin, repository_link
from image_matrix.build.request import BuildOptions, make_request
from image_matrix.build.workspace import definition
from image_matrix.planning.registry_locations import registry_locations
from tests.build.support import LEAF, STATE

if TYPE_CHECKING:
    from image_matrix.config.release import Provenance
    from image_matrix.planning.plan import State

RUN = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "example/notebooks",
    "GITHUB_RUN_ID": "17",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SHA": "0123456789" * 4,
}
ORIGIN = BuildOrigin(
    "https://github.com/example/notebooks/actions/runs/17/attempts/2",
    "https://github.com/example/notebooks",
    "0123456789" * 4,
)


def of(provenance: Provenance, *, sbom: bool = True) -> State:
    matrix = STATE.loaded.matrix
    release = replace(matrix.release, provenance=provenance, sbom=sbom)
    return replace(STATE, loaded=replace(STATE.loaded, matrix=replace(matrix, release=release)))


def target(state: State, origin: BuildOrigin = ORIGIN) -> dict[str, Any]:
    request = make_request(
        registry_locations(state, staging=False), [LEAF], {}, BuildOptions(push=True, origin=origin), ()
    )
    return definition(request)["target"]["leaf_default-amd64"]  # type: ignore[no-any-return]


def test_the_run_and_its_commit() -> None:
    assert build_origin(RUN) == ORIGIN
    assert build_origin({}) == UNKNOWN


def test_provenance_names_the_run() -> None:
    assert target(of("max"))["attest"][0] == f"type=provenance,mode=max,builder-id={ORIGIN.run}"
    assert target(of("min"))["attest"][0].startswith("type=provenance,mode=min,")
    assert target(of("max"), UNKNOWN)["attest"][0] == "type=provenance,mode=max"


def test_without_provenance() -> None:
    """buildx attaches some by itself if it is not forbidden."""
    assert target(of("none"))["attest"][0] == "type=provenance,disabled=true"
    assert target(of("none", sbom=False))["attest"] == ["type=provenance,disabled=true"]


@pytest.mark.parametrize(
    ("state", "levels"),
    [
        (of("max"), ("index", "manifest")),
        (of("none"), ("index", "manifest")),
        (of("none", sbom=False), ("manifest",)),
    ],
)
def test_an_image_names_its_commit(state: State, levels: tuple[str, ...]) -> None:
    """An image without attestations has no index, and buildx refuses annotations of one."""
    expected = {
        f"{level}:org.opencontainers.image.{name}={value}"
        for level in levels
        for name, value in (("revision", ORIGIN.commit), ("source", ORIGIN.source))
    }
    assert set(target(state)["annotations"]) == expected
    assert "annotations" not in target(state, UNKNOWN)


def test_what_stays_here_has_none() -> None:
    request = make_request(
        registry_locations(STATE, staging=False), [LEAF], {}, BuildOptions(push=False, origin=ORIGIN), ()
    )
    assert not {"attest", "annotations"} & set(definition(request)["target"]["leaf_default-amd64"])


def test_provenance_names_repository_and_commit_of_a_run_alone() -> None:
    assert repository_link(ORIGIN, "/srv/repository/.git") == "gitdir: /srv/repository/.git\n"
    assert repository_link(UNKNOWN, "/srv/repository/.git") == ""
    assert repository_link(ORIGIN, "") == ""
