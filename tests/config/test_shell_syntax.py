"""Commands that mean something else without a shell, and those that do not."""

from __future__ import annotations

import pytest

from image_matrix.config.shell_syntax import shell_syntax


@pytest.mark.parametrize(
    ("command", "piece"),
    [
        ("python -V | grep 3", "|"), ("a|b", "|"), ("a && b", "&&"), ("sleep 9 &", "&"), ("cd /tmp; ls", ";"),
        ("ls >x", ">"), ("cat <<< x", "<<<"), ("echo $HOME", "$HOME"), ("echo ${HOME}", "${"), ("ls $(pwd)", "$("),
        ("ls `pwd`", "`"), ("LANG=C date", "LANG=C"), ("'a b' | c", "|"), ('"a\\"b" | c', "|"),
    ],
)  # fmt: skip
def test_what_a_shell_would_act_on(command: str, piece: str) -> None:
    assert shell_syntax(command) == piece


@pytest.mark.parametrize(
    "command",
    [
        "git --version", "python -c 'print(1); print(2)'", "sh -c 'echo $HOME | cat'", 'sh -c "a > b"',
        r"grep a\|b /etc/hosts",
        "python -c print(1)", "grep x$ file", "test a=b", "ls *.py ~", "A=b", "Rscript -e 'library(reticulate)'",
    ],
)  # fmt: skip
def test_what_stays_as_it_is(command: str) -> None:
    assert shell_syntax(command) == ""
