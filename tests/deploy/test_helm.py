"""Helm's own SDK: what it does to keys, their order, and texts that look like numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from image_matrix.profiles.helm import in_order, is_ordered
from image_matrix.profiles.labelled import plain
from image_matrix.profiles.strvals import assign, assignments
from image_matrix.render.kubernetes.dump import dump
from tests import yaml_files
from tests.deploy.support import deployed, reference
from tests.laws import examples

if TYPE_CHECKING:
    from tests.deploy.conftest import Ask

pytestmark = [pytest.mark.e2e, pytest.mark.network]
KEYS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=12).filter(
        lambda text: text != "="
    ),
    st.sampled_from(
        ["3.10", "on", "no", "010", "1e3", "0x1F", "1_000", "~", "null", "2026-01-01", ".5", "1:30"]
    ),
)
quick = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def test_values_pass_unchanged_but_for_the_order_of_keys(helm: Ask) -> None:
    text = deployed(reference())["deploy/hub/jupyterhub/values.yaml"]
    assert helm({"files": [text]})["values"] == yaml_files.load(text)


@quick
@given(keys=st.lists(KEYS, min_size=2, max_size=8, unique=True))
def test_keys_come_out_in_the_order_that_we_expect(helm: Ask, keys: list[str]) -> None:
    assume(is_ordered(in_order(keys)))  # Helm's comparison has no order for some
    passed = helm({"files": [dump({"choices": dict.fromkeys(keys, 1)})]})
    assert list(passed["values"]["choices"]) == in_order(keys)


@quick
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=6),
    keys=st.lists(TEXTS.filter(lambda text: text not in ("", "<<")), min_size=1, unique=True),
)
def test_texts_stay_texts(helm: Ask, texts: list[str], keys: list[str]) -> None:
    data = {"texts": texts, "keys": dict.fromkeys(keys, "x")}
    assert helm({"files": [dump(data)]})["values"] == data
    assert yaml_files.load(dump(data)) == data


PATHS = st.from_regex(r"[ab](\[[0-3]\]|\.[ab]|\\\.a){0,4}", fullmatch=True)
SET_TEXTS = st.one_of(
    st.text("ab01-+.,={}[]\\ '", max_size=10), st.sampled_from(["true", "null", "0", "-7", "{a,1}", "1.5"])
).filter(lambda text: text[:1] != "'" and text[-1:] not in ("", "="))
"""Without quotes, which Flux takes away, and without nothing, which Helm does not set inside lists."""


@settings(quick, max_examples=examples(200))
@given(path=PATHS, text=SET_TEXTS)
def test_target_paths_are_set_as_helm_sets_them(helm: Ask, path: str, text: str) -> None:
    made: dict[str, Any] = {}
    try:
        for steps, value in assignments(path, text, literal=False):
            assign(made, steps, value, "x")
    except ValueError:
        return  # we refuse more: Helm takes `a=1,b[` without a word
    assert helm({"set": f"{path}={text}"}).get("values") == plain(made)
