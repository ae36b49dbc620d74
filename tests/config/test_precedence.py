"""The law of precedence: layers one after the other, each of which adds, replaces and takes away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.config.layers import Layer, Origin, OriginKind, idle, remaining
from image_matrix.config.model import Settings
from image_matrix.config.resolve import Resolution, merged
from tests.laws import examples

law = settings(max_examples=examples(80))
KEYS = st.sampled_from("ABC")
TEXTS = st.sampled_from(["x", "y", "z"])
MAPPING = st.dictionaries(KEYS, TEXTS, max_size=3)
GONE = st.sampled_from(
    [
        ("env",),
        ("env", "A"),
        ("env", "B"),
        ("labels", "A"),
        ("labels",),
        ("description",),
        ("apt",),
        ("pip",),
        ("pip", "extra_index_urls"),
        ("tests", "commands", "A"),
        ("tests", "commands"),
        ("tests",),
    ]
)
SETTINGS = st.builds(
    lambda env, labels, text, apt, pip, urls, commands, gone: Settings(
        env=env,
        labels=labels,
        description=text,
        packages={
            **({"apt": tuple(apt)} if apt else {}),
            **({"pip": tuple(f"{name}=={len(apt)}" for name in pip)} if pip else {}),
        },
        extra_index_urls=tuple(urls),
        tests={"commands": commands} if commands else {},
        taken_away=frozenset(gone),
    ),
    MAPPING,
    MAPPING,
    st.none() | TEXTS,
    st.lists(TEXTS, unique=True, max_size=2),
    st.lists(TEXTS, unique=True, max_size=2),
    st.lists(TEXTS, unique=True, max_size=2),
    MAPPING,
    st.lists(GONE, max_size=3),
)
ORIGINS: tuple[OriginKind, ...] = ("defaults", "parent", "bundle", "accelerator", "image", "override")


def layers(every: list[Settings]) -> list[Layer]:
    built_in = Layer(Origin("built in"), Settings(kind="generic", python_provider="distribution"))
    return [
        built_in,
        *(
            Layer(Origin(kind, str(at), (at,)), one)
            for at, (kind, one) in enumerate(zip(ORIGINS, every, strict=False))
        ),
    ]


STACKS = st.lists(SETTINGS, max_size=6).map(layers)


def expected(stack: list[Layer]) -> dict[str, Any]:
    """What the documented rules lead to, one layer after the other."""
    state: dict[str, Any] = {
        "env": {},
        "labels": {},
        "description": None,
        "apt": {},
        "pip": {},
        "urls": (),
        "tests": {},
    }
    for layer in stack:
        given_ = layer.settings
        for name, *inner in given_.taken_away:
            if name == "pip":
                state["urls"] = ()
                state["pip"] = state["pip"] if inner else {}
            elif name == "tests" and len(inner) == 2:
                state["tests"].pop(inner[1], None)
            elif inner and name != "tests":
                state[name].pop(inner[0], None)
            else:
                state[name] = None if name == "description" else {}
        state["env"] |= given_.env
        state["labels"] |= given_.labels
        state["tests"] |= given_.tests.get("commands", {})
        state["description"] = given_.description or state["description"]
        state["urls"] = given_.extra_index_urls or state["urls"]
        for manager in ("apt", "pip"):
            entries = given_.packages.get(manager, ())
            state[manager] |= {entry.partition("=")[0]: entry for entry in entries}
    return state


def actual(found: Resolution) -> dict[str, Any]:
    def values(items: Any) -> dict[str, Any]:
        return {key: item.value for key, item in items.items()}

    def packages(manager: Any) -> dict[str, str]:
        entries = [item.value for item in found.packages.get(manager, ())]
        return {entry.partition("=")[0]: entry for entry in entries}

    return {
        "env": values(found.env),
        "labels": values(found.labels),
        "description": found.value("description"),
        "apt": packages("apt"),
        "pip": packages("pip"),
        "urls": tuple(item.value for item in found.extra_index_urls),
        "tests": values(found.tests.get("commands", {})),
    }


@law
@given(STACKS)
def test_layers_one_after_the_other_lead_to_the_result(stack: list[Layer]) -> None:
    assert actual(merged(remaining(stack))) == expected(stack)


@law
@given(STACKS)
def test_what_is_built_in_stays(stack: list[Layer]) -> None:
    gone = Layer(Origin("override", "last", ("last",)), Settings(taken_away=frozenset({("kind",)})))
    assert merged(remaining([*stack, gone])).value("kind") == "generic"
    assert merged(remaining(stack)).value("python_provider") == "distribution"


@law
@given(STACKS)
def test_taking_away_twice_is_taking_away_once(stack: list[Layer]) -> None:
    assert remaining(remaining(stack)) == remaining(stack)


@law
@given(STACKS)
def test_leaving_out_what_takes_nothing_away_changes_nothing(stack: list[Layer]) -> None:
    unused = idle(stack)
    left = [
        replace(
            layer,
            settings=replace(
                layer.settings,
                taken_away=frozenset(
                    steps for steps in layer.settings.taken_away if (layer.origin.path, steps) not in unused
                ),
            ),
        )
        for layer in stack
    ]
    assert actual(merged(remaining(left))) == actual(merged(remaining(stack)))


def test_the_last_layer_wins_and_says_where_a_value_comes_from() -> None:
    stack = layers(
        [Settings(env={"A": "x"}), Settings(), Settings(env={"A": "y"}, taken_away=frozenset({("env",)}))]
    )
    found = merged(remaining(stack)).env["A"]
    assert (found.value, found.origin.kind) == ("y", "bundle")
