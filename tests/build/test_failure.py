"""Logs of real builds that failed, and what is made of them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from image_matrix.build.failure import BuildFailed, excerpt, failed_step, failure, retry_policy
from image_matrix.build.request import BuildOptions, BuildRequest, make_request
from image_matrix.errors import EnvironmentFailure
from image_matrix.output_tree.files import File
from image_matrix.planning.registry_locations import Locations
from tests.build.support import LEAF, MIDDLE, STATE

LOGS = Path(__file__).parent.parent / "fixtures" / "build"
EVERYTHING = make_request(Locations(STATE), [LEAF], {}, BuildOptions(push=False), ())
ALONE = make_request(Locations(STATE), [LEAF], {MIDDLE: "x@sha256:1"}, BuildOptions(push=False), ())


HUB = {"docker.io": "localhost:5000"}


def asked_for(registries: dict[str, str], *, push: bool = False) -> BuildRequest:
    """A request for the chain where this network has mirrors."""
    network = STATE.loaded.matrix.network
    network = replace(network, mirrors=replace(network.mirrors, registries=registries))
    loaded = replace(STATE.loaded, matrix=replace(STATE.loaded.matrix, network=network))
    return make_request(Locations(replace(STATE, loaded=loaded)), [LEAF], {}, BuildOptions(push=push), ())


def read(name: str) -> str:
    return (LOGS / f"{name}.log").read_text(encoding="utf-8")


def having(request: BuildRequest, image: str, log: str) -> BuildRequest:
    """The request, where an image's Dockerfile has the lines that a log shows."""
    lines = ["# something else"] * 60
    for number, text in re.findall(r"^ +(\d+) \| (?:>>> |    )(.*)$", log, re.MULTILINE):
        lines[int(number) - 1] = text
    path = f"images/{image}/default/Dockerfile"
    return replace(request, rendered={**request.rendered, path: File("\n".join(lines).encode())})


@pytest.mark.parametrize("image", ["base", "middle", "leaf"])
def test_a_step_belongs_to_the_image_whose_dockerfile_has_it(image: str) -> None:
    log = read("parents-step")
    assert "> [leaf_default-amd64 stage-0 1/7]" in log
    failed = failure(having(EVERYTHING, image, log), log)
    assert type(failed) is BuildFailed
    assert failed.exit_code == 1
    assert (
        failed.message
        == f"{image}:default (linux/amd64) cannot be built: E: Unable to locate package nonesuch"
    )
    assert (
        failed.help == f"images/{image}/default/Dockerfile:25 ended with exit code 100; its output is above; "
        "it is generated: edit matrix.yaml or the template of kind `generic`"
    )
    assert failed.place == (f"images/{image}/default/Dockerfile", 25)


def test_a_script_of_the_project_that_failed_is_what_to_edit() -> None:
    log = read("script")
    failed = failure(having(ALONE, "leaf", log), log)
    assert failed.message == "leaf:default (linux/amd64) cannot be built: hello"
    assert (
        failed.help == "scripts/fail.sh ended with exit code 3; its output is above; edit `scripts/fail.sh`"
    )


def test_a_package_that_apt_does_not_have_is_shown_where_it_is_written() -> None:
    log = read("parents-step")
    request = having(EVERYTHING, "leaf", log)
    legs = tuple(
        replace(leg, variant=replace(leg.variant, packages={"apt": ("nonesuch=1.0",)}))
        for leg in request.legs
    )
    failed = failure(replace(request, legs=legs), log)
    assert (
        "its output is above; `image-matrix list --resolved leaf` shows the line of `nonesuch`" in failed.help
    )


def test_a_builder_whose_image_cannot_be_pulled_is_no_fault_of_an_image() -> None:
    log = read("no-buildkit")
    failed = failure(ALONE, log)
    assert type(failed) is EnvironmentFailure
    assert failed.message.startswith(
        "the builder cannot be started: Error response from daemon: failed to res"
    )
    assert "options: {image: MIRROR/moby/buildkit:TAG}" in (failed.help or "")
    other = failure(ALONE, log.replace("failed to resolve reference", "privileged containers are forbidden"))
    assert "`--builder NAME` names another one" in (other.help or "")


