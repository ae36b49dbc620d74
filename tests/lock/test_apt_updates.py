"""What apt answers in an image, and which updates a new build would bring."""

from __future__ import annotations

from pathlib import Path

import pytest

from image_matrix.lock.apt_changelogs import places_of_changelogs, searches, with_cves
from image_matrix.lock.apt_report import apt_lines
from image_matrix.lock.apt_updates import AptAnswer, AptFindings, AptUpdate, counting, cves_in, read_answer

UPGRADABLE = (Path(__file__).parent / "fixtures/apt-upgradable.txt").read_text()
OPENSSL = ("openssl", "3.0.11-1~deb12u2", "3.0.15-1~deb12u1")
LIBC = ("libc6", "2.36-9+deb12u3", "2.36-9+deb12u9")


def answer(**others: str) -> AptAnswer:
    files = {name.replace("_", "-"): text for name, text in others.items()}
    return read_answer({"upgradable": UPGRADABLE, **files})


def names(updates: tuple[AptUpdate, ...]) -> list[str]:
    return [one.package for one in updates]


def test_upgrades_are_read_and_nothing_else() -> None:
    assert answer().upgradable == (
        LIBC,
        OPENSSL,
        ("libssl3", *OPENSSL[1:]),
        ("libcudnn9", "9.1.0-1", "9.2.0-1"),
        ("tini", "1:0.18.0-1", "1:0.19.0-1"),
    )


def test_what_the_chain_installed_counts() -> None:
    assert names(counting(answer(), ())) == ["libc6", "openssl", "libssl3", "libcudnn9", "tini"]


def test_of_the_source_only_the_distributions_own_counts() -> None:
    found = answer(of_base="libc6\nlibcudnn9\nopenssl\n", of_distribution=UPGRADABLE.replace("cudnn", "x"))
    assert names(counting(found, ())) == ["libc6", "openssl", "libssl3", "tini"]
    assert names(counting(found, ("libcudnn9",))) == ["libc6", "openssl", "libssl3", "libcudnn9", "tini"]


@pytest.mark.parametrize(
    ("entry", "counts"),
    [
        ("openssl", True),
        ("openssl=3.0.11-1~deb12u2", False),
        ("openssl=3.0.15-1~deb12u1", True),
        ("openssl=3.0.15*", True),
        ("openssl=3.0.11*", False),
    ],
)
def test_what_is_pinned_counts_where_the_pin_lets_it(entry: str, counts: bool) -> None:
    assert ("openssl" in names(counting(answer(), (entry,)))) == counts


def test_a_source_package_is_known_where_dpkg_names_it() -> None:
    installed = "libssl3\topenssl\t3.0.11-1~deb12u2\nlibc6\tgli\tbc\t2\ntini\t$(id)\t1\n"
    by_name = {one.package: one for one in counting(answer(installed=installed), ())}
    assert (by_name["libssl3"].debian_source, by_name["libssl3"].installed) == ("openssl", "3.0.11-1~deb12u2")
    assert (by_name["tini"].debian_source, by_name["tini"].installed) == ("tini", "1:0.18.0-1")


def test_a_changelog_gives_its_cves_alone() -> None:
    text = "* Fix CVE-2026-12345, CVE-2026-999 (CVE-2026-999) <b>CVE-1-2</b> XCVE-2026-1111\n"
    assert cves_in(text) == ("CVE-2026-12345",)
    assert cves_in("CVE-2026-10000 CVE-2025-2000 CVE-2026-9999") == (
        "CVE-2025-2000",
        "CVE-2026-9999",
        "CVE-2026-10000",
    )


def updates_of(*variants: str) -> dict[str, tuple[AptUpdate, ...]]:
    ssl = AptUpdate("libssl3", "1-1", "1-2", "openssl", "1-1")
    return {name: (ssl, AptUpdate("openssl", "1-1", "1-2", "openssl", "1-1")) for name in variants}


def test_each_changelog_is_looked_for_in_one_image() -> None:
    updates = {**updates_of("lab:default", "geo:default")}
    places = places_of_changelogs(updates)
    assert searches(places) == {"lab:default": "0 1-1 libssl3=1-2 openssl=1-2\n"}
    found = with_cves(updates, places, {"lab:default": {"0": "openssl (1-2)\n  * CVE-2026-1234\n"}})
    assert {one.cves for items in found.values() for one in items} == {("CVE-2026-1234",)}
    assert with_cves(updates, places, {}) == updates


def test_an_update_is_a_line_for_all_its_images() -> None:
    updates = updates_of("lab:default", "geo:default", "r:default", "torch:default", "own:default")
    source_of = {name: "debian" for name in updates if name != "own:default"}
    assert apt_lines(AptFindings(updates, source_of)) == [
        "apt openssl (libssl3, openssl): 1-1 → 1-2 in own:default",
        "apt openssl (libssl3, openssl): 1-1 → 1-2 on debian, in lab:default, geo:default, r:default and 1 more",
    ]
