"""Ctrl-C ends a command with a word and the exit code of the signal."""

from __future__ import annotations

import click
import pytest

from image_matrix.cli import run


@pytest.mark.parametrize("error", [KeyboardInterrupt, click.Abort])
def test_ctrl_c_is_answered(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise error

    monkeypatch.setattr(click.Group, "invoke", interrupt)
    assert run(["list"]) == 130
    captured = capsys.readouterr()
    assert captured.err.strip() == "interrupted"
    assert captured.out == ""
