"""What installers have recorded in an image, and which image of its chain installed it."""

from __future__ import annotations

import pytest

from image_matrix.inventory.in_image import ReadImage, as_built, installed_packages
from image_matrix.inventory.installed_files import Record, reader_of
from image_matrix.inventory.model import Content, Inventory, PackageName

SITE = "opt/venv/lib/python3.13/site-packages"
CONDA = "opt/conda/lib/python3.13/site-packages"
BASE, LAB = "base:x", "lab:x"


def metadata(name: str, version: str) -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


FILES = {
    "var/lib/dpkg/status": (
        "Package: git\nStatus: install ok installed\nVersion: 1:2.47.3-0+deb13u1\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
    ),
    f"{SITE}/Scikit_Learn-1.9.1.dist-info/METADATA": metadata("Scikit_Learn", "1.9.1"),
    "usr/lib/python3/dist-packages/six-1.17.dist-info/METADATA": metadata("six", "1.17"),
    "opt/conda/conda-meta/numpy-2.4.6-0.json": (
        '{"name": "numpy", "version": "2.4.6", "channel": "conda-forge",'
        ' "files": ["lib/python3.13/site-packages/numpy-2.4.6.dist-info/METADATA"]}'
    ),
    f"{CONDA}/numpy-2.4.6.dist-info/METADATA": metadata("numpy", "2.4.6"),
    f"{CONDA}/toolz-1.0.0.dist-info/METADATA": metadata("toolz", "1.0.0"),
    "opt/conda/pkgs/zstd-1/lib/python3.13/site-packages/zstd-1.dist-info/METADATA": metadata("zstd", "1"),
    "usr/local/lib/node_modules/yarn/package.json": '{"name": "yarn", "version": "1.22.22"}',
    "usr/local/lib/R/site-library/dplyr/DESCRIPTION": "Package: dplyr\nVersion: 1.1.4\nRepository: CRAN\n",
    "usr/lib/R/library/base/DESCRIPTION": "Package: base\nVersion: 4.5.0\nPriority: base\n",
}


def read(files: dict[str, str]) -> dict[str, Record | None]:
    return {path: reader(text.encode) for path, text in files.items() if (reader := reader_of(path))}


def test_every_package_once_by_what_installed_it() -> None:
    assert {(one.manager, one.name): version for one, version in installed_packages(read(FILES)).items()} == {
        ("apt", "git"): "1:2.47.3-0+deb13u1",
        ("pip", "scikit-learn"): "1.9.1",
        ("conda", "numpy"): "2.4.6",
        ("pip", "toolz"): "1.0.0",
        ("npm", "yarn"): "1.22.22",
        ("cran", "dplyr"): "1.1.4",
    }


def test_a_package_that_is_there_twice_has_two_versions() -> None:
    files = {
        f"{place}/six-{version}.dist-info/METADATA": metadata("six", version)
        for place, version in ((SITE, "2"), (CONDA, "1"))
    }
    assert installed_packages(read(files)) == {PackageName("pip", "six"): "1/2"}


@pytest.fixture
def built() -> Inventory:
    """The image lab on base, for one of its platforms, as it was built."""
    lower = {name: text for name, text in FILES.items() if "conda" not in name}
    upper = {**FILES, f"{SITE}/Scikit_Learn-1.9.1.dist-info/METADATA": metadata("Scikit_Learn", "1.9.2")}
    expected = {
        PackageName("apt", "git"): Content({"amd64": "", "arm64": ""}, BASE, (BASE,)),
        PackageName("apt", "virtual"): Content({"amd64": ""}, BASE, (BASE,)),
        PackageName("pip", "scikit-learn"): Content({"amd64": "1.9.1"}, BASE, (LAB,), locked=True),
        PackageName("download", "kubectl"): Content({"amd64": "1.37.0", "arm64": "1.37.0"}, BASE, (BASE,)),
    }
    chain = [ReadImage(BASE, read(lower)), ReadImage(LAB, read(upper))]
    return as_built(Inventory(expected, frozenset({"pip", "extensions"})), {"amd64": chain})


def test_versions_are_those_of_the_image(built: Inventory) -> None:
    git = built.contents[PackageName("apt", "git")]
    assert (git.versions, git.brought_by, git.listed_by) == ({"amd64": "1:2.47.3-0+deb13u1"}, BASE, (BASE,))
    assert PackageName("apt", "virtual") not in built.contents


def test_the_first_image_with_a_version_brings_it(built: Inventory) -> None:
    moved = built.contents[PackageName("pip", "scikit-learn")]
    assert (moved.version, moved.brought_by) == ("1.9.2", LAB)
    assert built.contents[PackageName("cran", "dplyr")].brought_by == BASE
    assert built.contents[PackageName("conda", "numpy")].brought_by == LAB


def test_what_no_installer_records_is_as_the_matrix_says(built: Inventory) -> None:
    kubectl = built.contents[PackageName("download", "kubectl")]
    assert kubectl.versions == {"amd64": "1.37.0"}, "of the platform that was read"
    assert built.unknown == {"extensions"}


def test_platforms_are_one_inventory(built: Inventory) -> None:
    other = {**FILES, "var/lib/dpkg/status": "Package: git\nVersion: 2\n\nPackage: only-arm\nVersion: 1\n"}
    chains = {"amd64": [ReadImage(LAB, read(FILES))], "arm64": [ReadImage(LAB, read(other))]}
    both = as_built(built, chains)
    assert both.contents[PackageName("apt", "git")].versions == {"amd64": "1:2.47.3-0+deb13u1", "arm64": "2"}
    assert both.contents[PackageName("apt", "only-arm")].versions == {"arm64": "1"}
    assert both.contents[PackageName("pip", "toolz")].versions == {"amd64": "1.0.0", "arm64": "1.0.0"}
    assert both.contents[PackageName("download", "kubectl")].version == "1.37.0"


def test_what_only_the_image_knows_is_marked(built: Inventory) -> None:
    assert built.from_image
    marked = {one.name for one, content in built.contents.items() if content.unexpected}
    assert marked == {"numpy", "toolz", "yarn", "dplyr"}
