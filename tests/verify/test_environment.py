from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.verify.engine import CommandResult, Container, Engine
from image_matrix.verify.environment import OF_POD, complete
from image_matrix.verify.in_container import settings_probe
from image_matrix.verify.in_container.settings_probe import differs, within
from image_matrix.verify.places import EVERYWHERE, look
from tests.verify.test_engine import Recorder

CONTAINER = {"PATH": "/opt/venv/bin:/bin", "LANG": "C.UTF-8", "HOME": "/home/jovyan", **OF_POD}


def test_everything_arrived() -> None:
    assert complete({"shell": {"differs": []}, "kernel": {"differs": []}}) == ""


def test_what_is_missing_is_named_with_its_place() -> None:
    answers: dict[str, Any] = {
        "shell": {"differs": []},
        "kernel": {"differs": ["A", "B"]},
        "terminal": {"error": "no shell"},
    }
    assert complete(answers) == "kernel: without A, B of the container; terminal: no shell"


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({}, []),
        ({"PATH": "/home/jovyan/.local/bin:/opt/venv/bin:/bin", "SHLVL": "1", "OTHER": "x"}, []),
        ({"PATH": "/bin:/opt/venv/bin"}, ["PATH"]),
        ({"LANG": "", "PATH": "/bin"}, ["LANG", "PATH"]),
    ],
)
def test_a_place_may_have_more_but_not_less(changed: dict[str, str], names: list[str]) -> None:
    assert differs(CONTAINER, {**CONTAINER, **changed}) == names


def test_a_variable_that_is_missing_differs() -> None:
    found = {name: value for name, value in CONTAINER.items() if name not in OF_POD}
    assert differs(CONTAINER, found) == [*OF_POD]


def test_what_init_scripts_set_is_theirs(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "container_environment").mkdir()
    (tmp_path / "container_environment/LANG").write_text("de_DE.UTF-8")
    monkeypatch.setattr(settings_probe, "SET_BY_INIT", (str(tmp_path),))
    assert differs(CONTAINER, {**CONTAINER, "LANG": "de_DE.UTF-8"}) == []


@given(st.lists(st.sampled_from(["/a", "/b", "/c"]), min_size=1), st.lists(st.sampled_from(["/x", "/y"])))
def test_a_path_with_more_folders_around_it_has_it_all(folders: list[str], others: list[str]) -> None:
    assert within(":".join(folders), ":".join([*others, *folders, *others]))
    assert not within(":".join([*folders, "/z"]), ":".join([*others, *folders]))


@pytest.mark.parametrize(
    ("ide", "places"),
    [
        ("jupyter", ["kernel"]),
        ("codeserver", ["code-server", "code-server's terminal"]),
        ("rstudio", ["rstudio", "rstudio's terminal"]),
        (None, []),
    ],
)
def test_places_are_those_of_the_ide(ide: Any, places: list[str]) -> None:
    """JupyterLab's terminals may be turned off: their answer is empty."""
    seen: list[Any] = [{"differs": []}] * (len(EVERYWHERE) + len(places))
    answers = [{"certificates": 140}, *seen, *([{}] if ide == "jupyter" else [])]
    call = Recorder(exec=CommandResult(0, json.dumps(answers)))
    public, found = look(Container(Engine(call), "id"), ide)
    assert (public, [*found]) == (140, [*EVERYWHERE, *places])
    asked = next(one for one in call.calls if one[0] == "exec")
    assert [name for name, _ in json.loads(asked[-1])][1:] == [
        *EVERYWHERE, *places, *(["terminal"] if ide == "jupyter" else []),
    ]  # fmt: skip


def test_a_server_s_login_goes_to_what_its_api_starts() -> None:
    answers = [{"certificates": 140}, *[{"differs": []}] * (len(EVERYWHERE) + 2)]
    call = Recorder(exec=CommandResult(0, json.dumps(answers)))
    look(Container(Engine(call), "id"), "jupyter", "0a1b")
    (asked,) = call.calls
    with_login = [name for name, given in json.loads(asked[-1]) if given == {"token": "0a1b"}]
    assert with_login == ["kernel", "terminal"]


def test_every_place_is_known_inside_the_container() -> None:
    from image_matrix.verify.places import OF_IDE

    named = {place for places in (EVERYWHERE, *OF_IDE.values()) for place in places}
    assert settings_probe.PLACES.keys() == named | {"public"}
