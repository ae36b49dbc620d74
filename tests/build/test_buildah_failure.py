"""Logs of real builds with buildah 1.39 that failed, and what is made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from image_matrix.build.buildah_failure import build_failure, excerpt, pull_failure, push_failure
from image_matrix.build.failure import BuildFailed
from image_matrix.build.request import BuildOptions, BuildRequest, make_request
from image_matrix.errors import EnvironmentFailure
from image_matrix.output_tree.files import File
from image_matrix.planning.registry_locations import Locations
from tests.build.support import BASE, LEAF, MIDDLE, STATE

LOGS = Path(__file__).parent.parent / "fixtures" / "build"
HERE = BuildOptions(push=False)
LEAF_ALONE = make_request(Locations(STATE), [LEAF], {MIDDLE: "x@sha256:1"}, HERE, ())
BASE_ALONE = make_request(Locations(STATE), [BASE], {}, HERE, ())
TWO_STAGES = """\
FROM localhost:5000/bh/small AS one
RUN true
# a comment
FROM localhost:5000/bh/small
COPY --from=one /size /s2
RUN echo a; \\
  echo "{\\"b\\": 1}"; \\
  echo "why it fails" >&2; exit 3
"""


def read(name: str) -> str:
    return (LOGS / f"buildah-{name}.log").read_text(encoding="utf-8")


def having(text: str) -> BuildRequest:
    """A request for the leaf, with another Dockerfile."""
    path = "images/leaf/default/Dockerfile"
    return replace(LEAF_ALONE, rendered={**LEAF_ALONE.rendered, path: File(text.encode())})


def test_a_step_is_named_by_its_line_and_the_last_words_of_its_output() -> None:
    text = 'FROM a\nARG TARGETARCH\nSHELL ["x"]\nUSER 0\nENV A=b\nRUN <<EOF\nrm -f /x\nEOF\n'
    request = having(text)
    failed = build_failure(request, request.legs[0], read("step"))
    assert isinstance(failed, BuildFailed)
    assert (
        failed.message == "leaf:default (linux/amd64) cannot be built: E: Unable to locate package nonesuch"
    )
    assert failed.place == ("images/leaf/default/Dockerfile", 6)
    assert failed.help == (
        "images/leaf/default/Dockerfile:6 ended with exit code 100; its output is above; "
        "it is generated: edit matrix.yaml or the template of kind `generic`"
    )


def test_a_step_of_a_later_stage_that_has_quotes() -> None:
    request = having(TWO_STAGES)
    failed = build_failure(request, request.legs[0], read("second-stage"))
    assert failed.message == "leaf:default (linux/amd64) cannot be built: why it fails"
    assert failed.place == ("images/leaf/default/Dockerfile", 6)
    assert "ended with exit code 3" in failed.help


def test_a_step_that_no_dockerfile_has_is_named_without_a_line() -> None:
    request = having("FROM a\nUSER 0\n")
    failed = build_failure(request, request.legs[0], read("copy"))
    assert failed.place == ("images/leaf/default/Dockerfile", None)


def test_a_copy_that_fails() -> None:
    request = having("FROM a\n\nCOPY nope /x\n")
    failed = build_failure(request, request.legs[0], read("copy"))
    assert isinstance(failed, BuildFailed)
    assert failed.message.endswith('copier: stat: "/nope": no such file or directory')
    assert failed.help == "see images/leaf/default/Dockerfile:3, and the log above"


@pytest.mark.parametrize(
    ("log", "remedy"),
    [
        ("open-files", "allow more open files: of a container with `--ulimit nofile=1048576:1048576`"),
        ("no-containers", "set BUILDAH_ISOLATION=chroot: this place may not start containers of its own"),
        ("no-netavark", "install the package netavark"),
    ],
)
def test_what_a_place_lacks(log: str, remedy: str) -> None:
    request = having("FROM a\nRUN true\n")
    failed = build_failure(request, request.legs[0], read(log))
    assert isinstance(failed, EnvironmentFailure)
    assert failed.message.startswith("leaf:default (linux/amd64) cannot be built: ")
    assert failed.help == remedy


def test_a_source_that_its_registry_does_not_have() -> None:
    (reference,) = (name for name in BASE_ALONE.names if "debian" in name)
    failed = pull_failure(BASE_ALONE, BASE_ALONE.legs[0], reference, read("no-manifest"))
    assert isinstance(failed, EnvironmentFailure)
    assert failed.message.endswith("in localhost:5000/library/debian: manifest unknown")
    assert failed.help.startswith("it is the source `debian` in matrix.yaml: check its name and tag")


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        (
            "writing blob: denied: requested access to the resource is denied",
            "`docker login` with an account",
        ),
        ("toomanyrequests: You have reached your rate limit", "wait a few minutes"),
        ("writing blob: something else", "check the network and the registry"),
    ],
)
def test_a_push_that_fails(reason: str, remedy: str) -> None:
    failed = push_failure("registry.example.org/team/a:x", f"Copying blob\nError: {reason}")
    assert failed.message == f"registry.example.org/team/a:x cannot be pushed: {reason}"
    assert failed.help.startswith(remedy)


def test_people_who_did_not_see_the_log_get_the_last_step() -> None:
    assert excerpt(read("second-stage")).startswith("[2/2] STEP 3/3: RUN echo a;")
    assert excerpt("Error: no step") == "Error: no step"
