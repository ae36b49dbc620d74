"""What would mend a finding, in the order in which people should try it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.findings.markdown import MARKDOWN
from image_matrix.findings.model import ScanFinding
from image_matrix.findings.remedies import Knowledge, LockProposal, Remedy, remedy
from image_matrix.findings.remedy_text import advice
from image_matrix.findings.rows import finding_rows, fixed_in_release
from image_matrix.inventory.contents import inventories
from image_matrix.lock.model import Lock
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from tests.findings.examples import APT, LAB, LEAF, PIP, UNFIXED, family, known, locked, result, target
from tests.workflow.matrices import matrix

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = "https://github.example.org/example/notebooks/pull/12"


def proposal(body: str = "", tornado: str = "") -> LockProposal:
    project = family()
    found = inventories(project.matrix, project.variants, locked(tornado)) if tornado else {}
    return LockProposal(12, NUMBER, body, found)


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (UNFIXED, Remedy("wait")),
        (APT, Remedy("lock", "apt")),
        (PIP, Remedy("lock", "tornado")),
        (replace(PIP, installer="conda"), Remedy("lock", "tornado")),  # a scanner's guess
        (replace(PIP, package="certifi", fixed=("2026.2.2",)), Remedy("lock", "certifi")),
        (
            ScanFinding("HIGH", "CVE-2", "urllib3", "1.26.5", ("1.26.17", "2.0.6"), "pip"),
            Remedy("edit", "urllib3==1.26.5", "matrix.yaml:1"),
        ),
        (
            ScanFinding("HIGH", "CVE-2", "git", "1:2.39", ("1:2.41",), "apt"),
            Remedy("lock", "apt"),  # `1:2.4*` allows it
        ),
        # what no lock has came with the source
        (replace(PIP, package="wheel"), Remedy("lock", "debian")),
        # part of a program that the matrix downloads by version
        (
            ScanFinding("HIGH", "CVE-2", "stdlib", "1.21", ("1.22",), "", "usr/local/bin/tool"),
            Remedy("edit", "tool: 1.2.3", "matrix.yaml:1"),
        ),
        (
            ScanFinding("HIGH", "CVE-2", "stdlib", "1.21", ("1.22",), "", "opt/other"),
            Remedy("look", "opt/other"),
        ),
    ],
)
def test_what_moves_a_package(finding: ScanFinding, expected: Remedy) -> None:
    assert remedy(known(), target(), finding) == expected


CONDA = ScanFinding("HIGH", "CVE-2", "prompt_toolkit", "3.0.50", ("3.0.52",), "pip")
"""As scanners name it, who read the metadata of Python."""


def of_conda(version: str, name: str = "prompt-toolkit") -> Pins:
    address = f"https://conda.example.org/noarch/{name}-{version}-pyhd_0.conda\n"
    return Pins(explicit={LAB: {"amd64": address}})


@pytest.mark.parametrize("installer", ["pip", "conda"])
@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("prompt_toolkit", "prompt-toolkit"),
        ("Prompt.Toolkit", "prompt_toolkit"),
        ("prompt-toolkit", "prompt_toolkit"),
        ("prompt_toolkit", "prompt_toolkit"),
    ],
)
def test_condas_packages_of_python_by_the_names_of_scanners(installer: str, package: str, name: str) -> None:
    finding = replace(CONDA, package=package, installer=installer)
    project = family()
    old, new = (
        inventories(project.matrix, project.variants, of_conda(version, name))
        for version in ("3.0.50", "3.0.52")
    )
    now = replace(known(), inventories=old)
    assert remedy(now, target(), finding) == Remedy("lock", "conda")
    brings = replace(now, proposals=(LockProposal(12, NUMBER, "", new),))
    assert remedy(brings, target(), finding) == Remedy("merge", "#12", NUMBER)
    assert remedy(replace(now, inventories=new), target(key="older"), finding) == Remedy("release")


def test_of_two_spellings_the_equal_one_counts() -> None:
    project = family()
    both = "\n".join(of_conda(*one).explicit[LAB]["amd64"] for one in (("1.0", "a-b"), ("2.0", "a_b")))
    found = inventories(project.matrix, project.variants, Pins(explicit={LAB: {"amd64": both}}))
    now = replace(known(), inventories=found)
    for package, expected in (("a-b", Remedy("lock", "conda")), ("a_b", Remedy("release"))):
        finding = replace(CONDA, package=package, fixed=("2.0",))
        assert remedy(now, target(key="older"), finding) == expected


def test_the_next_release_brings_what_the_matrix_has_already() -> None:
    assert remedy(known("6.5"), target(key="older"), PIP) == Remedy("release")
    assert remedy(known("6.4"), target(key="older"), PIP) == Remedy("lock", "tornado")


def test_another_copy_than_that_of_the_lock() -> None:
    """The image is that of the lock, and has a version that the lock has not: pip brings copies of its own."""
    assert remedy(known("6.5"), target(), PIP) == Remedy("look", "opt/venv/METADATA")


@pytest.mark.parametrize(
    ("finding", "one", "mends"),
    [
        (PIP, proposal(tornado="6.5"), True),
        (PIP, proposal(tornado="6.5.1"), True),
        (PIP, proposal(tornado="6.4.2"), False),
        (PIP, proposal("mends GHSA-abcd-2345-wxyz."), True),
        (APT, proposal("apt openssl: 3.0.15-1 → 3.0.17-1, in 2 images"), True),
        (APT, proposal("apt libssl3: 3.0.15-1 → 3.0.17-1\nopenssl stays"), False),
        (APT, proposal("apt openssl-provider: 3.0.15-1 → 3.0.17-1"), False),
        (APT, proposal("CVE-2026-1: a flaw"), True),
        (APT, proposal("CVE-2026-12: a flaw"), False),
        (UNFIXED, proposal("zlib1g: 1 → 2"), False),
    ],
)
def test_an_open_pull_request_that_brings_it(finding: ScanFinding, one: LockProposal, mends: bool) -> None:
    found = remedy(known(proposals=(one,)), target(), finding)
    assert (found == Remedy("merge", "#12", NUMBER)) is mends


def test_a_channel_that_is_behind_the_release() -> None:
    results = [result(PIP, key="old", channel="stable"), result(APT)]
    mended = fixed_in_release(results)
    assert mended == {(LAB, PIP.id, "Tornado")}
    behind = known(fixed_in_release=mended)
    assert remedy(behind, results[0].target, PIP) == Remedy("promote", "stable")
    assert remedy(behind, results[0].target, APT) == Remedy("lock", "apt")
    unknown = fixed_in_release([results[0], replace(results[1], problem="the scanner failed")])
    assert unknown == frozenset(), "an image that was not scanned is not mended"


def test_an_image_that_only_a_channel_still_has_goes_with_a_promotion() -> None:
    left = result(APT, variant="old:default", channel="stable")
    mended = fixed_in_release([left, result(APT)])
    assert mended == {("old:default", APT.id, APT.package)}
    assert remedy(known(fixed_in_release=mended), left.target, APT) == Remedy("promote", "stable")
    assert fixed_in_release([left]) == frozenset(), "without a release, nothing can be promoted"


@pytest.mark.parametrize(
    ("finding", "days", "name"),
    [
        (APT, 30, "lab"),
        (replace(PIP, package="wheel"), 30, "lab"),
        (ScanFinding("HIGH", "CVE-2", "stdlib", "1.21", ("1.22",), "", "opt/tool"), 30, "lab"),
        (APT, None, "debian"),
    ],
)
def test_steps_that_nothing_locks_are_run_again(
    tmp_path: Path, finding: ScanFinding, days: int | None, name: str
) -> None:
    """What a Dockerfile of one's own brings is moved by its image's day in the lock, else by its source."""
    item = {"from": "debian", "context": "lab", **({"refresh_days": days} if days else {})}
    (tmp_path / "matrix.yaml").write_text(json.dumps(matrix({"lab": item})))
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "Dockerfile").write_text("FROM docker.io/library/debian:trixie-slim\nRUN true\n")
    project = load_inputs(read_inputs(tmp_path))
    empty = Knowledge(project, Lock(), inventories(project.matrix, project.variants, Pins()))
    assert remedy(empty, target(), finding) == Remedy("lock", name)


def test_a_variant_that_the_matrix_no_longer_has() -> None:
    assert remedy(known(), target("gone:default"), PIP) == Remedy("look", PIP.path)


def test_one_command_for_all_that_the_lock_moves() -> None:
    rows = finding_rows(known(), [result(APT, PIP, UNFIXED), result(APT, PIP, variant=LEAF)])
    assert advice(rows, in_run=False)[0] == (
        "`image-matrix lock --upgrade apt tornado && image-matrix render` brings openssl, Tornado"
    )
    assert advice(rows, in_run=True) == [
        '`gh workflow run lock.yaml -f names="apt tornado"` brings openssl, Tornado',
        "zlib1g: no fixed version yet; `fixed_only: true` of `release.scan` lets such findings pass",
    ]


ODD = "a`](http://example.org)\x1b[2J\n::error::x @team <img>"


def test_names_in_reports_control_no_terminal_and_are_no_markup() -> None:
    odd = ScanFinding("HIGH", "CVE-2", ODD, "1.21", ("1.22",), "", ODD)
    rows = finding_rows(known(), [result(odd, replace(UNFIXED, package=ODD))])
    assert len(advice(rows, in_run=True)) == 2
    for sentence in advice(rows, in_run=True):
        assert sentence.isprintable()
    for sentence in advice(rows, in_run=True, place=MARKDOWN):
        assert "\n" not in sentence
        assert "](" not in sentence.replace("\\](", "")
        assert "@team" not in sentence
        assert "<img" not in sentence.replace("\\<", "")


def test_commands_are_code_in_markdown() -> None:
    rows = finding_rows(known(), [result(APT)])
    assert advice(rows, in_run=True, place=MARKDOWN) == [
        '`gh workflow run lock.yaml -f names="apt"` brings openssl'
    ]
