"""What takes the place of a lost size or profile is what its users can use, whatever it is called."""

from __future__ import annotations

from image_matrix.config.sizes import Amount, Size
from image_matrix.profiles.offer import SizeChoice
from image_matrix.profiles.successors import size_in_place_of
from tests.profiles.test_against import said

SIZES = """
sizes:
  mem_8: {display_name: A, memory: {limit: 8Gi}, cpu: {limit: 4}}
  mem_16: {display_name: B, memory: {limit: 16Gi}, cpu: {limit: 4}}
  mem_64: {display_name: C, memory: {limit: 64Gi}, cpu: {limit: 4}}
  mem_128: {display_name: D, memory: {limit: 128Gi}, cpu: {limit: 4}}
  none: {display_name: F, memory: {limit: none}}
  few: {display_name: G, memory: {limit: 8Gi}, cpu: {limit: 2}}
profiles:
  data-science: {sizes: {SIZES}}
"""
ALL = ("mem_8", "mem_16", "mem_64", "mem_128")


def successor(lost: str, *others: str) -> str:
    """Return what the remedy writes behind a key when it is no longer among the choices."""
    listed = {
        name: f"{{{', '.join(f'{one}: {{size: {one}}}' for one in name)}}}"
        for name in ((lost, *others), others)
    }
    before, after = (SIZES.replace("{SIZES}", text) for text in listed.values())
    return said(before, after).partition(f"{{{lost}: ")[2].partition("}")[0]


def test_the_successor_of_a_size_is_the_next_that_is_not_smaller() -> None:
    for at, lost in enumerate(ALL):
        others = [name for name in ALL if name != lost]
        assert successor(lost, *others) == others[min(at, len(others) - 1)]


def test_devices_come_before_amounts() -> None:
    gpu, cpu = {"nvidia.com/gpu": 1}, dict[str, int]()
    given = {"lost": ("16Gi", cpu), "gpu": ("16Gi", gpu), "large": ("128Gi", cpu), "small": ("8Gi", cpu)}
    lost, *today = [
        SizeChoice(name, name, Size(name, name, memory=Amount(limit=memory), devices=devices))
        for name, (memory, devices) in given.items()
    ]
    assert size_in_place_of(lost, today) == "large"
    assert size_in_place_of(today[0], [lost, *today[1:]]) == "lost"


def test_no_limit_is_more_than_each_and_the_hubs_own_amount_is_unknown() -> None:
    assert successor("mem_128", "mem_8", "mem_64", "none") == "none"
    assert successor("none", "mem_8", "mem_128") == "mem_128"
    assert successor("none", "mem_128", "mem_8") == "mem_128"


def test_fewer_cores_are_smaller() -> None:
    assert successor("mem_8", "few", "mem_64") == "mem_64"


PROFILES = """
profiles:
  medium-base: {display_name: CPU, images: [jupyter], groups: [base]}
"""


def test_the_successor_of_a_profile_has_its_groups_and_is_new() -> None:
    before = PROFILES + "  medium-full: {display_name: CPU, images: [jupyter], groups: [full]}\n"
    after = PROFILES + "  cpu: {display_name: CPU, images: [jupyter], groups: [full]}\n"
    assert "add `aliases: [medium-full]` to the new profile, for example `cpu`;" in said(before, after)


def test_no_profile_is_named_that_the_users_may_not_start() -> None:
    hub = "sites: {kubeflow: }\nprofiles: {data-science: {groups: [a]}, gpu: {groups: [a]}"
    before, after = hub + ", old: {display_name: Old, images: [jupyter]}}\n", hub + "}\n"
    assert "to the new profile; else keep it" in said(before, after)
