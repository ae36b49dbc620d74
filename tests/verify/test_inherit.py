from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.config.served_app import ide_of, served_by
from image_matrix.project.load import load
from image_matrix.verify.expectations import chain, inherited, packages, pins, provided, version_fits
from image_matrix.verify.run import subject_of

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: {generator: ".[locked]"}
axes: {python: ["3.13", "3.11"]}
sources: {debian: docker.io/library/debian:trixie-slim}
accelerators: {cuda: {version: "13.0", device: nvidia.com/gpu}}
bundles:
  full: {pip: [scipy==1.17.1, "tomli==2.3.0; python_version < '3.11'"], tests: {imports: [scipy]}}
images:
  base:
    from: debian
    axes: [python]
    kind: base
    pip: [uv==0.13.8]
    provides: {python: "{python}"}
    tests: {commands: {git --version: git version}, files: [/init]}
  lab:
    from: base
    kind: jupyter
    pip: [jupyterlab==4.6.6, "numpy>=2"]
    tests: {http: {lab: JupyterLab}, commands: {git --version: ""}}
  scipy: {from: lab, bundles: [full], accelerator: cuda}
  plain: {from: debian}
"""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load({"matrix.yaml": MATRIX}, {"base", "jupyter"})


def test_a_chain_starts_at_its_root(loaded: Loaded) -> None:
    assert [item.image for item in chain(loaded.variants, "scipy:python3.13")] == ["base", "lab", "scipy"]


def test_children_must_pass_what_their_parents_must(loaded: Loaded) -> None:
    line = chain(loaded.variants, "scipy:python3.11")
    tests = inherited(line)
    assert provided(line) == {"python": "3.11"}
    assert tests["commands"] == {"git --version": ""}, "the child's word counts"
    assert tests["files"] == {"/init": ""}
    assert tests["http"] == {"lab": "JupyterLab"}
    assert tests["imports"] == {"scipy": ""}


def test_pins_of_the_chain(loaded: Loaded) -> None:
    assert pins(chain(loaded.variants, "scipy:python3.13")) == {
        "uv": "0.13.8", "jupyterlab": "4.6.6", "scipy": "1.17.1",
    }  # fmt: skip


def test_packages_of_the_chain_pinned_or_not(loaded: Loaded) -> None:
    assert packages(chain(loaded.variants, "lab:python3.13")) == {"uv", "jupyterlab", "numpy"}


def test_a_template_with_a_service_serves_but_a_known_ide_stays_one(loaded: Loaded) -> None:
    serving = {"base", "jupyter"}
    assert served_by(loaded.variants, "base:python3.13", serving) == "other"
    assert served_by(loaded.variants, "scipy:python3.13", serving) == "jupyter"
    assert served_by(loaded.variants, "plain:default", serving) is None
    assert served_by(loaded.variants, "base:python3.13", ()) is None


def test_the_ide_is_that_of_the_nearest_template(loaded: Loaded) -> None:
    assert ide_of(loaded.variants, "scipy:python3.13") == "jupyter"
    assert ide_of(loaded.variants, "base:python3.13") is None
    assert ide_of(loaded.variants, "plain:default") is None


def test_a_subject(loaded: Loaded) -> None:
    subject = subject_of(loaded, "scipy:python3.13", "registry/scipy", None, 30.0)
    assert (subject.ide, subject.deadline, subject.image) == ("jupyter", 30.0, "registry/scipy")
    assert subject.accelerator is not None
    assert subject.accelerator.version == "13.0"


@pytest.mark.slow
def test_tests_are_no_part_of_a_variant_s_files(loaded: Loaded) -> None:
    from image_matrix.lock.pins import Pins
    from image_matrix.planning.keys import compute_keys
    from image_matrix.project.inputs import builtin_templates, template_files, templates_of
    from image_matrix.project.render import render_builds

    templates = templates_of(template_files(builtin_templates()), {})
    bare = {name: replace(item, tests={}) for name, item in loaded.variants.items()}
    keys = [
        compute_keys(variants, render_builds(replace(loaded, variants=variants), Pins(), templates))
        for variants in (loaded.variants, bare)
    ]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("installed", "wanted", "exact", "fits"),
    [
        ("3.13.5", "3.13", False, True),
        ("3.1.3", "3.13", False, False),
        ("3.130", "3.13", False, False),
        ("2.12.0+cpu", "2.12.0", True, True),
        ("2.12.0+cpu", "2.12.0+cu130", True, False),
        ("2.12.0", "2.12", True, True),
        ("2.12.1", "2.12", True, False),
        ("2.12.1", "2.12.*", True, True),
        ("2.13", "2.12.*", True, False),
        ("1.0.0", "1", True, True),
    ],
)
def test_versions(installed: str, wanted: str, exact: bool, fits: bool) -> None:
    assert version_fits(installed, wanted, exact=exact) is fits


numbers = st.lists(st.integers(0, 99), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))


@given(numbers, st.integers(0, 3))
def test_zeros_at_the_end_say_nothing(version: str, more: int) -> None:
    longer = version + ".0" * more
    assert version_fits(longer, version, exact=True)
    assert version_fits(version, longer, exact=True)


@given(numbers, numbers)
def test_the_first_parts_fit(version: str, rest: str) -> None:
    assert version_fits(f"{version}.{rest}", version, exact=False)
    assert version_fits(f"{version}+local", version, exact=True)
