"""What a stranger reads first fits 80 columns and is whole."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from image_matrix.cli import COMMANDS, cli


def shown(*arguments: str) -> str:
    result = CliRunner().invoke(cli, [*arguments, "--help"], terminal_width=80, prog_name="image-matrix")
    assert result.exit_code == 0, result.output
    return result.output


def test_every_command_is_listed_with_a_whole_sentence() -> None:
    lines = shown().partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in lines] == list(COMMANDS)
    assert [line for line in lines if not line.endswith(".") or line.endswith("...")] == []
    assert max(len(line) for line in shown().splitlines()) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_options_are_explained(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    options = [item for item in command.params if isinstance(item, click.Option)]
    assert [item.name for item in options if not item.help and not isinstance(item.type, click.Choice)] == []
    assert max(len(line) for line in shown(name).splitlines()) <= 80
