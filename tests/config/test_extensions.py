"""Addresses of extensions, and which Visual Studio Code takes them."""

from __future__ import annotations

import pytest

from image_matrix.config.extensions import code_version, extension_address, files_for, runs_on

PYTHON = "https://open-vsx.org/api/ms-python/python/2026.4.0/file/ms-python.python-2026.4.0.vsix"
DEBUGPY = "https://open-vsx.org/api/ms-python/debugpy/{0}/2026.6.0/file/ms-python.debugpy-2026.6.0@{0}.vsix"


def test_a_target_platform_has_its_address() -> None:
    assert extension_address("ms-python.python@2026.4.0") == PYTHON
    assert extension_address("ms-python.debugpy@2026.6.0", "linux-arm64") == DEBUGPY.format("linux-arm64")


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (["universal"], {"all": PYTHON}),
        (["universal", "win32-x64"], {"all": PYTHON}),
        (["win32-x64"], {}),
    ],
)
def test_the_universal_file_is_everywhere(targets: list[str], expected: dict[str, str]) -> None:
    assert files_for("ms-python.python@2026.4.0", targets, ["amd64", "arm64"]) == expected


def test_the_file_of_the_platform_is_preferred() -> None:
    item = "ms-python.debugpy@2026.6.0"
    x64, arm64 = DEBUGPY.format("linux-x64"), DEBUGPY.format("linux-arm64")
    assert files_for(item, ["linux-x64", "linux-arm64"], ["amd64", "arm64"]) == {"amd64": x64, "arm64": arm64}
    assert files_for(item, ["linux-x64"], ["amd64", "arm64"]) == {"amd64": x64}
    assert files_for(item, ["universal", "linux-x64"], ["amd64", "ppc64le"]) == {
        "amd64": x64,
        "ppc64le": extension_address(item),
    }


@pytest.mark.parametrize(
    ("code_server", "code"),
    [("4.139.1", (1, 139, 1)), ("v4.89.0", (1, 89, 0)), ("4.22.1", None), ("3.12.0", None), ("edge", None)],
)
def test_code_server_says_its_code(code_server: str, code: tuple[int, int, int] | None) -> None:
    assert code_version(code_server) == code


@pytest.mark.parametrize(
    ("engine", "fits"),
    [
        ("*", True),
        ("^1.139.0", True),
        ("^1.139.1", True),
        ("^1.139.2", False),
        ("^1.140.0", False),
        ("^1.110.0-20260204", True),
        ("^2.0.0", False),
        ("^0.10.1", True),
        ("0.10.x", True),
        (">=1.100.0", True),
        (">=1.140.0", False),
        ("1.139.1", True),
        ("1.139.x", True),
        ("1.138.x", False),
        ("1.x.x", True),
        ("1.140.0", False),
        ("what ever", True),
    ],
)
def test_the_engine_is_compared_as_the_editor_does(engine: str, fits: bool) -> None:
    assert runs_on(engine, (1, 139, 1)) is fits
