"""What is in an image, and which image of its chain brings it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.inventory.contents import contents, inventories
from image_matrix.inventory.model import PackageName
from image_matrix.lock.pins import Pins

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.inventory.model import Content, Contents

SMALL = "small:python3.13"
LAB = "lab:python3.13"
BASE = "base:python3.13"
HASH = " \\\n    --hash=sha256:0\n"
LOCKED = Pins(
    requirements={
        BASE: dict.fromkeys(("amd64", "arm64"), f"uv==0.13.8{HASH}"),
        LAB: {
            "amd64": f"scipy==1.17.1{HASH}scikit-learn==1.9.0{HASH}numpy==2.4.6{HASH}",
            "arm64": f"scipy==1.17.1{HASH}scikit-learn==1.9.0{HASH}numpy==2.4.5{HASH}only-arm==1{HASH}",
        },
        SMALL: {"amd64": f"six==1.17.0{HASH}"},
    },
    apt_snapshots={"debian": "20261101T000000Z"},
)


def of(loaded: Loaded, name: str, pins: Pins = LOCKED) -> Contents:
    return contents(loaded.matrix, loaded.variants, pins, loaded.variants[name])


def pip(loaded: Loaded, name: str, package: str) -> Content:
    return of(loaded, name)[PackageName("pip", package)]


def test_the_image_that_installs_a_package(family: Loaded) -> None:
    assert pip(family, SMALL, "uv").brought_by == BASE
    assert pip(family, SMALL, "numpy").brought_by == LAB
    assert pip(family, SMALL, "six").brought_by == SMALL


def test_a_list_that_asks_again_for_what_is_there_installs_nothing(family: Loaded) -> None:
    scipy = pip(family, SMALL, "scipy")
    assert (scipy.brought_by, scipy.listed_by) == (LAB, (LAB, SMALL))


def test_packages_of_conda_keep_the_names_of_their_channel(family: Loaded) -> None:
    """As conda lists them in the image; only names of Python's packages have several spellings."""
    files = "".join(
        f"https://conda.example.org/linux-64/{file}.conda\n"
        for file in ("_libgcc_mutex-0.1-conda_forge", "cf_xarray-0.10.0-pyhd_0", "numpy_groupies-1.0-0")
    )
    installed = of(family, LAB, Pins(explicit={LAB: {"amd64": files}}))
    assert {name.name for name in installed if name.manager == "conda"} == {
        "_libgcc_mutex",
        "cf_xarray",
        "numpy_groupies",
    }


def test_an_image_for_fewer_platforms_has_only_their_versions(family: Loaded) -> None:
    assert pip(family, LAB, "numpy").versions == {"amd64": "2.4.6", "arm64": "2.4.5"}
    assert pip(family, LAB, "numpy").version == "2.4.5/2.4.6"
    assert pip(family, SMALL, "numpy").versions == {"amd64": "2.4.6"}
    assert PackageName("pip", "only-arm") in of(family, LAB)
    assert PackageName("pip", "only-arm") not in of(family, SMALL)


def test_what_nothing_locks_has_the_version_of_its_list_or_its_archive(family: Loaded) -> None:
    installed = of(family, LAB)
    git, curl = (installed[PackageName("apt", name)] for name in ("git", "curl"))
    assert (git.version, git.archive) == ("", "archive of 2026-11-01")
    assert (curl.version, curl.archive) == ("8.1", "")
    assert installed[PackageName("npm", "@jupyter/chat")].version == "1.2.0"
    assert installed[PackageName("download", "kubectl")].version == "1.37.0"


def test_what_a_source_provides_is_there_until_something_installs_it(family: Loaded) -> None:
    provided = PackageName("provides", "jupyterhub")
    maps, hub = (
        next(name for name in family.variants if name.startswith(f"{one}:")) for one in ("maps", "hub")
    )
    assert of(family, maps)[provided].version == "5.4"
    assert provided not in of(family, hub)
    assert of(family, hub)[PackageName("pip", "jupyterhub")].version == "5.5.0"
    assert of(family, BASE)[PackageName("provides", "python")].version == "3.13"


def test_what_is_unknown_without_a_lock(family: Loaded) -> None:
    known = inventories(family.matrix, family.variants, LOCKED)
    assert known[SMALL].unknown == set()
    assert known["lab:python3.11"].unknown == {"pip"}
    assert list(known) == list(family.variants)
