"""Every text of a matrix, one after the other, with something in it that must not reach ``deploy/``."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from image_matrix.diagnostics import MatrixError
from image_matrix.project.load import load
from tests.deploy.support import PROFILES, deployed, small

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.diagnostics import Path as Place

EVERY_TEXT = (Path(__file__).parent / "every_text.yaml").read_text(encoding="utf-8")
MATRIX: dict[str, Any] = small(EVERY_TEXT).documents.value


def texts(value: Any, path: Place = ()) -> Iterator[tuple[Place, bool]]:
    """The path of every text, and whether it is a key."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), True
            yield from texts(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from texts(item, (*path, at))
    elif isinstance(value, str):
        yield path, False


def changed(path: Place, is_key: bool, text: str) -> dict[str, Any]:
    """The matrix with a text in place of one of its own; `{}` in it is that one."""
    made = copy.deepcopy(MATRIX)
    owner: Any = made
    for step in path[:-1]:
        owner = owner[step]
    last: Any = path[-1]
    if is_key:
        items = [(text.replace("{}", key) if key == last else key, item) for key, item in owner.items()]
        owner.clear()
        owner.update(items)
    else:
        owner[last] = text.replace("{}", owner[last])
    return made


def outcome(matrix: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """The codes of what is wrong with a matrix, and what is rendered of it if these are warnings."""
    try:
        loaded = load({"matrix.yaml": json.dumps(matrix)}, ["base"])
    except MatrixError as error:
        return [item.code for item in error.diagnostics], {}
    return [item.code for item in loaded.warnings], deployed(loaded)


ALL = sorted(texts(MATRIX), key=str)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "is_key"), ALL, ids=lambda item: ".".join(map(str, item)) if isinstance(item, tuple) else ""
)
def test_a_variable_of_flux_in_deploy_is_reported(path: Place, is_key: bool) -> None:
    codes, files = outcome(changed(path, is_key, "{}${X}"))
    reaches = [name for name, text in files.items() if "${" in text]
    assert ("IM738" in codes) == bool(reaches) or not files


LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
NAME = re.compile(rf"([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?{LABEL.pattern}")


def placed(value: Any) -> Iterator[tuple[str, str]]:
    """The names and values of all tolerations and node selectors in a rendered file."""
    if isinstance(value, list):
        for item in value:
            yield from placed(item)
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if key in ("tolerations", "taints") and isinstance(item, list):
            yield from ((one.get("key", ""), one.get("value", "")) for one in item)
        elif key in ("nodeSelector", "node_selector", "extra_labels"):
            yield from item.items()
        else:
            yield from placed(item)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["{} and", "{}=gpu:NoSchedule", "{}/a/b", "-{}", "ä{}", "x" * 64])
def test_nothing_but_labels_reaches_tolerations_and_selectors(text: str) -> None:
    assert list(placed(yaml.safe_load(deployed(small(EVERY_TEXT))["deploy/hub/jupyterhub/values.yaml"])))
    for path, is_key in ALL:
        if not {"tolerations", "node_selector", "extra_labels", "resource"} & set(path):
            continue
        _, files = outcome(changed(path, is_key, text))
        for name, content in files.items():
            for key, value in placed(list(yaml.safe_load_all(content))):
                assert not key or NAME.fullmatch(key), (path, name)
                assert not value or LABEL.fullmatch(value), (path, name)


def test_the_place_is_that_of_the_text() -> None:
    overlay = 'sizes:\n  small:\n    tolerations:\n      - {operator: Exists, key: "${KEY}"}\n'
    loaded = load({"base.yaml": (PROFILES / "base.yaml").read_text(), "site.yaml": overlay}, ["base"])
    (found,) = loaded.warnings
    assert (found.code, found.place.file, found.place.line) == ("IM738", "site.yaml", 4)
    assert found.place.column == overlay.splitlines()[3].index('"${KEY}"') + 1


def test_a_variable_that_a_shell_reads_may_be_written_as_flux_leaves_it_alone() -> None:
    def found(command: str) -> list[tuple[str, str]]:
        hooks = f'lifecycle_hooks: {{postStart: {{exec: {{command: [sh, -c, "{command}"]}}}}}}'
        loaded = small(f"profiles: {{data-science: {{kubespawner_override: {{{hooks}}}}}}}")
        return [(item.severity, item.help) for item in loaded.warnings if item.code == "IM738"]

    ((severity, advice),) = found("mkdir -p ${HOME}/work")
    assert severity == "warning"
    assert advice.startswith("write `$HOME` where a shell reads it, or leave `postBuild` out")
    assert found("mkdir -p $HOME/work") == []


def test_a_variable_that_a_shell_would_read_longer_keeps_its_braces() -> None:
    (found,) = small('profiles: {data-science: {description: "${TEAM}s"}}').warnings
    assert found.help == "leave `postBuild` out of the Kustomization that applies `deploy/`"
