"""What the workflow needs of the matrix before it may be written: what its jobs install, and where they push."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.diagnostics.report import terminal
from image_matrix.pinned.actions import tool
from image_matrix.project.load import load
from image_matrix.validate.workflow import diagnostics
from tests.workflow.matrices import FROM_GIT, TEMPLATES, matrix, rendered

PLAIN = {"base": {"from": "debian"}}
LOCKED = FROM_GIT.replace("image-matrix @", "image-matrix[locked] @")
MINE = "ghcr.io/team/notebooks"


def said(build: dict[str, Any] | str, registry: str = MINE, **more: Any) -> list[str]:
    """Code and message of everything that is said of a workflow's settings."""
    text = json.dumps({**matrix(PLAIN, registry=registry), "workflow": build, **more})
    found = diagnostics(load({"matrix.yaml": text}, TEMPLATES.kinds))
    return [f"{item.code} {item.severity}: {item.message}; {item.help}" for item in found]


def test_a_workflow_without_a_generator_is_refused() -> None:
    (one,) = said({})
    assert one.startswith("IM803 error: `workflow` has no `generator`")
    assert "image-matrix[locked] @ git+https://" in one
    assert "workflow: none" in one
    with pytest.raises(MatrixError, match="IM803"):
        rendered({**matrix(PLAIN), "workflow": {}})


def test_nothing_is_asked_where_no_workflow_is_written() -> None:
    assert said("none", registry="ghcr.io/example/notebooks") == []


def test_the_place_is_the_section_or_the_start_of_the_file() -> None:
    plain = "registry: ghcr.io/team/nb\nsources: {d: docker.io/library/debian:trixie-slim}\nimages: {a: {from: d}}\n"
    for text, place in (
        (f"version: 1\n{plain}", "matrix.yaml:1:1: error"),
        (f"version: 1\nworkflow: {{max_parallel: 3}}\n{plain}", "matrix.yaml:2:1: error"),
        (f"version: 1\nworkflow:\n  max_parallel: 3\n{plain}", "matrix.yaml:2:1: error"),
    ):
        found = diagnostics(load({"matrix.yaml": text}, TEMPLATES.kinds))
        assert terminal(found).startswith(place)


@pytest.mark.parametrize(
    "generator",
    [
        LOCKED,
        ".[locked]",
        "./vendor/image-matrix[locked]",
        "/opt/image_matrix-0.1.0-py3-none-any.whl[locked]",
    ],
)
def test_a_generator_whose_dependencies_are_locked(generator: str) -> None:
    assert said({"generator": generator}) == []


@pytest.mark.parametrize(
    "name", ["im.whl", "image_matrix.whl", "image_matrix-0.1.0.whl", "image-matrix-1-2.whl"]
)
def test_a_wheel_that_cannot_be_installed(name: str) -> None:
    """uv says of each: "The wheel filename is invalid"."""
    (one,) = said({"generator": f"./vendor/{name}[locked]"})
    assert one.startswith(f"IM105 error: `workflow.generator`: `{name}` is not the name of a wheel")
    assert said({"generator": "./vendor/image_matrix-0.1.0-py3-none-any.whl[locked]"}) == []


@pytest.mark.parametrize(
    ("generator", "remedy"),
    [
        (FROM_GIT, LOCKED),
        (".", ".[locked]"),
        ("/opt/image_matrix-0.1.0-py3-none-any.whl", "/opt/image_matrix-0.1.0-py3-none-any.whl[locked]"),
        (".[dev]", ".[dev,locked]"),
        (".[unlocked]", ".[unlocked,locked]"),
    ],
)
def test_dependencies_that_float_are_a_warning(generator: str, remedy: str) -> None:
    (one,) = said({"generator": generator})
    assert one.startswith("IM804 warning: ")
    assert f"write `{remedy}`" in one
    assert said({"generator": remedy}) == []


def test_a_receiver_of_spans_without_what_sends_them_is_a_warning() -> None:
    receiver = {"endpoint": "https://otlp.example.org:4318"}
    (one,) = said({"generator": ".[locked]", "telemetry": receiver})
    assert one.startswith("IM808 warning: ")
    assert "write `.[locked,telemetry]`" in one
    assert said({"generator": ".[locked,telemetry]", "telemetry": receiver}) == []


