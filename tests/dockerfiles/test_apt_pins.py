"""Which versions a Dockerfile has apt install, and what only looks like one."""

from __future__ import annotations

import pytest

from image_matrix.dockerfiles.apt_pins import UNKNOWN_VERSION, apt_pins


def pins_of(text: str, target: str | None = None) -> tuple[str, ...]:
    return apt_pins(text, {}, "linux/amd64", target)


@pytest.mark.parametrize(
    ("step", "pins"),
    [
        ("RUN apt-get install --yes curl=8.1-1 jq libssl3=3.0*", ["curl=8.1-1", "libssl3=3.0*"]),
        ("run apt-get update && apt-get install -y \\\n  curl=8.1 \\\n  # note\n  tar=1:1.35~a && rm x=1",
         ["curl=8.1", "tar=1:1.35~a"]),
        ("RUN --mount=type=cache,target=/var DEBIAN_FRONTEND=noninteractive /usr/bin/apt install 'curl=8.1' \"jq=1\";",
         ["curl=8.1", "jq=1"]),
        ("RUN apt-get -o quiet=1 install -t trixie -o debug=1 -y curl=8.1", ["curl=8.1"]),
        ("RUN sudo apt-get -qq -y install libc6:arm64=2.41", ["libc6:arm64=2.41"]),
        ('RUN ["apt-get", "install", "curl=8.1"]', ["curl=8.1"]),
        ('RUN ["bash", "-c", "apt-get update; apt-get install -y curl=8.1 | cat"]', ["curl=8.1"]),
        ("RUN <<EOF\nset -e\napt-get install -y \\\n  curl=8.1 # jq=1\nperl=5.40\nEOF", ["curl=8.1"]),
        ("RUN (apt-get install curl=8.1)\nRUN apt install curl=8.1", ["curl=8.1"]),
    ],
)  # fmt: skip
def test_what_apt_installs(step: str, pins: list[str]) -> None:
    assert pins_of(f"FROM debian\n{step}\n") == tuple(pins)


@pytest.mark.parametrize(
    "step",
    [
        "ENV perl=5.40",
        "ARG perl=5.40",
        "LABEL perl=5.40",
        "RUN perl=5.40 make",
        "RUN pip install perl==5.40 && conda install perl=5.40",
        "RUN apt-get install -y perl && make perl=5.40",
        "RUN apt-get install -y perl\nRUN make perl=5.40",
        "RUN perl=5.40 apt-get install -y perl",
        "RUN apt-get remove perl=5.40",
        "RUN apt-get install -y perl${PERL:+=$PERL}\nARG PERL=5.40",
        "ARG PERL\nRUN apt-get install -y perl${PERL:+=$PERL}",
        "RUN apt-get install -y $PACKAGES",
        "RUN apt-get install -y linux-headers-$(uname -r) perl$PERL",
        "RUN echo $(make perl=$PERL)",
        "RUN apt-get update # apt-get install perl=5.40",
        "# apt-get install perl=5.40",
        "COPY <<EOF /x\napt-get install perl=5.40\nEOF",
        'RUN ["make", "perl=5.40"]',
        "RUN []",
    ],
)
def test_what_only_looks_like_a_pin(step: str) -> None:
    assert pins_of(f"FROM debian\n{step}\n") == ()


@pytest.mark.parametrize(
    ("steps", "pins"),
    [
        ("ARG PERL=5.40\nRUN apt-get install perl=$PERL", ["perl=5.40"]),
        ('ARG PERL=5.40\nARG SAME=${PERL}*\nRUN apt-get install "perl=${SAME}"', ["perl=5.40*"]),
        ("ARG PERL\nRUN apt-get install perl=${PERL:-5.41}", ["perl=5.41"]),
        ("ARG PERL=5.40\nRUN apt-get install perl${PERL:+=$PERL} jq", ["perl=5.40"]),
        ("ARG PERL=5.40\nENV PERL=5.41\nRUN apt-get install perl=$PERL", ["perl=5.41"]),
        ("ARG GIVEN=5.40\nRUN apt-get install perl=$GIVEN", ["perl=7.0"]),
        ("ENV PERL 5.40\nRUN <<E\napt-get install perl=$PERL\nE", ["perl=5.40"]),
        ('ENV PERL=5.40\nRUN ["bash", "-c", "apt-get install perl=$PERL"]', ["perl=5.40"]),
        ('ENV TOOLS="perl=5.40 jq=1.7"\nRUN apt-get install $TOOLS', ["perl=5.40", "jq=1.7"]),
        ("RUN tools='perl=5.40 jq'; apt-get update && apt-get install $tools", ["perl=5.40"]),
        ("ARG OUTSIDE\nRUN apt-get install perl=$OUTSIDE", ["perl=6.0"]),
        ("ARG TARGETARCH\nRUN apt-get install perl:$TARGETARCH=5.40", ["perl:amd64=5.40"]),
        ("ARG A=1\nRUN apt-get install a1=$A\nARG A=2\nRUN apt-get install a1=$A", ["a1=1", "a1=2"]),
    ],
)
def test_variables_have_the_values_of_the_dockerfile(steps: str, pins: list[str]) -> None:
    text = f"ARG OUTSIDE=6.0\nFROM debian\n{steps}\n"
    assert apt_pins(text, {"GIVEN": "7.0"}, "linux/amd64") == tuple(pins)


