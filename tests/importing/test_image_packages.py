"""What an image has and its parent has not, as somebody asked for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.importing.image_packages import AddedPackages, added_packages, roots
from tests.importing.images import archive, automatic, conda, dpkg, python
from tests.laws import examples
from tests.registry.test_image_layers import files_of

SITE = "usr/local/lib/python3.12/site-packages"
CONDA_SITE = "opt/conda/lib/python3.12/site-packages"


def added(files: dict[str, str], parent: dict[str, str] | None = None) -> AddedPackages:
    below = archive(parent or {})
    return added_packages(files_of(below, archive(files)), files_of(below))


def entries(result: AddedPackages, installer: str) -> list[str]:
    return [item.text for item in result.lists[installer]]


def test_apt_without_those_that_apt_installed_for_others() -> None:
    parent = {**dpkg("base-files", "curl"), **automatic("libcurl4")}
    files = {
        **dpkg("base-files", "curl", "gdal-bin", "libgdal36", removed=["nano"]),
        **automatic("libgdal36"),
    }
    result = added(files, parent)
    assert entries(result, "apt") == ["gdal-bin"]
    assert result.notes == ("left out: 1 apt package that apt installed for others",)


def test_apt_without_a_record_of_automatic_packages() -> None:
    files = {
        "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 1\n",
        "var/lib/dpkg/status.d/tzdata.md5sums": "Package: no\n",
    }
    result = added(files)
    assert entries(result, "apt") == ["tzdata"]
    assert "no var/lib/apt/extended_states" in result.notes[0]


def test_python_without_those_that_others_require() -> None:
    files = {
        **python(SITE, "geopandas", "1.1.3", "pandas>=2", "Shapely"),
        **python(SITE, "pandas", "3.0.1", "numpy", 'lxml; extra == "xml"'),
        **python(SITE, "shapely", "2.1"),
        **python(SITE, "numpy", "2.4"),
        **python(SITE, "lxml", "6.0"),
        **python(SITE, "pip", "26.0"),
    }
    result = added(files, python(SITE, "requests", "2.34"))
    assert entries(result, "pip") == ["geopandas==1.1.3", "lxml==6.0"]
    assert result.notes == ("left out: 3 Python packages that others of the list require",)


def test_python_of_other_installers_and_environments() -> None:
    owned = python(CONDA_SITE, "scipy", "1.17")
    files = {
        **python("usr/lib/python3/dist-packages", "gdal", "3.11"),
        **owned,
        **python("opt/conda/pkgs/six-1/site-packages", "six", "1"),
        **conda("opt/conda", "scipy", "1.17", files=[path.removeprefix("opt/conda/") for path in owned]),
        **python(CONDA_SITE, "tool", "1"),
        **python(CONDA_SITE, "torch", "2.12+cu126"),
        **python("opt/venv/lib/python3.12/site-packages", "alone", "1"),
        **python(CONDA_SITE, "private", "1", "tool"),
        f"{CONDA_SITE}/private-1.dist-info/direct_url.json": "not read",
    }
    result = added(files)
    assert entries(result, "pip") == ["tool==1", "torch==2.12+cu126"]
    assert entries(result, "conda") == ["scipy=1.17"]
    notes = "\n".join(result.notes)
    assert "not carried over: 1 Python package in /opt/venv/lib/python3.12/site-packages" in notes
    assert "not carried over: private; installed from an address or a folder" in notes
    assert "not from PyPI: torch==2.12+cu126" in notes


def test_conda_with_its_channels() -> None:
    files = {
        **conda("opt/conda", "python", "3.12.9"),
        **conda("opt/conda", "gdal", "3.11", "libgdal 3.11.*", "python >=3.12"),
        **conda("opt/conda", "libgdal", "3.11"),
        **conda("opt/conda", "samtools", "1.20", channel="bioconda"),
        **conda("opt/conda", "mkl", "2025", channel="pkgs/main"),
    }
    result = added(files, conda("opt/conda", "conda", "26.1"))
    assert entries(result, "conda") == ["gdal=3.11", "mkl=2025", "samtools=1.20"]
    assert result.channels == ("conda-forge", "bioconda")
    notes = "\n".join(result.notes)
    assert "not carried over: conda `python=3.12.9`" in notes
    assert "not carried over: the channel `pkgs/main`" in notes
    assert "left out: 1 conda package" in notes


def test_the_login_of_a_channel_is_not_in_the_matrix() -> None:
    record = {
        "name": "a",
        "version": "1",
        "channel": "https://me:secret@conda.example.org/t/tk-token/team/noarch",
    }
    result = added({"opt/conda/conda-meta/a-1-0.json": json.dumps(record)})
    assert result.channels == ("https://conda.example.org/team",)


def test_a_version_that_the_parent_has_not() -> None:
    parent = {**python(SITE, "a", "1"), **dpkg("curl")}
    files = {**python(SITE, "a", "2"), f"{SITE}/.wh.a-1.dist-info": "", **dpkg("curl")}
    assert entries(added(files, parent), "pip") == ["a==2"]


def test_npm_of_global_folders() -> None:
    package = json.dumps({"name": "@mermaid/cli", "version": "11.1.0"})
    top = "usr/lib/node_modules"
    files = {
        f"{top}/@mermaid/cli/package.json": package,
        f"{top}/@mermaid/cli/node_modules/inner/package.json": '{"name": "inner", "version": "1"}',
        f"{top}/npm/package.json": '{"name": "npm", "version": "11"}',
        "home/app/node_modules/local/package.json": '{"name": "local", "version": "1"}',
    }
    assert entries(added(files), "npm") == ["@mermaid/cli@11.1.0"]


def test_r() -> None:
    def description(folder: str, name: str, more: str) -> dict[str, str]:
        return {f"{folder}/{name}/DESCRIPTION": f"Package: {name}\nVersion: 1.2\n{more}"}

    library, commit = "usr/local/lib/R/site-library", "0" * 40
    files = {
        **description(library, "dplyr", "Imports: rlang (>= 1.1),\n    tibble\nRepository: CRAN\n"),
        **description(library, "tibble", "Repository: RSPM\n"),
        **description(library, "limma", "biocViews: X\n"),
        **description(
            library,
            "tool",
            f"RemoteType: github\nRemoteUsername: me\nRemoteRepo: tool\nRemoteSha: {commit}\n",
        ),
        **description(library, "local", ""),
        **description("usr/local/lib/R/library", "stats", "Priority: base\n"),
        **description("usr/lib/R/site-library", "sf", "Repository: CRAN\n"),
    }
    result = added(files)
    assert entries(result, "cran") == ["dplyr@1.2", "bioc::limma", f"github::me/tool@{commit}"]
    assert result.notes == (
        "not carried over: local; nothing says where R has them from",
        "left out: 1 R package that others of the list require",
    )


def test_what_a_list_cannot_have_and_what_cannot_be_read() -> None:
    files = {**python(SITE, "a", "1 --index-url=x"), "opt/conda/conda-meta/b.json": "{"}
    result = added({**files, **python(SITE, "c", "1")})
    assert entries(result, "pip") == ["c==1"]
    assert "not carried over: pip `a==1 --index-url=x`" in result.notes
    assert any("opt/conda/conda-meta/b.json" in item for item in result.notes)


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        ({"a": {"b"}, "b": set()}, ["a"]),
        ({"a": {"a"}}, ["a"]),
        ({"b": {"c"}, "c": {"b"}}, ["b"]),
        ({"a": set(), "b": {"c"}, "c": {"b", "a"}}, ["b"]),
        ({"r": {"b"}, "b": {"c"}, "c": {"b"}}, ["r"]),
    ],
)
def test_roots(requires: dict[str, set[str]], expected: list[str]) -> None:
    assert roots({name: frozenset(others) for name, others in requires.items()}) == expected


@settings(max_examples=examples(300))
@given(st.dictionaries(st.sampled_from("abcdefg"), st.frozensets(st.sampled_from("abcdefg"))))
def test_everything_is_required_by_the_roots_and_no_root_by_another(graph: dict[str, frozenset[str]]) -> None:
    requires = {name: others & graph.keys() for name, others in graph.items()}

    def below(name: str) -> set[str]:
        reached, waiting = set[str](), [name]
        while waiting:
            current = waiting.pop()
            waiting += requires[current] - reached
            reached.add(current)
        return reached

    kept = roots(requires)
    assert {other for name in kept for other in below(name)} == requires.keys()
    assert not any(other in below(name) for name in kept for other in kept if other != name)
