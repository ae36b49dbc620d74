"""What is published, where the home is, and who gets the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from image_matrix.errors import CallError
from image_matrix.running.launch import launch_of, refuse_shell_without_terminal
from image_matrix.running.model import HomeVolume, LocalImage, RunOptions
from image_matrix.verify.engine import Start
from tests.running.images import BASE, EMPTY, LAB, SERVICE, STACK, WORKER

PLAIN = RunOptions()


@pytest.mark.parametrize(
    ("image", "published", "in_terminal", "command"),
    [
        (LAB, ("127.0.0.1::8888",), False, ()),
        (BASE, (), True, ("bash",)),
        (SERVICE, ("127.0.0.1::8888", "127.0.0.1::5000", "127.0.0.1::9090"), False, ()),
        (STACK, ("127.0.0.1::8888",), False, ()),
        (WORKER, (), True, ()),
    ],
)
def test_what_listens_is_published_and_the_rest_gets_the_terminal(
    image: LocalImage, published: tuple[str, ...], in_terminal: bool, command: tuple[str, ...]
) -> None:
    launch = launch_of(image, PLAIN, "name")
    assert (launch.published, launch.in_terminal, launch.command) == (published, in_terminal, command)


def test_a_port_that_is_named_is_the_main_one() -> None:
    launch = launch_of(SERVICE, RunOptions(port=80), "name")
    assert launch.published == ("127.0.0.1:80:8888", "127.0.0.1::5000", "127.0.0.1::9090")
    with pytest.raises(CallError, match="worker:default has no port"):
        launch_of(WORKER, RunOptions(port=80), "name")
    with pytest.raises(CallError, match=r"base:python3\.13 has no port"):
        launch_of(BASE, RunOptions(port=80), "name")


def test_a_command_gets_the_terminal_and_a_port_only_if_it_is_named() -> None:
    command = RunOptions(command=("python", "-c", "1"))
    assert launch_of(LAB, command, "name").published == ()
    assert launch_of(SERVICE, replace(command, port=81), "name").published == ("127.0.0.1:81:8888",)
    assert all(launch_of(image, command, "name").in_terminal for image in (LAB, BASE, SERVICE, WORKER))
    assert launch_of(EMPTY, command, "name").command == command.command


def test_an_image_that_has_nothing_to_run_asks_for_a_command() -> None:
    with pytest.raises(CallError) as caught:
        launch_of(EMPTY, PLAIN, "name")
    assert "`image-matrix run files:default -- sh`" in caught.value.help


def test_a_shell_without_a_terminal_is_refused() -> None:
    with pytest.raises(CallError, match="a shell alone ends at once"):
        refuse_shell_without_terminal(launch_of(BASE, PLAIN, "name"))
    refuse_shell_without_terminal(launch_of(BASE, RunOptions(command=("sleep", "9")), "name"))
    refuse_shell_without_terminal(launch_of(LAB, PLAIN, "name"))


def test_the_home_is_a_volume_that_has_the_name_of_the_image() -> None:
    assert launch_of(LAB, PLAIN, "x").home == HomeVolume("image-matrix-jupyter", "/home/jovyan")
    assert launch_of(STACK, PLAIN, "x").home == HomeVolume("image-matrix-scipy", "/home/jovyan")
    assert launch_of(LAB, RunOptions(volume="mine"), "x").home == HomeVolume("mine", "/home/jovyan")
    for image in (LAB, WORKER):
        assert launch_of(image, RunOptions(volume="none"), "x").home is None
    assert launch_of(WORKER, PLAIN, "x").home is None
    with pytest.raises(CallError, match="does not say where its home is"):
        launch_of(WORKER, RunOptions(volume="mine"), "x")


@pytest.mark.parametrize("home", ["", "/", "//", "relative", "/h,type=bind,src=/", '/h"', "/h\n"])
def test_a_home_that_is_none_or_would_mount_something_else_gets_no_volume(home: str) -> None:
    """The image says where its home is, and ``--mount`` reads fields between commas."""
    image = replace(STACK, start=Start(("x",), (8888,), {"HOME": home}))
    assert launch_of(image, PLAIN, "x").home is None
