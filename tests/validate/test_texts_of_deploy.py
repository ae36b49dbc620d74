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
from tests.deploy.support import deployed, small

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


def rendered(matrix: dict[str, Any]) -> dict[str, str]:
    """What is rendered of a matrix; nothing if it has an error."""
    try:
        return deployed(load({"matrix.yaml": json.dumps(matrix)}, ["base"]))
    except MatrixError:
        return {}


ALL = sorted(texts(MATRIX), key=str)
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
        files = rendered(changed(path, is_key, text))
        for name, content in files.items():
            for key, value in placed(list(yaml.safe_load_all(content))):
                assert not key or NAME.fullmatch(key), (path, name)
                assert not value or LABEL.fullmatch(value), (path, name)
