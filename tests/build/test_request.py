from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.build.request import BuildOptions, make_request, refuse_ancestors
from image_matrix.build.workspace import definition, write_workspace
from image_matrix.errors import Blocked
from image_matrix.lock.pins import Pins
from image_matrix.planning.keys import compute_keys
from image_matrix.planning.registry_locations import registry_locations, staged
from image_matrix.project.render import render_all
from tests.build.support import BASE, LEAF, MIDDLE, STATE, tag
from tests.workflow.matrices import TEMPLATES, loaded, matrix

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.build.request import BuildRequest
    from image_matrix.config.release import Compression
    from image_matrix.planning.plan import State

REGISTRY = STATE.loaded.matrix.registry
STAGING = f"{REGISTRY}/staging"
EXISTING = {BASE: f"{REGISTRY}/base@sha256:1"}
HERE = BuildOptions(push=False)


def request(aim: BuildOptions, existing: dict[tuple[str, str], str] = EXISTING) -> BuildRequest:
    return make_request(
        registry_locations(STATE, staging=aim.staging), [LEAF], existing, aim, ("id=site,env=X",)
    )


def targets(made: BuildRequest) -> dict[str, dict[str, Any]]:
    return definition(made)["target"]  # type: ignore[no-any-return]


def test_parents_are_targets_or_images_by_digest() -> None:
    made = targets(request(HERE))
    assert list(made) == ["middle_default-amd64", "leaf_default-amd64"]
    assert made["middle_default-amd64"]["contexts"] == {
        "parent.invalid/base:default": f"docker-image://{REGISTRY}/base@sha256:1"
    }
    assert made["leaf_default-amd64"]["contexts"] == {
        "parent.invalid/middle:default": "target:middle_default-amd64"
    }
    assert made["leaf_default-amd64"]["secret"] == ["id=site,env=X"]


def test_what_is_asked_for_is_made_here_although_the_registry_has_it() -> None:
    everything = dict.fromkeys((BASE, MIDDLE, LEAF), "x@sha256:1")
    assert [leg.id for leg in request(HERE, everything).legs] == [LEAF]
    assert request(BuildOptions(push=True), everything).legs == ()


@pytest.mark.parametrize(
    ("aim", "expected"),
    [
        (HERE, (f"{REGISTRY}/leaf:default", tag(LEAF))),
        (BuildOptions(push=True), (tag(LEAF),)),
        (BuildOptions(push=True, candidate=True), (f"{tag(LEAF)}-candidate",)),
        (BuildOptions(push=True, candidate=True, staging=True), (f"{tag(LEAF, staged(STATE))}-candidate",)),
        (BuildOptions(push=False, staging=True), (f"{REGISTRY}/leaf:default", tag(LEAF))),
    ],
)
def test_tags(aim: BuildOptions, expected: tuple[str, ...]) -> None:
    assert request(aim).legs[-1].tags == expected


@pytest.mark.parametrize(
    ("aim", "fields"),
    [
        (BuildOptions(push=True), set()),
        (BuildOptions(push=False, cache="write"), set()),
        (BuildOptions(push=True, cache="read"), {"cache-from"}),
        (BuildOptions(push=True, cache="write"), {"cache-from", "cache-to"}),
        (BuildOptions(push=True, cache="write", staging=True), {"cache-from", "cache-to"}),
        (BuildOptions(push=True, fresh=True), {"no-cache"}),
    ],
)
def test_layers_of_before(aim: BuildOptions, fields: set[str]) -> None:
    assert set(request(aim).legs[-1].options) == fields


def test_only_what_is_asked_for_is_made_without_layers_of_before() -> None:
    middle, leaf = request(BuildOptions(push=True, fresh=True)).legs
    assert (middle.options, leaf.options) == ({}, {"no-cache": True})


def test_what_is_staged_writes_a_cache_that_the_default_branch_does_not_read() -> None:
    released, staging = (
        f"type=registry,ref={place}/leaf:cache-default-amd64" for place in (REGISTRY, STAGING)
    )
    leaf = request(BuildOptions(push=True, cache="write", staging=True)).legs[-1]
    assert leaf.options["cache-from"] == [staging, released]
    assert leaf.options["cache-to"] == [f"{staging},mode=max,ignore-error=true"]
    leaf = request(BuildOptions(push=True, cache="write")).legs[-1]
    assert leaf.options["cache-from"] == [released]
    assert leaf.options["cache-to"] == [f"{released},mode=max,ignore-error=true"]


def test_a_candidate_waits_for_its_parent() -> None:
    with pytest.raises(Blocked, match="the parent middle:default is not in the registry for linux/amd64"):
        refuse_ancestors(request(BuildOptions(push=True, candidate=True)), [LEAF], {})
    refuse_ancestors(
        request(BuildOptions(push=True, candidate=True), {**EXISTING, MIDDLE: "x@sha256:1"}), [LEAF], {}
    )


