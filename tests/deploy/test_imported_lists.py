"""``import profiles``: models of public lists, whose pods the matrix makes as well, whatever a browser posts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bench.lists import compare, imported_text, rendered, slug_of
from image_matrix.errors import CallError
from image_matrix.importing.former_names import with_current_names
from image_matrix.importing.list_checks import check_list
from image_matrix.importing.list_places import list_places
from image_matrix.importing.profile_options import as_users_see_it, option_names
from image_matrix.importing.spawner_list import documents_of, spawner_list
from image_matrix.profiles.slugs import slugify

if TYPE_CHECKING:
    from tests.deploy.conftest import Ask

LISTS = Path(__file__).parent / "lists"
NAMES = sorted(path.name for path in LISTS.glob("*.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_pods_of_every_choice_are_the_same(name: str, kubespawner: Ask) -> None:
    entries = spawner_list(name, documents_of(name, (LISTS / name).read_text(encoding="utf-8")))
    compared = compare(name, entries, kubespawner)
    assert compared.differences == ()
    assert compared.equal == compared.posts >= len(entries)


def form(
    values: dict[str, Any], helm: Ask, kubespawner: Ask
) -> list[tuple[tuple[str, str], list[str], list[str]]]:
    """Slug and name, choices and the preselected one of every option, as the form has them behind Helm."""
    passed = helm({"files": [yaml.safe_dump(values, sort_keys=False)]})["values"]
    said = kubespawner(passed)
    return [(split(name), keys, said["selected"][name]) for name, keys in said["selects"].items()]


@pytest.mark.parametrize("name", NAMES)
def test_users_read_the_same_texts(name: str) -> None:
    entries = spawner_list(name, documents_of(name, (LISTS / name).read_text(encoding="utf-8")))
    ours = rendered(imported_text(entries)[0])["singleuser"]["profileList"]
    texts = ("display_name", "description")
    assert [[one.get(text) for text in texts] for one in ours] == [
        [one.get(text) for text in texts] for one in entries
    ]


def split(name: str) -> tuple[str, str]:
    slug, _, option = name.removeprefix("profile-option-").partition("--")
    return slug, option


@pytest.mark.e2e
@pytest.mark.network
@pytest.mark.parametrize("name", NAMES)
def test_options_and_choices_are_in_the_same_order(name: str, helm: Ask, kubespawner: Ask) -> None:
    entries = spawner_list(name, documents_of(name, (LISTS / name).read_text(encoding="utf-8")))
    renamed = {
        (slug_of(entry), name): (slugify(slug_of(entry)), ours)
        for entry in entries
        for name, ours in option_names(as_users_see_it(with_current_names(entry, [])), []).items()
    }
    theirs = form({"singleuser": {"profileList": entries}}, helm, kubespawner)
    ours = form(rendered(imported_text(entries)[0]), helm, kubespawner)
    assert ours == [(renamed[option], keys, selected) for option, keys, selected in theirs]


def test_a_file_without_a_list_is_refused() -> None:
    with pytest.raises(CallError, match=r"a\.yaml has no profile list"):
        spawner_list("a.yaml", [{"singleuser": {}}])


def test_a_file_with_several_lists_is_refused() -> None:
    listed = {"profileList": [{"display_name": "A"}]}
    with pytest.raises(CallError, match=r"has 2 profile lists: a\.profileList, b\.profileList"):
        spawner_list("a.yaml", [{"a": listed, "b": listed}])


def test_a_file_that_is_no_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(CallError, match=r"a\.yaml:3: this is not YAML"):
        documents_of("a.yaml", "a: 1\nb: [\n")


PYTHON = """
hub:
  extraConfig:
    own: |
      if True: c.KubeSpawner.profile_list: list = {
"""


def test_python_of_a_hub_is_not_its_list() -> None:
    text = f"{PYTHON}singleuser:\n  profileList:\n    - {{display_name: A}}\n"
    assert spawner_list("a.yaml", documents_of("a.yaml", text)) == [{"display_name": "A"}]
    assert len(list_places("a.yaml", text).entries) == 1
    with pytest.raises(CallError, match=r"a\.yaml, hub\.extraConfig\.own:1: this is not YAML"):
        spawner_list("a.yaml", documents_of("a.yaml", PYTHON))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &a [{b: *a}]\n", "an alias (`*NAME`) is inside of what it stands for"),
        (f"{'[' * 5000}{']' * 5000}", "exceeded maximum nesting depth"),
    ],
)
def test_a_file_without_an_end_is_refused(text: str, problem: str) -> None:
    with pytest.raises(CallError, match=re.escape(problem)):
        documents_of("a.yaml", text)


def test_an_alias_may_stand_in_several_places() -> None:
    assert documents_of("a.yaml", "a: &a [1]\nb: [*a, *a]\n") == [{"a": [1], "b": [[1], [1]]}]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            {"kubespawner_override": [1]},
            "`kubespawner_override` of the profile `A`: it is a list; write a mapping",
        ),
        (
            {"profile_options": {"image": {"choices": {"a": "b"}}}},
            "`profile_options.image.choices.a` of the profile `A`: it is text; write a mapping",
        ),
        (
            {"profile_options": {"image": {}}},
            "`profile_options.image` of the profile `A`: it has no `choices`; add `choices`",
        ),
        ({"kubespawner_override": {"image": 5}}, "it is a number; write text"),
        ({"kubespawner_override": {"node_selector": {"a": None}}}, "it is empty; write text or a number"),
        ({"allowed_groups": "x"}, "it is text; write a list"),
        (
            {"kubespawner_override": {"cpu_limit": "two"}},
            "`kubespawner_override.cpu_limit` of the profile `A`: `two` is not a number of cores; write a number",
        ),
        ({"kubespawner_override": {"cpu_guarantee": "500m"}}, "`500m` is not a number of cores; write 0.5"),
        ({"kubespawner_override": {"mem_limit": "4g"}}, "`4g` is not an amount of memory for KubeSpawner"),
        ({"kubespawner_override": {"mem_limit": "4Gi"}}, "such as 4G; write 4G"),
        ({"kubespawner_override": {"mem_limit": [1]}}, "write a number with"),
        ({"kubespawner_override": {"mem_limit": 4}}, "in which nothing can run; write 4G or 4M"),
        ({"kubespawner_override": {"mem_guarantee": 1.5}}, "; write a number with K, M, G or T"),
        (
            {"profile_options": {"a": {"choices": {"b": {"kubespawner_override": {"mem_limit": "1K"}}}}}},
            "`profile_options.a.choices.b.kubespawner_override.mem_limit` of the profile `A`: `1K` is 1024",
        ),
        (
            {"profile_options": {"a": {"choices": {"mem_limit": 5}}}},
            "`profile_options.a.choices.mem_limit` of the profile `A`: it is a number; write a mapping",
        ),
        (
            {"kubespawner_override": {"tolerations": 5}},
            "`kubespawner_override.tolerations` of the profile `A`: it is a number; write a list or a mapping",
        ),
    ],
)
def test_what_kubespawner_cannot_read_is_refused(fields: dict[str, Any], problem: str) -> None:
    entries = [{"display_name": "A"}, {"display_name": "A", **fields}]
    text = yaml.safe_dump(entries, sort_keys=False)
    with pytest.raises(CallError) as raised:
        check_list(entries, "a.yaml", text)
    assert int(str(raised.value).split(":")[1]) > 1  # not the first entry
    assert problem in f"{raised.value}; {raised.value.help}"


def test_an_amount_that_users_type_in_is_no_amount_yet() -> None:
    typed = {"enabled": True, "kubespawner_override": {"mem_limit": "{value}G"}}
    entries = [{"display_name": "A", "profile_options": {"a": {"choices": {}, "unlisted_choice": typed}}}]
    check_list(entries, "a.yaml", yaml.safe_dump(entries))
