from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.accelerators import Accelerator
from image_matrix.verify.accelerators import accelerator_results, device, frameworks
from image_matrix.verify.engine import CommandResult, Engine
from image_matrix.verify.model import Result, Subject
from image_matrix.verify.probe_client import source
from image_matrix.verify.probe_output import read
from tests.verify.test_engine import Recorder

if TYPE_CHECKING:
    from pathlib import Path

CUDA = Accelerator("cuda", version="13.0", device="nvidia.com/gpu")
ANY_CUDA = Accelerator("cuda", device="nvidia.com/gpu")
GAUDI = Accelerator("gaudi", version="1.24.1", device="habana.ai/gaudi")
NVIDIA = CommandResult(0, '{"nvidia": {}}')


def subject(*packages: str, accelerator: Accelerator | None = CUDA) -> Subject:
    return Subject("a:b", "c", "jupyter", accelerator=accelerator, packages=frozenset(packages))


def line(*told: object) -> str:
    return f"@image-matrix {json.dumps([*told, 1.5])}\n"


def results(of: Subject, out: str) -> list[Result]:
    return list(accelerator_results(of, read(out), "Python ended with exit code -11"))


@pytest.mark.parametrize(
    ("package", "name"), [("torch", "torch"), ("pytorch", "torch"), ("tensorflow", "tensorflow")]
)
def test_a_framework_is_known_by_its_packages(package: str, name: str) -> None:
    assert frameworks(subject(package, "numpy")) == (name,)


def test_no_accelerator_no_framework() -> None:
    assert frameworks(subject("torch", accelerator=None)) == ()
    assert frameworks(subject("torch", accelerator=Accelerator("cuda"))) == ()
    assert results(subject("torch", accelerator=None), "") == []


@pytest.mark.parametrize(
    ("built_for", "status"), [("13.0", "passed"), ("13.0.1", "passed"), ("12.4", "failed"), ("", "failed")]
)
def test_a_framework_is_built_for_the_accelerator(built_for: str, status: str) -> None:
    (result,) = results(subject("torch"), line("framework", "torch", built_for))
    assert result.status == status
    assert result.seconds == 1.5


def test_without_a_version_a_framework_is_built_for_any_accelerator() -> None:
    of = subject("torch", accelerator=ANY_CUDA)
    assert results(of, line("framework", "torch", "13.0"))[0].status == "passed"
    assert results(of, line("framework", "torch", ""))[0].detail == "torch was built for no accelerator"


@pytest.mark.parametrize("accelerator", [CUDA, ANY_CUDA])
def test_an_error_is_no_answer(accelerator: Accelerator) -> None:
    of = subject("torch", accelerator=accelerator)
    (failed,) = results(of, line("no framework", "torch", "OSError: libcudart.so.13"))
    assert (failed.status, failed.detail) == ("failed", "OSError: libcudart.so.13")
    (crashed,) = results(of, "Segmentation fault")
    assert (crashed.status, crashed.detail) == ("failed", "Python ended with exit code -11")


def test_a_framework_that_is_not_known_is_said_to_be_skipped() -> None:
    (result,) = results(subject("jax"), "")
    assert (result.name, result.status) == ("accelerator", "skipped")
    assert "torch, tensorflow" in result.detail


MODULES = {
    "torch": "import nothing_of_the_kind",
    "tensorflow": "class sysconfig: get_build_info = staticmethod(lambda: {'cuda_version': '12.5'})",
    "habana_frameworks.torch": "raise OSError('libSynapse.so')",
}


def test_the_script_tells_errors_apart_for_real(tmp_path: Path) -> None:
    for name, code in MODULES.items():
        file = tmp_path / name.replace(".", "/") / "__init__.py"
        file.parent.mkdir(parents=True)
        file.write_text(code)
    request = {"frameworks": ["torch", "tensorflow", "habana-torch-plugin"], "devices": ["torch"]}
    command = [sys.executable, "-c", source("python_probe"), json.dumps(request)]
    told = read(subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout)
    assert {key: value for key, (value, _) in told.items()} == {
        ("no framework", "torch"): "ModuleNotFoundError: No module named 'nothing_of_the_kind'",
        ("framework", "tensorflow"): "12.5",
        ("no framework", "habana-torch-plugin"): "OSError: libSynapse.so",
        ("no devices", "torch"): "ModuleNotFoundError: No module named 'nothing_of_the_kind'",
    }


XPU = """\
class version: cuda = None; hip = None; xpu = {built!r}
class cuda: device_count = staticmethod(lambda: 3)
class xpu: device_count = staticmethod(lambda: 2)
"""


@pytest.mark.parametrize(("built", "version", "count"), [("20250101", "20250101", "2"), (None, "", "3")])
def test_a_torch_for_intel_counts_intel_s_devices(
    tmp_path: Path, built: str | None, version: str, count: str
) -> None:
    (tmp_path / "torch.py").write_text(XPU.format(built=built))
    command = [
        sys.executable,
        "-c",
        source("python_probe"),
        json.dumps({"frameworks": ["torch"], "devices": ["torch"]}),
    ]
    told = read(subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout)
    assert {kind: value for (kind, _), (value, _) in told.items()} == {"framework": version, "devices": count}


def test_amd_s_devices_need_amd_s_runtime() -> None:
    of = subject("torch", accelerator=Accelerator("rocm", version="7.0", device="amd.com/gpu"))
    call = Recorder(info=CommandResult(0, '{"amd": {}}'), wait=CommandResult(0, "0"),
                    logs=CommandResult(0, line("devices", "torch", "1")))  # fmt: skip
    (result,) = device(Engine(call), of)
    assert (result.status, "--runtime=amd" in call.calls[1]) == ("passed", True)
    (result,) = device(Engine(Recorder(info=NVIDIA)), of)
    assert (result.status, result.detail) == ("skipped", "the engine has no runtime `amd`")


def test_no_device_runtime_no_device_check() -> None:
    (result,) = device(Engine(Recorder(info=CommandResult(0, '{"runc": {}}'))), subject("torch"))
    assert result.status == "skipped"
    assert "nvidia" in result.detail


@pytest.mark.parametrize(
    ("code", "log", "status", "said"),
    [
        ("0", line("devices", "torch", "1"), "passed", "torch sees 1"),
        ("0", line("devices", "torch", "0"), "failed", "no device visible to torch"),
        ("0", "", "failed", "no device visible to torch"),
        ("0", line("no devices", "torch", "OSError: libcudart.so.13"), "failed", "torch: OSError: libcudart"),
        ("127", "python: not found", "failed", "exit code 127: python: not found"),
        ("139", line("devices", "torch", "1"), "failed", "exit code 139"),
        ("", "", "failed", "no end after 60 s"),
    ],
)
def test_devices_are_counted_where_there_are_some(code: str, log: str, status: str, said: str) -> None:
    call = Recorder(info=NVIDIA, wait=CommandResult(0, code), logs=CommandResult(0, log))
    (result,) = device(Engine(call), subject("torch"))
    assert result.status == status
    assert said in result.detail
    assert "--gpus=all" in call.calls[1]


def test_a_device_is_not_counted_by_a_framework_that_is_not_known() -> None:
    call = Recorder(info=NVIDIA)
    (result,) = device(Engine(call), subject("jax"))
    assert (result.status, call.verbs()) == ("skipped", ["info"])
    assert "torch, tensorflow" in result.detail


def test_gaudi_has_a_framework_of_its_own() -> None:
    assert frameworks(subject(accelerator=GAUDI)) == ("habana-torch-plugin",)