def test_a_parent_that_is_not_believed_says_why() -> None:
    refused = {MIDDLE: "it has no valid signature: none"}
    with pytest.raises(
        Blocked, match="the parent middle:default is not used for linux/amd64: it has no valid sig"
    ):
        refuse_ancestors(request(BuildOptions(push=True, candidate=True)), [LEAF], refused)


def test_attestations_go_with_what_is_pushed() -> None:
    assert "attest" not in targets(request(HERE))["leaf_default-amd64"]
    assert targets(request(BuildOptions(push=True)))["leaf_default-amd64"]["attest"][0].startswith(
        "type=provenance"
    )


def compressed(compression: Compression) -> State:
    matrix = STATE.loaded.matrix
    release = replace(matrix.release, compression=compression)
    return replace(STATE, loaded=replace(STATE.loaded, matrix=replace(matrix, release=release)))


@pytest.mark.parametrize("compression", ["zstd", "estargz"])
def test_image_layers_of_what_is_pushed_are_compressed(compression: Compression) -> None:
    def outputs(
        aim: BuildOptions, exported: frozenset[tuple[str, str]] | None = None
    ) -> dict[str, list[str]]:
        made = make_request(
            registry_locations(compressed(compression), staging=False), [LEAF], EXISTING, aim, ()
        )
        built = targets(replace(made, exported=exported))
        return {name: target["output"] for name, target in built.items() if "output" in target}

    output = [f"type=registry,oci-mediatypes=true,compression={compression},force-compression=true"]
    both = {"middle_default-amd64": output, "leaf_default-amd64": output}
    assert outputs(BuildOptions(push=True)) == both
    assert outputs(BuildOptions(push=True), frozenset({LEAF})) == {"leaf_default-amd64": output}
    assert outputs(HERE) == {}


def test_an_image_without_attestations_has_the_types_of_oci() -> None:
    """An index of Docker's types would not say which key it has."""
    matrix = STATE.loaded.matrix
    bare = replace(matrix, release=replace(matrix.release, provenance="none", sbom=False))
    state = replace(STATE, loaded=replace(STATE.loaded, matrix=bare))
    made = make_request(
        registry_locations(state, staging=False), [LEAF], EXISTING, BuildOptions(push=True), ()
    )
    assert targets(made)["leaf_default-amd64"]["output"] == ["type=registry,oci-mediatypes=true"]


def test_gzip_is_left_to_the_builder() -> None:
    assert "output" not in targets(request(BuildOptions(push=True)))["leaf_default-amd64"]


def test_no_key_has_the_compression() -> None:
    images = {"base": {"from": "debian"}, "middle": {"from": "base"}, "leaf": {"from": "middle"}}
    usual = {"images": {"platforms": ["linux/amd64"]}}
    found = loaded(matrix(images, defaults=usual, release={"compression": "zstd"}))
    assert found.matrix.release.compression == "zstd"
    assert compute_keys(found.variants, render_all(found, Pins(), TEMPLATES)) == STATE.keys


def test_the_workspace_has_the_contexts_of_what_is_built_alone(tmp_path: Path) -> None:
    made = request(HERE)
    write_workspace(tmp_path, made)
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == ["leaf", "middle"]
    written = (tmp_path / "images/leaf/default/Dockerfile").read_bytes()
    assert written == made.rendered["images/leaf/default/Dockerfile"].content


def test_the_frontend_comes_from_the_mirror(tmp_path: Path) -> None:
    made = replace(request(HERE), registries={"docker.io": "mirror.example.org/hub"})
    write_workspace(tmp_path, made)
    first, rest = (tmp_path / "images/leaf/default/Dockerfile").read_bytes().split(b"\n", 1)
    assert first == b"# syntax=mirror.example.org/hub/docker/dockerfile:1"
    assert made.rendered["images/leaf/default/Dockerfile"].content.endswith(b"\n" + rest)


def test_the_engines_own_frontend_keeps_the_numbers_of_lines(tmp_path: Path) -> None:
    made = replace(request(HERE), builtin_frontend=True)
    write_workspace(tmp_path, made)
    first, rest = (tmp_path / "images/leaf/default/Dockerfile").read_bytes().split(b"\n", 1)
    rendered = made.rendered["images/leaf/default/Dockerfile"].content
    assert (first, rendered) == (b"", rendered.split(b"\n", 1)[0] + b"\n" + rest)


@pytest.mark.parametrize(
    ("text", "platforms"),
    [(b"FROM a\nCOPY b /run\nENV RUN=1\n", set()), (b"FROM a\n  run true\n", {"linux/amd64"})],
)
def test_only_steps_need_the_platform(text: bytes, platforms: set[str]) -> None:
    asked = request(HERE)
    rendered = {path: replace(file, content=text) for path, file in asked.rendered.items()}
    assert replace(asked, rendered=rendered).platforms_with_steps == platforms
