"""The real KubeSpawner 6.2, 7.0 and 7.1 with every kind of choice, posted as a browser posts them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.config.profiles import HUB_IMAGE
from image_matrix.profiles.offer import offers, previous_id
from image_matrix.profiles.pod import pod
from image_matrix.render.kubernetes.outputs import deploy_files
from tests import yaml_files
from tests.deploy.support import facts, keys_of, references, small
from tests.deploy.test_kubespawner import assert_same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.profiles.pod import Pod
    from tests.deploy.conftest import Ask

pytestmark = [pytest.mark.e2e, pytest.mark.network]
CHOICES = Path(__file__).with_name("choices.yaml").read_text(encoding="utf-8")
PREVIOUS = "ghcr.io/example/notebooks/jupyter-scipy:python3.13-before@sha256:" + "1" * 64
TYPED = "quay.io/example/mine:1"
EVERYBODY = ["careful", "rich", "curious"]


def released(loaded: Loaded) -> dict[str, str]:
    named = references(loaded, digest="0")
    return {**named, previous_id("jupyter-scipy:python3.13"): PREVIOUS}


def text_of(loaded: Loaded, named: Mapping[str, str]) -> str:
    file = deploy_files(loaded.matrix, loaded.variants, named)["deploy/hub/jupyterhub/values.yaml"]
    return file.content.decode()


def values(loaded: Loaded, named: Mapping[str, str], groups: list[str] | None = None) -> dict[str, Any]:
    read: dict[str, Any] = yaml_files.load(text_of(loaded, named))
    custom = {"typed": {"image": TYPED}} | ({} if groups is None else {"groups": groups})
    return {**read, "custom": custom}


def expected(loaded: Loaded, named: Mapping[str, str]) -> dict[tuple[str, str, str], Pod]:
    return {
        (offer.slug, image.key, size.key): pod(loaded.matrix, offer, image, size, named)
        for offer in offers(loaded.matrix, loaded.variants)
        for image in offer.images
        for size in offer.sizes
    }


def test_every_choice_is_the_pod_that_is_shown(every_kubespawner: Ask) -> None:
    loaded = small(CHOICES)
    named = released(loaded)
    pods = expected(loaded, named)
    answer = every_kubespawner(values(loaded, named))
    assert "error" not in answer, answer
    seen, typed = set(), set()
    for item in answer["pods"]:
        if item["slug"] == "legacy":
            continue
        key = keys_of(loaded, item["slug"], item["choice"])
        got = facts(item["pod"])
        if key[1] == "unlisted-choice":
            typed.add(got["image"])
            continue
        seen.add(key)
        assert_same(got, pods[key])
    assert seen == set(pods)
    assert typed == {TYPED}
    assert facts(answer["default"])["image"].startswith("quay.io/pangeo/pangeo-notebook:2026.10.01@sha256:")


@pytest.mark.parametrize("groups", [["careful"], ["rich"], ["curious"], [], EVERYBODY])
def test_users_see_the_choices_of_their_groups_in_the_order_of_the_matrix(
    every_kubespawner: Ask, helm: Ask, groups: list[str]
) -> None:
    loaded = small(CHOICES)
    chart = values(loaded, released(loaded), groups)
    passed = helm({"files": [text_of(loaded, released(loaded))]})["values"]
    answer = every_kubespawner({**passed, "custom": chart["custom"]})
    images = {
        "scipy": "", "scipy-python3-11": "", "before": "careful", "before-python3-11": "careful",
        "Plain_4.4": "", "Plain_4.4-python3-11": "", "pangeo": "", "hub": "", "unlisted-choice": "curious",
    }  # fmt: skip
    sizes = {"tiny": "", "a-large": "rich", "small": ""}
    for option, choices in (("image", images), ("size", sizes)):
        shown = [key for key, group in choices.items() if not group or group in groups]
        assert answer["selects"][f"profile-option-data-science--{option}"] == shown
    assert answer["selected"]["profile-option-data-science--image"] == ["pangeo"]
    large = "a-large" if "rich" in groups else "tiny"
    assert answer["selected"]["profile-option-data-science--size"] == [large]


HIDDEN = {
    "image": ("before", "careful"),
    "size": ("a-large", "rich"),
    "image--unlisted-choice": (TYPED, "curious"),
}


@pytest.mark.parametrize("option", HIDDEN)
def test_what_is_hidden_cannot_be_posted(every_kubespawner: Ask, option: str) -> None:
    loaded = small(CHOICES)
    key, group = HIDDEN[option]
    posted = {"profile": ["data-science"], f"profile-option-data-science--{option}": [key]}
    for groups in ([group], [name for name in EVERYBODY if name != group]):
        chart = values(loaded, released(loaded), groups)
        chart["custom"]["posted"] = posted
        answer = every_kubespawner(chart)
        assert ("pod" in answer) == (group in groups), answer


def test_what_is_typed_in_must_match(every_kubespawner: Ask) -> None:
    loaded = small(CHOICES)
    chart = values(loaded, released(loaded))
    chart["custom"]["posted"] = {
        "profile": ["data-science"],
        "profile-option-data-science--image--unlisted-choice": ["docker.io/evil/image:1"],
    }
    assert "validation regex" in every_kubespawner(chart)["refused"]


def test_a_profile_with_nothing_to_choose_is_not_offered(every_kubespawner: Ask) -> None:
    only = "profiles: {gpu: {images: {cuda: {image: jupyter-cuda, groups: [ml]}}}}"
    loaded = small(only)
    assert "gpu" in every_kubespawner(values(loaded, released(loaded), ["ml"]))["slugs"]
    chart = values(loaded, released(loaded), [])
    assert "gpu" not in every_kubespawner(copy.deepcopy(chart))["slugs"]
    chart["custom"]["posted"] = {"profile": ["gpu"]}
    assert "refused" in every_kubespawner(chart)


def test_without_a_previous_release_the_current_image_takes_its_place(every_kubespawner: Ask) -> None:
    loaded = small(CHOICES)
    named = references(loaded, digest="0")
    answer = every_kubespawner(values(loaded, named))
    images = {
        item["choice"].get("image"): facts(item["pod"])["image"]
        for item in answer["pods"]
        if item["slug"] == "data-science"
    }
    assert images["before"] == images["scipy"]


def test_extra_profiles_follow_ours(every_kubespawner: Ask) -> None:
    loaded = small(CHOICES)
    answer = every_kubespawner(values(loaded, released(loaded), ["old"]))
    assert answer["slugs"] == ["data-science", "gpu", "bare", "bare-of-all", "legacy"]
    assert answer["selects"]["profile-option-legacy--port"] == ["a"]
    images = [facts(item["pod"])["image"] for item in answer["pods"] if item["slug"] == "legacy"]
    assert images == ["quay.io/example/legacy:1"]
    assert "legacy" not in every_kubespawner(values(loaded, released(loaded), []))["slugs"]


def test_an_extra_profile_can_be_the_preselected_one(every_kubespawner: Ask) -> None:
    entry = '{display_name: Legacy, default: true, kubespawner_override: {image: "a:1"}}'
    loaded = small(f"sites: {{hub: {{extra_profiles: [{entry}]}}}}")
    answer = every_kubespawner(values(loaded, released(loaded)))
    assert answer["checked"] == ["legacy"]
    assert facts(answer["default"])["image"] == "a:1"


OPTIONAL = """
images: {jupyter-cuda: {accelerator_optional: true}, jupyter-scipy: {accelerator_optional: true}}
profiles:
  data-science:
    images: [jupyter-scipy, jupyter-cuda]
    sizes: [small, gpu]
