"""Entries of KubeSpawner's profile list as profiles, sizes and sources: names, notes, and what nobody can say."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.config.sites import CHART_TOLERATIONS
from image_matrix.importing.former_names import with_current_names
from image_matrix.importing.profile_drafts import REPLACED_TOLERATIONS, draft_of
from image_matrix.importing.profile_list import ImportedProfiles, TakenNames, profiles_of
from image_matrix.importing.profile_options import options_of
from image_matrix.importing.size_fields import size_of
from image_matrix.importing.sources import Known
from image_matrix.importing.spawner_list import spawner_list

SMALL = {"display_name": "Small", "kubespawner_override": {"mem_limit": "2G"}}
AMOUNTS = {"choices": {"small": SMALL, "large": {"kubespawner_override": {"mem_limit": "9G"}}}}


def imported(
    *entries: dict[str, Any],
    taken: TakenNames | None = None,
    known: Known | None = None,
    site: str | None = None,
) -> ImportedProfiles:
    names, free = known or Known("r.example/a", (), {}), taken or TakenNames({})
    return profiles_of(entries, names, free, hub="5.5.0", site=site)


def entry(**fields: Any) -> dict[str, Any]:
    return {"display_name": "Lab", **fields}


def image_choices(**images: str) -> dict[str, Any]:
    return {
        "display_name": "Image",
        "choices": {
            key: {"display_name": key, "kubespawner_override": {"image": image}}
            for key, image in images.items()
        },
    }


def test_amounts_of_the_profile_are_those_of_its_sizes() -> None:
    sizes = {"display_name": "Size", "choices": {"small": SMALL}}
    override = {"mem_limit": None, "mem_guarantee": "1.5G", "cpu_limit": None, "cpu_guarantee": "0.5"}
    result = imported(entry(profile_options={"size": sizes}, kubespawner_override=override))
    assert result.sizes["small"] == {
        "display_name": "Small",
        "cpu": {"limit": "none", "guarantee": 0.5},
        "memory": {"limit": "2Gi", "guarantee": "1.5Gi"},
    }


def test_amounts_without_an_option_are_a_size_of_the_profile() -> None:
    result = imported(entry(kubespawner_override={"mem_guarantee": 1024, "image": "a/b:1"}))
    assert result.sizes == {"lab": {"display_name": "Lab", "memory": {"guarantee": 1024}}}
    assert result.profiles == {"lab": {"display_name": "Lab", "images": ["b"], "sizes": ["lab"]}}
    assert result.sources == {"b": {"image": "docker.io/a/b:1", "provides": {"jupyterhub": "5"}}}


def test_equal_sizes_are_one_and_others_of_the_name_are_several() -> None:
    other = {"display_name": "Small", "kubespawner_override": {"mem_limit": "3G"}}
    entries = [
        {"display_name": name, "profile_options": {"size": {"choices": {"small": size}}}}
        for name, size in (("A", SMALL), ("B", SMALL), ("C", other))
    ]
    result = imported(*entries)
    assert list(result.sizes) == ["small", "small-c"]
    assert [profile["sizes"] for profile in result.profiles.values()] == [
        ["small"],
        ["small"],
        {"small": "small-c"},
    ]


def test_a_size_that_the_matrix_has_is_used_if_it_is_equal() -> None:
    taken = TakenNames({"tiny": {"display_name": "Small", "memory": {"limit": "2Gi"}}, "small": {}})
    result = imported(entry(profile_options={"size": {"choices": {"small": SMALL}}}), taken=taken)
    assert result.sizes == {}
    assert result.profiles["lab"]["sizes"] == {"small": "tiny"}


def test_a_profile_that_the_matrix_has_stays() -> None:
    result = imported(entry(kubespawner_override={"image": "a/b:1"}), taken=TakenNames({}, {"lab": {}}))
    assert (result.profiles, result.sources) == ({}, {})
    assert result.notes == ("the profile `lab` is in the matrix already and stays as it is",)


def test_a_list_of_a_site_can_be_imported_again() -> None:
    others = {"lab": {"display_name": "Other", "sites": ["leap"]}}
    entries = [entry(), entry(), entry(slug="lab-veda", description="of the name that is made")]
    first = imported(*entries, taken=TakenNames({}, others), site="veda")
    assert {key: profile.get("aliases") for key, profile in first.profiles.items()} == {
        "lab-veda-2": ["lab"],
        "lab-2": None,
        "lab-veda": None,
    }
    again = imported(
        entry(), taken=TakenNames({}, {**others, "lab-veda": {"display_name": "Lab"}}), site="veda"
    )
    assert (again.profiles, again.joined) == ({}, ())
    assert again.notes == ("the profile `lab-veda` is in the matrix already and stays as it is",)


def test_an_image_of_the_matrix_is_offered_by_its_name() -> None:
    known = Known("r.example/a", ("lab",), {"scipy": "quay.io/jupyter/scipy-notebook:1"})
    option = image_choices(ours="r.example/a/lab:python3.13", theirs="quay.io/jupyter/scipy-notebook:1")
    result = imported(entry(profile_options={"image": option}), known=known)
    images = result.profiles["lab"]["images"]
    assert {key: choice["image"] for key, choice in images.items()} == {"ours": "lab", "theirs": "scipy"}
    assert result.sources == {}


def test_a_slug_that_cannot_be_a_key_is_an_alias() -> None:
    result = imported(entry(slug="My_Lab"), entry(slug="my-lab"))
    assert {key: profile.get("aliases") for key, profile in result.profiles.items()} == {
        "my-lab-2": ["My_Lab"],
        "my-lab": None,
    }


def test_a_slug_of_two_profiles_is_that_of_the_first() -> None:
    result = imported(entry(), entry())
    assert {key: profile.get("aliases") for key, profile in result.profiles.items()} == {
        "lab": None,
        "lab-2": None,
    }


def test_the_slug_of_a_name_is_kubespawners() -> None:
    result = imported({"display_name": "中型环境 (2 CPU)"}, {"display_name": "😀"})
    assert result.profiles == {
        "zhong-xing-huan-jing-2-cpu": {"display_name": "中型环境 (2 CPU)"},
        "profile": {"display_name": "😀"},
    }


def test_the_first_default_counts() -> None:
    result = imported(entry(default=True), entry(slug="b", default=True))
    assert [profile.get("default") for profile in result.profiles.values()] == [True, None]
    option = image_choices(a="a/a:1", b="a/b:1", c="a/c:1")
    for key in "bc":
        option["choices"][key]["default"] = True
    images = imported(entry(profile_options={"image": option})).profiles["lab"]["images"]
    assert [key for key, choice in images.items() if choice.get("default")] == ["b"]


def test_a_label_that_a_size_selects_as_well_goes_to_the_sizes() -> None:
    large = {"display_name": "Large", "kubespawner_override": {"node_selector": {"pool": "large"}}}
    options = {"size": {"choices": {"small": SMALL, "large": large}}}
    result = imported(entry(profile_options=options, kubespawner_override={"node_selector": {"pool": "any"}}))
    assert "node_selector" not in result.profiles["lab"]
    assert {name: size["node_selector"]["pool"] for name, size in result.sizes.items()} == {
        "small": "any",
        "large": "large",
    }


def test_what_is_neither_image_nor_size_stays_an_option() -> None:
    editor = {
        "display_name": "Editor",
        "choices": {"lab": {"display_name": "Lab", "kubespawner_override": {"default_url": "/lab"}}},
    }
    made_of = entry(profile_options={"editor": editor, "requests": {"choices": {"small": SMALL}}})
    assert options_of(made_of) == ("", "requests")
    result = imported(made_of)
    assert result.profiles["lab"]["profile_options"]["editor"] == editor
    assert result.notes == ()  # the option has one choice, which users get anyway


def test_options_and_choices_are_in_the_order_of_helm() -> None:
    look = {"display_name": "Look", "choices": {2: {"display_name": "B"}, 1: {"display_name": "A"}}}
    images = image_choices(b="a/b:1", a="a/a:1")
    profile = imported(entry(profile_options={"look": look, "size": AMOUNTS, "image": images})).profiles[
        "lab"
    ]
    assert [*profile["images"]] == ["a", "b"]
    assert profile["sizes"] == ["large", "small"]
    assert [*profile["profile_options"]] == ["look", "size"]  # the option of images comes first
    assert [*profile["profile_options"]["look"]["choices"]] == ["1", "2"]
    assert profile["profile_options"]["size"] == {"display_name": "Size"}
    options = {"size": AMOUNTS, "image": images}
    assert "profile_options" not in imported(entry(profile_options=options)).profiles["lab"]


def test_options_keep_their_names_but_those_of_images_and_sizes() -> None:
    others = {
        name: {"display_name": name, "choices": {"a": {"display_name": "A"}, "b": {"display_name": "B"}}}
        for name in ("1-gpu", "My Option", "size", "size_option")
    }
    result = imported(entry(profile_options={"0-cpu": AMOUNTS, **others}))
    options = result.profiles["lab"]["profile_options"]
    assert [*options] == ["1-gpu", "My Option", "size_option_option", "size_option"]
    what = "stored choices of it no longer count, and users get its default until they choose again"
    assert result.notes == (
        f"profile `lab`: the option `0-cpu` is called `size` now: {what}",
        f"profile `lab`: the option `size` is called `size_option_option` now: {what}",
    )


def test_further_keys_are_passed_through() -> None:
    option = image_choices(a="a/a:1", b="a/b:1") | {"dynamic_image_building": {"enabled": True}}
    option["choices"]["a"]["slug"] = "x"
    profile = imported(entry(icon="i", profile_options={"image": option})).profiles["lab"]
    assert profile["extra"] == {"icon": "i"}
    assert profile["profile_options"] == {"image": {"extra": {"dynamic_image_building": {"enabled": True}}}}
    assert profile["images"]["a"] == {"image": "a", "display_name": "a", "extra": {"slug": "x"}}


def test_references_with_other_digests_are_other_sources() -> None:
    first, second = "9f86d081" * 8, "0ab1c2d3" * 8
    bare = "quay.io/jupyter/base-notebook"
    given = [
        f"{bare}@sha256:{first}", bare, f"{bare}:lab@sha256:{second}", f"{bare}@sha256:{second}", f"{bare}:lab",
        f"{bare}@sha256:{'1' * 64}",
    ]  # fmt: skip
    result = imported(
        *(entry(slug=f"p{at}", kubespawner_override={"image": it}) for at, it in enumerate(given))
    )
    assert {name: source["image"] for name, source in result.sources.items()} == {
        "base-notebook": f"{bare}:latest@sha256:{first}",
        "base-notebook-latest": f"{bare}:latest",
        "base-notebook-lab": f"{bare}:lab@sha256:{second}",
        "base-notebook-lab-2": f"{bare}:lab",
        "base-notebook-11111111": f"{bare}:latest@sha256:{'1' * 64}",
    }
    assert result.profiles["p3"]["images"] == ["base-notebook-lab"]
    said = "has no tag; the source has `latest`, and its digest counts: write the tag that it had"
    assert result.notes == (f"`{bare}@sha256:9f86d081…` {said}", f"`{bare}@sha256:11111111…` {said}")


def test_a_source_that_the_matrix_pins_is_used_for_its_tag_and_its_digest() -> None:
    digest, other = (f"@sha256:{digits * 32}" for digits in ("1a", "2b"))
    known = Known("r.example/a", (), {"scipy": f"quay.io/jupyter/scipy-notebook:1{digest}"})
    given = [f"quay.io/jupyter/scipy-notebook:1{pinned}" for pinned in ("", digest, other)]
    entries = [entry(kubespawner_override={"image": image}) for image in given]
    result = imported(*entries, known=known)
    assert [profile["images"] for profile in result.profiles.values()] == [
        ["scipy"],
        ["scipy"],
        ["scipy-notebook"],
    ]
    assert {name: source["image"] for name, source in result.sources.items()} == {"scipy-notebook": given[2]}


def test_groups_of_nebari_are_groups() -> None:
    result = imported(
        entry(access="yaml", groups=["gpu-access"]),
        entry(access="all", groups=["x"]),
        entry(groups=["other"]),
    )
    first, second, third = result.profiles.values()
    assert (first["groups"], "groups" in second, third["extra"]) == (
        ["gpu-access"],
        False,
        {"groups": ["other"]},
    )
    assert "extra" not in first | second
    assert result.notes == ()


def test_an_entry_for_some_users_is_not_offered_to_all() -> None:
    only = "only members of {} are offered it now, so put its users there in the hub"
    result = imported(
        entry(slug="a", access="yaml", users=["maria", "jan"]),
        entry(slug="b", access="yaml", users=["maria"], groups=["gpu"]),
        entry(slug="c", access="keycloak"),
        entry(slug="d", access="yaml", users=None, groups=[]),
    )
    assert [profile["groups"] for profile in result.profiles.values()] == [["a"], ["gpu"], ["c"], ["d"]]
    assert result.notes == (
        f"profile `a`: not carried over: `users: [maria, jan]`; {only.format('`a`')}",
        f"profile `b`: not carried over: `users: [maria]`; {only.format('`gpu`')}",
        f"profile `c`: not carried over: `access: keycloak`; {only.format('`c`')}",
        f"profile `d`: not carried over: `access: yaml` without `groups`; {only.format('`d`')}",
    )


def test_what_a_matrix_cannot_say_is_named() -> None:
    unlisted = {"enabled": True, "kubespawner_override": {"image": "{value}"}, "colour": "red"}
    option = image_choices(a="a/a:1") | {"unlisted_choice": unlisted}
    override = {"default": True, "default_url": None, "cpu_guarantee": None}
    draft = draft_of(entry(profile_options={"image": option}, kubespawner_override=override))
    assert sorted(draft.notes) == [
        "not carried over: `colour` of `unlisted_choice`",
        "not carried over: `cpu_guarantee: null`; the hub's own value counts",
        "not carried over: `default_url: null`; the hub's own value counts",
        "not carried over: `default` in `kubespawner_override` is no setting of KubeSpawner",
    ]
    assert draft.fields["profile_options"] == {"image": {"display_name": "Image", "unlisted_choice": {}}}


def test_devices_of_several_kinds_stay_settings_of_kubespawner() -> None:
    notes: list[str] = []
    both = size_of({"extra_resource_limits": {"nvidia.com/gpu": 1, "a.b/c": "2"}}, "Both", "", notes)
    assert both == {
        "display_name": "Both",
        "kubespawner_override": {"extra_resource_limits": {"nvidia.com/gpu": "1", "a.b/c": "2"}},
    }
    assert size_of({"extra_resource_limits": {"nvidia.com/gpu": "1"}}, "One", "", notes)["devices"] == {
        "nvidia.com/gpu": 1
    }
    assert notes == []


def test_a_guarantee_of_a_device_that_is_its_limit_is_left_out() -> None:
    gpu = {"extra_resource_limits": {"nvidia.com/gpu": "2"}}
    plain = imported(entry(kubespawner_override=gpu))
    guaranteed = {**gpu, "extra_resource_guarantees": {"nvidia.com/gpu": 2}}
    assert imported(entry(kubespawner_override=guaranteed)) == plain
    choices = {"choices": {"one": {"display_name": "Lab", "kubespawner_override": gpu}}}
    common = {"extra_resource_guarantees": {"nvidia.com/gpu": "2", "example.org/fpga": 1}}
    of_choice = imported(entry(kubespawner_override=common, profile_options={"size": choices}))
    assert of_choice.sizes["one"] == {
        "display_name": "Lab",
        "devices": {"nvidia.com/gpu": 2},
        "kubespawner_override": {"extra_resource_guarantees": {"example.org/fpga": "1"}},
    }
    assert "kubespawner_override" not in of_choice.profiles["lab"]
    other = {**gpu, "extra_resource_guarantees": {"nvidia.com/gpu": "1"}}
    assert imported(entry(kubespawner_override=other)).sizes["lab"]["kubespawner_override"] == {
        "extra_resource_guarantees": {"nvidia.com/gpu": "1"}
    }
    alone = imported(entry(kubespawner_override={"extra_resource_guarantees": {"ephemeral-storage": "1Gi"}}))
    assert alone.sizes == {}


def test_choices_of_further_options_keep_only_settings_of_kubespawner() -> None:
    override = {
        "default": True,
        "start_timeout": 900,
        "default_url": None,
        "cpu_limit": None,
        "image": "a/{value}:1",
        "volumes": [{"name": "v"}],
        "extra_resource_limits": {"nvidia.com/mig-1g.5gb": 1},
        "extra_pod_config": {"hostNetwork": True},
    }
    fast = {"display_name": "Fast", "description": "all of it", "kubespawner_override": override}
    plain = {"display_name": "Plain", "kubespawner_override": {"default": True}}
    option = {
        "display_name": "GPU",
        "choices": {1: fast, "b": plain},
        "unlisted_choice": {**plain, "enabled": True},
    }
    images = image_choices(a="a/a:1", b="a/b:1")
    result = imported(entry(profile_options={"image": images, "gpu": option}))
    assert result.profiles["lab"]["profile_options"]["gpu"] == {
        "display_name": "GPU",
        "choices": {
            "1": {
                "display_name": "Fast",
                "description": "all of it",
                "kubespawner_override": {
                    "cpu_limit": None,
                    "image": "a/{value}:1",
                    "volumes": [{"name": "v"}],
                    "extra_resource_limits": {"nvidia.com/mig-1g.5gb": "1"},
                    "extra_pod_config": {"hostNetwork": True},
                },
            },
            "b": {"display_name": "Plain"},
        },
        "unlisted_choice": {"display_name": "Plain", "enabled": True},
    }
    early = "the hub reads `start_timeout` before the profile; set it in the chart's values"
    assert result.notes == (
        "profile `lab`: not carried over: `default` in `kubespawner_override` is no setting of KubeSpawner",
        f"profile `lab`: not carried over: {early}",
        "profile `lab`: not carried over: `default_url: null`; the hub's own value counts",
    )


def test_a_mount_that_replaced_the_home_is_noted() -> None:
    home = {"name": "home", "mountPath": "/home/jovyan/", "subPath": "{username}/course"}
    said = (
        "its list `volume_mounts` replaced the hub's mounts, and joins them now: "
        "if the hub mounts another volume than `home` at /home/jovyan, its pods are refused"
    )
    listed = {"volume_mounts": [home, {"name": "home", "mountPath": "/shared"}]}
    result = imported(entry(kubespawner_override=listed))
    assert result.notes == (f"profile `lab`: {said}",)
    assert result.profiles["lab"]["kubespawner_override"]["volume_mounts"] == {
        "home": home,
        "home-2": {"name": "home", "mountPath": "/shared"},
    }
    choice = {"display_name": "A", "kubespawner_override": {"image": "a/a:1", "volume_mounts": [home]}}
    of_choice = imported(entry(profile_options={"image": {"choices": {"a": choice}}}))
    assert of_choice.notes == result.notes
    assert imported(entry(kubespawner_override={"volume_mounts": {"home": home}})).notes == ()


def test_a_mount_of_homes_elsewhere_does_not_take_the_place_of_the_home() -> None:
    shared = {"name": "home", "mountPath": "/shared"}
    override = imported(entry(kubespawner_override={"volume_mounts": [shared]})).profiles["lab"]
    assert override["kubespawner_override"] == {"volume_mounts": {"home-1": shared}}


def test_lists_of_the_chart_become_mappings() -> None:
    step = {"name": "own", "image": "busybox:1"}
    tolerations = {"a": {"key": "a", "operator": "Exists"}}
    override = {"init_containers": [step], "tolerations": tolerations, "environment": {"A": 1, "B": True}}
    override |= {"pod_security_context": {"runAsUser": 1000}}
    profile = imported(entry(kubespawner_override=override)).profiles["lab"]
    assert profile["kubespawner_override"] == {
        "init_containers": {"own": step},
        "pod_security_context": {"runAsUser": 1000},
    }
    assert profile["tolerations"] == [tolerations["a"]]
    assert profile["env"] == {"A": "1", "B": "true"}


def test_labels_of_nodes_are_the_words_of_the_list() -> None:
    labels = {"a": True, "b": 1, "c": "x"}
    profile = imported(entry(kubespawner_override={"node_selector": labels})).profiles["lab"]
    assert profile["node_selector"] == {"a": "true", "b": "1", "c": "x"}


def test_an_option_without_images_is_not_the_one_of_images() -> None:
    option = {"display_name": "Look", "choices": {"dark": {"display_name": "Dark"}}}
    profile = imported(entry(display_name="😀", profile_options={"image": option})).profiles["profile"]
    assert profile == {"display_name": "😀", "profile_options": {"image_option": option}}


def test_a_default_is_whatever_python_takes_for_true() -> None:
    entries = spawner_list("a.yaml", [[entry(default="True"), entry(slug="b", default="")]])
    assert [profile.get("default") for profile in imported(*entries).profiles.values()] == [True, None]


def test_tolerations_that_replace_those_of_the_chart_are_noted() -> None:
    gpu = {"key": "nvidia.com/gpu", "operator": "Exists"}
    every = [gpu, *map(dict, CHART_TOLERATIONS)]
    choices = {"choices": {"gpu": {"display_name": "GPU", "kubespawner_override": {"tolerations": [gpu]}}}}
    noted = imported(
        entry(kubespawner_override={"tolerations": [gpu]}), entry(profile_options={"size": choices})
    )
    assert noted.notes == (f"profiles `lab`, `lab-2`: {REPLACED_TOLERATIONS}",)
    assert imported(entry(kubespawner_override={"tolerations": every}), entry()).notes == ()


def test_a_setting_of_another_program_is_named_with_that_of_kubespawner() -> None:
    result = imported(entry(kubespawner_override={"env": {"A": "b"}, "other": 1}))
    assert [note.rpartition("not carried over: ")[2] for note in result.notes] == [
        "`env` in `kubespawner_override` is no setting of KubeSpawner; write `environment`",
        "`other` in `kubespawner_override` is no setting of KubeSpawner",
    ]


@pytest.mark.parametrize(
    ("override", "current"),
    [
        ({"image_spec": "a/b:1"}, {"image": "a/b:1"}),
        ({"image_spec": "a/b:2", "image": "a/b:1"}, {"image": "a/b:2"}),
        ({"singleuser_uid": 1, "uid": 2}, {"uid": 2}),
        (
            {"singleuser_extra_labels": {"a": "1", "b": "1"}, "extra_labels": {"b": "2", "c": "2"}},
            {"extra_labels": {"a": "1", "b": "1", "c": "2"}},
        ),
        ({"zeta": 1, "uid": 2}, {"zeta": 1, "uid": 2}),
    ],
)
def test_a_former_name_is_set_in_the_order_of_helm(override: dict[str, Any], current: dict[str, Any]) -> None:
    notes: list[str] = []
    choices = {"choices": {"a": {"kubespawner_override": override}}, "unlisted_choice": None}
    given = entry(kubespawner_override=override, profile_options={"x": choices})
    renamed = with_current_names(given, notes)
    assert renamed["kubespawner_override"] == current
    assert renamed["profile_options"]["x"]["choices"]["a"]["kubespawner_override"] == current
    assert bool(notes) is (override != current)


def test_a_setting_beside_the_override_stays_where_it_is_and_is_named() -> None:
    result = imported(entry(image_spec="a/b:1", custom="x"))
    assert result.sources == {}
    assert result.profiles["lab"]["extra"] == {"image_spec": "a/b:1", "custom": "x"}
    assert result.notes == (
        "profile `lab`: KubeSpawner reads settings in `kubespawner_override` alone: beside it, it ignores `image_spec`",
    )