def test_a_build_of_one_image_names_no_target() -> None:
    log = read("one-target")
    assert "> [stage-0 1/2]" in log
    failed = failure(ALONE, log)
    assert failed.message.startswith(
        "leaf:default (linux/amd64) cannot be built: cause: Because there is no version"
    )
    assert failed.help.startswith("images/leaf/default/Dockerfile:14 ended with exit code 1;")


@pytest.mark.parametrize(
    ("name", "said", "remedy"),
    [
        ("no-registry", "base:default (linux/amd64) cannot be built: failed to push", "check the network"),
        (
            "ghcr-limit",
            'middle:default (linux/amd64) cannot be built: "message": "You have exceeded a secondary rate limit.',
            "wait a few minutes",
        ),
        (
            "hub-limit",
            "base:default (linux/amd64) cannot be built: toomanyrequests: You have reached your",
            "`docker login`",
        ),
    ],
)
def test_what_is_around_the_build_is_no_fault_of_a_dockerfile(name: str, said: str, remedy: str) -> None:
    failed = failure(EVERYTHING, read(name))
    assert type(failed) is EnvironmentFailure
    assert failed.message.startswith(said)
    assert remedy in failed.help


@pytest.mark.parametrize(
    ("log", "registries", "push", "remedies", "others"),
    [
        (
            "no-frontend",
            {},
            False,
            ("it reads every Dockerfile", "`network: {builtin_frontend: true}`"),
            ("sbom",),
        ),
        (
            "mirror-without-frontend",
            HUB,
            False,
            ("`network: {builtin_frontend: true}`",),
            ("lock --upgrade",),
        ),
        ("no-scanner", {}, True, ("bill of materials", "`release: {sbom: false}`"), ("frontend",)),
        ("mirror-without-scanner", HUB, True, ("`release: {sbom: false}`",), ("lock --upgrade", "sources")),
        ("no-source", HUB, False, ("the source `debian`", "lock --upgrade"), ("builtin", "sbom")),
        (
            "source-not-reached",
            {},
            False,
            ("the source `debian`", "{docker.io: MIRROR}"),
            ("builtin", "sbom"),
        ),
    ],
)
def test_help_is_by_what_the_image_is_for(
    log: str, registries: dict[str, str], push: bool, remedies: tuple[str, ...], others: tuple[str, ...]
) -> None:
    text = read(log).replace("debian:nothing-here", "debian:trixie-slim")
    failed = failure(asked_for(registries, push=push), text)
    assert type(failed) is EnvironmentFailure
    for remedy in remedies:
        assert remedy in failed.help
    for other in others:
        assert other not in failed.help


@pytest.mark.parametrize(
    ("said", "login"),
    [
        ("HEAD request to https://ghcr.io/v2/team/x/blobs/sha256:1: 403 Forbidden", "`docker login ghcr.io`"),
        (
            'Head "https://registry.example.org:5000/v2/x/": no basic auth',
            "`docker login registry.example.org:5000`",
        ),
        ('Head "https://registry-1.docker.io/v2/x/manifests/1": 401 Unauthorized', "`docker login`"),
        ("pull access denied, repository does not exist or may require authorization", "`docker login`"),
    ],
)
def test_a_login_is_to_the_registry_that_refused(said: str, login: str) -> None:
    failed = failure(EVERYTHING, f"ERROR: failed to solve: failed to push x: {said}")
    assert type(failed) is EnvironmentFailure
    assert failed.help.startswith(f"{login} with an account")


def test_a_helper_image_that_asks_for_a_login_wants_one() -> None:
    log = read("no-scanner").replace("no such host", "unexpected status: 401 Unauthorized")
    assert "docker login" in failure(asked_for({}, push=True), log).help


@pytest.mark.parametrize(
    ("last", "remedy"),
    [
        ("tar: x: Cannot write: No space left on device", "docker builder prune"),
        ("exec /bin/bash: exec format error", "QEMU"),
    ],
)
def test_a_step_that_the_engine_let_down(last: str, remedy: str) -> None:
    failed = failure(EVERYTHING, read("parents-step").replace("E: Unable to locate package nonesuch", last))
    assert type(failed) is EnvironmentFailure
    assert failed.message.endswith(last)
    assert remedy in failed.help