"""


def test_one_profile_has_sizes_with_and_without_devices(every_kubespawner: Ask) -> None:
    loaded = small(OPTIONAL)
    assert [item for item in loaded.warnings if "IM716" in item.code] == []
    named = references(loaded)
    pods = expected(loaded, named)
    answer = every_kubespawner(values(loaded, named))
    for item in answer["pods"]:
        key = keys_of(loaded, item["slug"], item["choice"])
        assert_same(facts(item["pod"]), pods[key])
    assert {key[2]: dict(pods[key].devices) for key in pods if key[0] == "data-science"} == {
        "small": {},
        "gpu": {"nvidia.com/gpu": "1"},
    }
    assert {pods[key].memory_limit for key in pods if key[0] == "data-science"} == {4 * 1024**3, 32 * 1024**3}
    assert {key[2]: dict(pods[key].environment) for key in pods if key[0] == "data-science"} == {
        "small": {"NVIDIA_VISIBLE_DEVICES": "void"},
        "gpu": {},
    }


PREPARED = """
profiles:
  data-science:
    images:
      scipy:
        image: jupyter-scipy
        kubespawner_override: {init_containers: {prepare: {name: prepare, image: "busybox:1"}}}
      plain: jupyter
"""


def test_one_image_has_an_init_container_and_the_others_have_not(kubespawner: Ask) -> None:
    loaded = small(PREPARED)
    answer = kubespawner(values(loaded, released(loaded)))
    for item in answer["pods"]:
        own = ["prepare"] if item["choice"].get("image", "").startswith("scipy") else []
        assert facts(item["pod"])["init_containers"] == ["block-cloud-metadata", *own]


FURTHER = """
profiles:
  data-science:
    profile_options:
      region:
        display_name: Region
        choices:
          us: {display_name: America, kubespawner_override: {node_selector: {region: us}}}
          eu: {display_name: Europe, kubespawner_override: {node_selector: {region: eu}}, default: true}
          asia: {display_name: Asia, kubespawner_override: {node_selector: {region: asia}}, allowed_groups: [far]}
"""


def test_further_options_are_passed_through(every_kubespawner: Ask) -> None:
    loaded = small(FURTHER)
    answer = every_kubespawner(values(loaded, released(loaded), ["far"]))
    regions = [item["choice"].get("region") for item in answer["pods"] if item["slug"] == "data-science"]
    assert list(dict.fromkeys(regions)) == ["us", "eu", "asia"]
    for item in answer["pods"]:
        if region := item["choice"].get("region"):
            assert facts(item["pod"])["node_selector"] == {"region": region}
    assert answer["selected"]["profile-option-data-science--region"] == ["eu"]
    others = every_kubespawner(values(loaded, released(loaded), []))
    assert others["selects"]["profile-option-data-science--region"] == ["us", "eu"]


def test_extra_is_passed_through() -> None:
    loaded = small(CHOICES)
    entry = values(loaded, released(loaded))["singleuser"]["profileList"][0]
    image, size = (entry["profile_options"][name] for name in ("image", "size"))
    assert entry["color"] == "green"
    assert image["dynamic_image_building"] == {"enabled": True}
    assert image["choices"]["Plain_4.4"]["icon"] == "plain.svg"
    assert size["choices"]["tiny"]["badge"] == "new"
    assert (image["display_name"], size["display_name"]) == ("Environment", "Server")
    assert image["choices"]["scipy"]["description"] == "The usual one"
    assert "image" not in image["choices"]["hub"]["kubespawner_override"]
    assert HUB_IMAGE not in str(image["choices"]["hub"])
