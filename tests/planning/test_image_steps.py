"""Each image layer has its size, the image that it came with, and the instruction as its author wrote it."""

from __future__ import annotations

import pytest

from image_matrix.planning.image_steps import ImageStep, image_steps, in_one_line
from image_matrix.registry.answers import ImageLayer

PIP = """\
RUN |2 TARGETARCH=amd64 BASH_ENV=/run/secrets/site.sh /bin/bash -euo pipefail -c umask 0002
export UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
uv pip install --python /opt/venv/bin/python \\
    toolz==1.0.0
 # buildkit"""


def layers(*digits: int) -> list[ImageLayer]:
    return [ImageLayer(f"sha256:{digit}", digit * 1_000_000) for digit in digits]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("ADD rootfs.tar / # buildkit", "ADD rootfs.tar /"),
        ("COPY --chmod=0755 . / # buildkit", "COPY --chmod=0755 . /"),
        ("WORKDIR /home/jovyan", "WORKDIR /home/jovyan"),
        (PIP, "uv pip install --python /opt/venv/bin/python toolz==1.0.0"),
        ("RUN /bin/sh -c make &&     make install # buildkit", "make && make install"),
        ("/bin/sh -c #(nop) ADD file:12 in / ", "ADD file:12 in /"),
        ("/bin/sh -c apt-get install -y git", "apt-get install -y git"),
        ("RUN /bin/sh -c umask 0002", "umask 0002"),
        ("RUN python -m build", "python -m build"),
        ("# debian.sh --arch 'amd64' out/ 'trixie'", "# debian.sh --arch 'amd64' out/ 'trixie'"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_step_is_shown_as_it_was_written(step: str, line: str) -> None:
    assert in_one_line(step) == line


def test_each_layer_belongs_to_the_lowest_image_that_has_it() -> None:
    below = {"base": layers(1, 2), "lab": layers(1, 2, 3)}
    found = image_steps(layers(1, 2, 3, 4), ["A", "B", "C", "D"], below, "geo")
    assert [(one.image, one.size, one.step) for one in found] == [
        ("base", 1_000_000, "A"),
        ("base", 2_000_000, "B"),
        ("lab", 3_000_000, "C"),
        ("geo", 4_000_000, "D"),
    ]


def test_a_step_controls_no_terminal() -> None:
    (one,) = image_steps(layers(1), ["RUN /bin/sh -c a\x1b]0;title\x07 \x9b2J\u202e\x00 b"], {}, "geo")
    assert one.step == r"a\x1b]0;title\x07 \x9b2J\u202e\x00 b"


def test_a_parent_with_other_layers_counts_for_nothing() -> None:
    below = {"base": layers(1, 9), "lab": layers(1, 2)}
    assert [one.image for one in image_steps(layers(1, 2, 3), [], below, "geo")] == ["lab", "lab", "geo"]


def test_an_image_that_says_less_than_its_layers() -> None:
    assert image_steps(layers(1, 2), ["A"], {}, "geo") == [
        ImageStep("geo", 1_000_000, "A"),
        ImageStep("geo", 2_000_000, ""),
    ]
    assert [one.step for one in image_steps(layers(1), ["A", "B"], {}, "geo")] == ["A"]