def test_a_version_of_an_index_is_a_warning_where_the_index_is_everybodys() -> None:
    (one,) = said({"generator": "image-matrix[locked]==0.1.0"})
    assert one.startswith("IM806 warning: GitHub's runners install `image-matrix[locked]==0.1.0` from PyPI")
    runners = {"linux/amd64": ["self-hosted", "own"], "linux/arm64": "emulate"}
    assert said({"generator": "image-matrix[locked]==0.1.0", "runners": runners}) == []


@pytest.mark.parametrize(
    ("registry", "example"),
    [
        ("ghcr.io/example/notebooks", True),
        ("ghcr.io/example", True),
        ("registry.example.org/team", True),
        ("example.com:5000/team", True),
        ("registry.example/team", True),
        ("ghcr.io/team/example", False),
        ("ghcr.io/examples/notebooks", False),
        ("registry.examples.org/team", False),
        ("localhost:5000/example", False),
    ],
)
def test_the_registry_of_an_example_is_a_warning(registry: str, example: bool) -> None:
    found = said({"generator": LOCKED}, registry=registry)
    assert [item[:14] for item in found] == (["IM805 warning:"] if example else [])


SHA = "0123456789abcdef0123456789abcdef01234567"
SHA256 = {"amd64": SHA + "0" * 24, "arm64": SHA + "1" * 24}


def test_one_action_is_moved_from_the_matrix() -> None:
    pins = {
        "actions/checkout": {"version": "v7.9.9", "sha": SHA},
        "uv": {"version": "0.99.0"},
        "docker.io/moby/buildkit": {"version": "v0.99.0", "digest": f"sha256:{SHA256['amd64']}"},
    }
    assert said({"generator": LOCKED, "pins": pins}) == []
    before, after = (
        "".join(file.content.decode() for file in rendered({**matrix(PLAIN), "workflow": workflow}).values())
        for workflow in ({"generator": LOCKED}, {"generator": LOCKED, "pins": pins})
    )
    for text in (
        f"uses: actions/checkout@{SHA} # v7.9.9",
        'version: "0.99.0"',
        "moby/buildkit:v0.99.0@sha256:0123",
    ):
        assert text in after
        assert text not in before
    assert set(re.findall(r"uses: (actions/checkout@\S+)", after)) == {f"actions/checkout@{SHA}"}


def test_a_program_is_fetched_at_the_version_and_checksum_of_the_matrix() -> None:
    declared = {"trivy": {"version": "0.99.0", "sha256": SHA256}}
    assert said({"generator": LOCKED, "pins": declared}) == []
    moved = tool("trivy", "arm64", declared)
    assert (moved.version, moved.sha256) == ("0.99.0", SHA256["arm64"])
    assert "v0.99.0/trivy_0.99.0_Linux-ARM64" in moved.url
    assert tool("grype", "arm64", declared) == tool("grype", "arm64")


@pytest.mark.parametrize(
    ("pins", "expected"),
    [
        ({"actions/checkout": {"version": "v7.0.9"}}, "`actions/checkout` has no `sha`; add `sha: …`"),
        ({"trivy": {"version": "0.99.0"}}, "`trivy` has no `sha256`; add `sha256: …`"),
        (
            {"docker.io/moby/buildkit": {"version": "v1", "sha": SHA}},
            "`docker.io/moby/buildkit` is not pinned by `sha`; write `digest` in place of it",
        ),
        ({"uv": {"version": "1", "sha256": SHA256}}, "`uv` is not pinned by `sha256`; remove `sha256`"),
        (
            {"action/checkout": {"version": "v1", "sha": SHA}},
            "that is called `action/checkout`; did you mean `actions/",
        ),
        ({"xyz": {"version": "1"}}, "uses nothing that is called `xyz`; known: `actions/"),
    ],
)
def test_a_pin_has_the_checksum_of_its_kind(pins: dict[str, Any], expected: str) -> None:
    (one,) = said({"generator": LOCKED, "pins": pins})
    assert one.startswith("IM807 error: ")
    assert expected in one