@pytest.mark.parametrize(
    "step",
    [
        "RUN apt-get install perl=$PERL",
        "ARG PERL\nRUN apt-get install perl=$PERL",
        "RUN apt-get install perl=$PERL\nARG PERL=5.40",
        "RUN apt-get install perl=5.${MINOR}-1",
        "RUN apt-get install perl${PERL:+=$PERL}",
        "RUN apt-get install perl=$(cat version)",
        "RUN apt-get install perl=$(grep $(cat a b) `cat c`)*",
        "RUN apt-get install perl=`cat version`",
        'RUN set -- "$@"; apt-get install perl=$1',
        "RUN for version in 5.40 5.41; do apt-get install perl=$version; done",
        "ARG PERL=5.40\nRUN PERL=$(cat version); apt-get install perl=$PERL",
        "ARG PERL=5.40\nRUN if test -e x; then PERL=5.41; fi; apt-get install perl=$PERL",
        "RUN PERL=5.40; PERL=5.41; apt-get install perl=$PERL",
    ],
)
def test_a_version_that_only_the_build_knows_is_a_pin(step: str) -> None:
    """It would be found as an update each week, and no build would bring it."""
    assert pins_of(f"FROM debian\n{step}\n") == (f"perl={UNKNOWN_VERSION}",)


def test_a_command_in_another_one_installs_too() -> None:
    assert pins_of("FROM debian\nRUN said=$(apt-get install perl=5.40 2>&1)") == ("perl=5.40",)


STAGES = """
FROM debian AS common
RUN apt-get install a1=1
FROM debian AS Tools
RUN apt-get install b1=1
FROM common AS lab
RUN apt-get install c1=1
COPY --from=tools /x /x
FROM lab
RUN apt-get install d1=1
"""


@pytest.mark.parametrize(
    ("target", "pins"),
    [
        (None, ["a1=1", "c1=1", "d1=1"]),
        ("lab", ["a1=1", "c1=1"]),
        ("LAB", ["a1=1", "c1=1"]),
        ("tools", ["b1=1"]),
        ("0", ["a1=1"]),
        ("absent", []),
    ],
)
def test_only_what_the_image_is_built_on_counts(target: str | None, pins: list[str]) -> None:
    """A pin in a stage that is copied from would hide the updates of the package in the image."""
    assert pins_of(STAGES, target) == tuple(pins)


def test_a_stage_of_the_name_of_its_own_base() -> None:
    text = "FROM debian AS debian\nRUN apt install a1=1\nFROM debian\nRUN apt install b1=1\n"
    assert pins_of(text) == ("a1=1", "b1=1")
    assert pins_of("") == pins_of("ARG A=1") == ()


def test_a_stage_that_an_argument_names_counts() -> None:
    text = (
        "ARG BELOW=common\nFROM debian AS common\nRUN apt install a1=1\nFROM $BELOW\nRUN apt install b1=1\n"
    )
    assert pins_of(text) == ("a1=1", "b1=1")
    assert apt_pins(text, {"BELOW": "debian"}, "linux/amd64") == ("b1=1",)


def test_a_stage_has_the_variables_of_the_stage_that_it_is_built_on() -> None:
    text = (
        "FROM debian AS below\nARG A=1\nENV B=2\nFROM debian AS other\nARG A=3\n"
        "FROM below\nRUN apt install a1=$A b1=$B\n"
    )
    assert pins_of(text) == ("a1=1", "b1=2")
