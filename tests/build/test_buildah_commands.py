from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.buildah_commands import BuildahPlace, image_commands
from image_matrix.build.heredoc_scripts import CONTEXT
from image_matrix.build.request import BuildOptions, BuildRequest, make_request
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.registry_locations import Locations
from image_matrix.project.inputs import read_inputs
from image_matrix.registry.addresses import is_plain
from tests.build.support import AMD64, BASE, LEAF, MIDDLE, STATE, tag

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.build.buildah_commands import ImageCommands

PLACE = BuildahPlace("buildah", is_plain)
DIGEST = f"sha256:{'1' * 64}"
SECRETS = ("id=site,env=X", "id=ca-bundle,src=/ca.crt")


def chain(*, push: bool, fresh: bool = False) -> BuildRequest:
    existing = {BASE: f"ghcr.io/example/notebooks/base@{DIGEST}"}
    options = BuildOptions(push, fresh=fresh)
    return make_request(Locations(STATE), [LEAF], existing, options, SECRETS)


def values(command: list[str], option: str) -> list[str]:
    """Return what follows an option, each time that a command has it."""
    return [command[at + 1] for at, part in enumerate(command) if part == option]


def contexts(commands: ImageCommands) -> dict[str, str]:
    return dict(one.split("=", 1) for one in values(commands.build, "--build-context"))


def test_a_parent_in_the_registry_is_pulled_by_digest_and_one_of_this_build_is_in_the_store() -> None:
    middle, leaf = image_commands(chain(push=True), PLACE, push=True)
    base = f"ghcr.io/example/notebooks/base@{DIGEST}"
    assert [one.leg.id for one in (middle, leaf)] == [MIDDLE, LEAF]
    assert middle.pulls == {base: ["buildah", "pull", "--policy=missing", f"--platform={AMD64}", base]}
    assert contexts(middle)["parent.invalid/base:default"] == f"docker-image://{base}"
    assert leaf.pulls == {}
    assert contexts(leaf)["parent.invalid/middle:default"] == f"docker-image://{tag(MIDDLE)}"
    assert values(middle.build, "--tag") == [tag(MIDDLE)]
    assert list(leaf.pushes) == [tag(LEAF)]


def test_steps_get_secrets_by_variable_and_file_in_dockers_format() -> None:
    middle, _ = image_commands(chain(push=True), PLACE, push=True)
    assert values(middle.build, "--secret") == list(SECRETS)
    assert "--format=docker" in middle.build
    assert values(middle.build, "--platform") == [AMD64]
    assert middle.build[-1] == "images/middle/default"


def test_without_a_push_the_image_keeps_the_names_that_users_run() -> None:
    _, leaf = image_commands(chain(push=False), PLACE, push=False)
    assert values(leaf.build, "--tag") == ["ghcr.io/example/notebooks/leaf:default", tag(LEAF)]
    assert leaf.pushes == {}


def test_what_is_forced_is_built_without_layers_of_before() -> None:
    middle, leaf = image_commands(chain(push=True, fresh=True), PLACE, push=True)
    assert "--no-cache" in leaf.build
    assert "--no-cache" not in middle.build


def test_only_what_was_asked_for_is_pushed() -> None:
    request = replace(chain(push=True), exported=frozenset([LEAF]))
    middle, leaf = image_commands(request, PLACE, push=True)
    assert middle.pushes == {}
    assert leaf.pushes != {}


@pytest.mark.parametrize(
    ("limit", "expected"), [(1 << 20, []), (1 << 30, []), (20_000, ["nofile=20000:20000"])]
)
def test_steps_have_the_limit_of_open_files_that_a_container_has(limit: int, expected: list[str]) -> None:
    middle, _ = image_commands(chain(push=False), replace(PLACE, open_files=limit), push=False)
    assert values(middle.build, "--ulimit") == expected


def test_podman_has_no_policy_and_asks_the_registry_each_time() -> None:
    middle, _ = image_commands(chain(push=False), replace(PLACE, program="podman"), push=False)
    assert {tuple(command[:3]) for command in middle.pulls.values()} == {
        ("podman", "pull", f"--platform={AMD64}")
    }
    assert middle.build[:2] == ["podman", "build"]


MATRIX = """\
version: 1
registry: localhost:5000/team
workflow: none
network: {mirrors: {registries: {docker.io: localhost:5000/hub}}}
sources: {debian: docker.io/library/debian:latest, tools: "quay.io/team/tools:1"}
images:
  own:
    from: debian
    context: own
    contexts: {tools: tools}
    args: {GREETING: "a ${{b}}"}
    target: last
    secrets: [TOKEN]
    labels: {org.example.made: "by ${{us}}"}
"""
DOCKERFILE = """\
ARG TAG=latest
FROM debian:$TAG AS first
RUN <<EOF
#!/usr/bin/env python3
print("hello")
EOF
FROM debian:$TAG AS last
COPY --from=tools / /tools
COPY --from=alpine:3 / /alpine
ARG GREETING
RUN --mount=type=secret,id=TOKEN echo "$GREETING"
FROM busybox AS never
"""


@pytest.fixture
def own(tmp_path: Path) -> BuildRequest:
    """A request for an image of a user's Dockerfile."""
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "own" / "Dockerfile.dockerignore").write_text("nothing\n")
    state = state_of(load_project(read_inputs(tmp_path)))
    request = make_request(Locations(state), [("own:default", AMD64)], {}, BuildOptions(push=False), ())
    return replace(request, named_secrets=frozenset(["TOKEN"]))


def test_contexts_have_the_names_that_a_dockerfile_writes(own: BuildRequest) -> None:
    (commands,) = image_commands(own, PLACE, push=False)
    source = "docker-image://localhost:5000/hub/library/debian:latest"
    assert contexts(commands) == {
        "debian:latest": source,
        "debian:$TAG": source,
        "tools": "docker-image://quay.io/team/tools:1",
        "alpine:3": "docker-image://docker.io/library/alpine:3",
        CONTEXT: "heredocs",
    }


def test_images_that_no_step_needs_are_not_pulled_and_tls_is_left_out_for_this_machine_alone(
    own: BuildRequest,
) -> None:
    (commands,) = image_commands(own, PLACE, push=False)
    pulls = {name: "--tls-verify=false" in command for name, command in commands.pulls.items()}
    assert pulls == {
        "localhost:5000/hub/library/debian:latest": True,
        "quay.io/team/tools:1": False,
        "docker.io/library/alpine:3": False,
    }
    assert all("--policy=always" in command for command in commands.pulls.values())


def test_arguments_labels_target_and_secrets_of_an_image(own: BuildRequest, tmp_path: Path) -> None:
    (commands,) = image_commands(own, PLACE, push=False)
    assert values(commands.build, "--build-arg") == ["GREETING=a ${b}"]
    assert values(commands.build, "--label") == ["org.example.made=by ${us}"]
    assert values(commands.build, "--target") == ["last"]
    assert values(commands.build, "--secret") == ["id=TOKEN,env=TOKEN"]
    assert values(commands.build, "--file") == ["images/own/default/Dockerfile"]
    assert commands.build[-1] == str(tmp_path / "own")