@pytest.mark.parametrize(
    "last",
    [
        "hint: An index (https://h/simple) could not be queried: no valid credentials (401 Unauthorized)",
        "curl: (22) The requested URL returned error: 401",
        "E: Failed to fetch https://h/debian/x.deb  401  Unauthorized [IP: 192.0.2.1 443]",
        "npm error code E401",
        "cannot open URL 'https://h/PACKAGES': HTTP status was '403 Forbidden'",
    ],
)
def test_a_step_that_a_server_refused_names_the_logins(last: str) -> None:
    failed = failure(EVERYTHING, read("parents-step").replace("E: Unable to locate package nonesuch", last))
    assert type(failed) is EnvironmentFailure
    assert failed.message.endswith(last)
    assert "`network.netrc`" in failed.help


def test_a_package_that_is_not_found_may_be_behind_a_login() -> None:
    last = "cause: Because tools was not found in the package registry and you require tools==1.0"
    log = read("parents-step").replace("E: Unable to locate package nonesuch", last)
    assert "login" not in failure(EVERYTHING, log).help
    legs = tuple(
        replace(leg, variant=replace(leg.variant, extra_index_urls=("https://packages.example.org/simple",)))
        for leg in EVERYTHING.legs
    )
    said = failure(replace(EVERYTHING, legs=legs), log).help
    assert "`image-matrix lock` reports whether https://packages.example.org/simple asks for a login" in said


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("sh: 1: make: not found", "; the R package `comp` needs a compiler: add `r-base-dev` to `apt`"),
        (
            "curl.h: No such file or directory\nERROR: compilation failed for package ‘comp’",
            "; if the R package `comp` lacks a library, add the `-dev` package of it to `apt`",
        ),
        ("ERROR: dependency ‘x’ is not available for package ‘comp’", "kind `generic`"),
    ],
)
def test_a_package_of_r_that_cannot_be_built(output: str, advice: str) -> None:
    """As R 4.5 of Debian 13 prints it."""
    lines = (
        "* installing *source* package ‘comp’ ...",
        *output.splitlines(),
        "Error in install.packages(listed) :",
        "  (converted from warning) installation of package ‘comp’ had non-zero exit status",
        "Calls: withCallingHandlers -> install.packages",
        "Execution halted",
    )
    log = read("parents-step").replace("E: Unable to locate package nonesuch", "\n0.5 ".join(lines))
    failed = failure(EVERYTHING, log)
    assert failed.message.endswith("installation of package ‘comp’ had non-zero exit status")
    assert failed.help
    assert failed.help.endswith(advice)


def test_a_step_that_was_killed() -> None:
    failed = failure(EVERYTHING, read("parents-step").replace("exit code: 100", "exit code: 137"))
    assert " ended with exit code 137 (usually out of memory);" in failed.help


def test_a_step_that_mentions_the_network_is_still_a_step() -> None:
    log = read("parents-step").replace("E: Unable to locate package nonesuch", "curl: (7) Connection refused")
    assert type(failure(EVERYTHING, log)) is BuildFailed


def test_a_step_that_meets_a_rate_limit_is_not_tried_again() -> None:
    log = read("parents-step").replace("apt-get update\\n", "echo rate limit 429\\n")
    assert "rate limit 429" in log.splitlines()[-1]
    assert retry_policy(log) is None


@pytest.mark.parametrize(
    ("log", "code", "message"),
    [
        ("", 1, "the build failed: docker did not print a reason"),
        ("ERROR: something new", 1, "the build failed: something new"),
        ('ERROR: no builder "x" found', 3, 'the build failed: no builder "x" found'),
        ("ERROR: failed to solve: denied: requested access", 3, "the build failed: denied: requested access"),
    ],
)
def test_other_endings(log: str, code: int, message: str) -> None:
    failed = failure(EVERYTHING, log)
    assert (failed.exit_code, failed.message) == (code, message)


def test_who_did_not_see_the_log_sees_its_end() -> None:
    log = read("one-target")
    assert not log.startswith("------\n > [stage-0 1/2]")
    assert excerpt(log).startswith("------\n > [stage-0 1/2]")
    assert failed_step(ALONE, excerpt(log)) == failed_step(ALONE, log)
    assert excerpt("ERROR: no daemon") == "ERROR: no daemon"
