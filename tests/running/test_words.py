"""The command line of docker."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from image_matrix.running.launch import launch_of
from image_matrix.running.model import EnvSetting, RunOptions
from image_matrix.running.words import FOLLOWED, LEFT, TERMINAL, run_words, shown_words
from tests.running.images import BASE, LAB, SERVICE, STACK, WORKER

TEXTS = st.text(st.characters(exclude_categories=["C"]), max_size=20)
ENV = st.builds(EnvSetting, st.from_regex("[A-Z_]{1,8}", fullmatch=True), st.none() | TEXTS)
OPTIONS = st.builds(
    RunOptions,
    port=st.none(),
    volume=st.none(),
    env=st.lists(ENV, max_size=3).map(tuple),
    command=st.lists(TEXTS, max_size=3).map(tuple),
)


def test_a_notebook_in_full() -> None:
    options = RunOptions(
        "linux/arm64",
        8080,
        "mine",
        (EnvSetting("A", "1 2"), EnvSetting("B")),
        ("--gpus=all",),
        ("python", "-V"),
    )
    assert run_words(launch_of(LAB, options, "one"), TERMINAL) == (
        "run", "--interactive", "--tty", "--pull=never", "--name=one", "--label=image-matrix.run=jupyter:python3.13",
        "--cap-drop=ALL", "--security-opt=no-new-privileges", "--platform=linux/arm64", "--publish=127.0.0.1:8080:8888",
        "--mount=type=volume,src=mine,dst=/home/jovyan", "--env=A=1 2", "--env=B", "--gpus=all", "registry/jupyter:1",
        "python", "-V",
    )  # fmt: skip


def test_an_image_that_is_no_notebook_keeps_the_capabilities_of_the_engine() -> None:
    words = run_words(launch_of(WORKER, RunOptions(), "one"), LEFT)
    assert words == (
        "run", "--detach", "--rm", "--pull=never", "--name=one", "--label=image-matrix.run=worker:default",
        "registry/worker:1",
    )  # fmt: skip


@given(st.sampled_from([LAB, BASE, SERVICE, STACK, WORKER]), OPTIONS)
def test_no_port_is_open_to_other_machines(image: object, options: RunOptions) -> None:
    words = run_words(launch_of(image, options, "one"), FOLLOWED)  # type: ignore[arg-type]
    before = words[: words.index(image.reference)]  # type: ignore[attr-defined]
    published = [word for word in before if word.startswith("--publish")]
    assert all(word.startswith("--publish=127.0.0.1:") for word in published)
    assert not {"--privileged", "--network=host", "--publish-all"} & {*before}


@given(st.lists(st.from_regex("[a-z]{12}", fullmatch=True), min_size=1, max_size=3))
def test_no_value_of_a_variable_is_shown(values: list[str]) -> None:
    env = tuple(EnvSetting(f"V{number}", value) for number, value in enumerate(values))
    line = shown_words(launch_of(LAB, RunOptions(env=env), "one"), FOLLOWED)
    assert line.startswith("docker run --detach ")
    assert all(f"--env=V{number}" in line for number in range(len(values)))
    assert not any(value in line for value in values)
