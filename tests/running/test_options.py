"""The values of options."""

from __future__ import annotations

from dataclasses import replace

import pytest

from image_matrix.errors import CallError
from image_matrix.running.model import EnvSetting
from image_matrix.running.options import checked_volume, device_options, env_settings, refuse_no_accelerator
from image_matrix.verify.accelerators import DEVICES
from tests.running.images import LAB

CUDA = replace(LAB, vendor="nvidia.com")


def test_variables_with_a_value_and_those_of_the_caller() -> None:
    settings = env_settings(["A=b=c", "EMPTY=", "TOKEN"], {"TOKEN": "secret"})
    assert settings == (EnvSetting("A", "b=c"), EnvSetting("EMPTY", ""), EnvSetting("TOKEN"))
    assert [setting.word for setting in settings] == ["A=b=c", "EMPTY=", "TOKEN"]


@pytest.mark.parametrize("text", ["=value", "", " A=1", "A =1"])
def test_a_variable_without_a_name_is_refused(text: str) -> None:
    with pytest.raises(CallError, match="no name"):
        env_settings([text], {})


def test_a_variable_that_the_caller_has_not_is_refused() -> None:
    with pytest.raises(CallError, match="TOKEN is not set in this environment") as caught:
        env_settings(["TOKEN"], {})
    assert caught.value.help == "write `--env TOKEN=VALUE`"


@pytest.mark.parametrize("name", [None, "none", "mine", "a.b_c-1"])
def test_names_of_volumes(name: str | None) -> None:
    assert checked_volume(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("./work", "names a folder"),
        ("/home/me", "names a folder"),
        ("a:/b", "names a folder"),
        ("C:\\work", "names a folder"),
        ("a", "is no name of a volume"),
        ("-x", "is no name of a volume"),
        ("a,dst=x", "is no name of a volume"),
    ],
)
def test_what_is_no_volume_is_refused(name: str, reason: str) -> None:
    with pytest.raises(CallError, match=reason):
        checked_volume(name)


def test_devices_are_passed_only_where_the_engine_has_their_runtime() -> None:
    assert device_options(CUDA, {"runc", "nvidia"}) == (("--gpus=all",), "")
    options, reason = device_options(CUDA, {"runc"})
    assert (options, reason) == (
        (),
        "the engine has no runtime `nvidia`: jupyter:python3.13 runs without devices",
    )


def test_devices_that_are_not_known_are_said() -> None:
    options, reason = device_options(replace(LAB, vendor="gpu.intel.com"), {"runc"})
    assert options == ()
    assert reason == f"devices of gpu.intel.com are not passed: `--gpus` knows {', '.join(DEVICES)}"


def test_an_image_without_an_accelerator_gets_no_devices() -> None:
    with pytest.raises(CallError, match="has no accelerator with a device"):
        refuse_no_accelerator(LAB)
    refuse_no_accelerator(CUDA)
