"""Digests: every reference of a release has one, or nothing is written; and what ``profiles show`` says of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.errors import Failure
from image_matrix.profiles.references import with_digests
from image_matrix.render.kubernetes.outputs import deploy_files, needed
from tests.deploy.support import PROFILES, ROOT, deployed, reference, references, small

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "matrix.yaml").write_text((PROFILES / "base.yaml").read_text(encoding="utf-8"))
    return tmp_path


def test_every_image_of_a_release_has_its_digest() -> None:
    loaded = reference()
    wanted = needed(loaded.matrix, loaded.variants)
    named = with_digests(references(loaded), dict.fromkeys(wanted, DIGEST), wanted)
    files = deploy_files(loaded.matrix, loaded.variants, named)
    for path in ("hub/jupyterhub/values.yaml", "hub/jupyterhub/configmap.yaml", "hub/prepull/daemonsets.yaml",
                 "kubeflow/kubeflow/notebooks-1/form/spawner_ui_config.yaml",
                 "kubeflow/kubeflow/notebooks-2/workspacekind.yaml"):  # fmt: skip
        text = files[f"deploy/{path}"].content.decode()
        images = re.findall(r"ghcr\.io/example/notebooks/\S+", text)
        assert len(images) >= 9  # daemonsets.yaml leaves Gaudi out
        assert all(re.fullmatch(r"\S+:python[\d.]+(-[0-9a-f]{12})?@" + DIGEST, image) for image in images)


def test_an_image_is_a_line_of_its_own() -> None:
    """Flux' image automation edits lines; an image in flow style or folded over two would be out of its reach."""
    text = deployed(reference(), digest="a")["deploy/hub/jupyterhub/values.yaml"]
    lines = [line for line in text.splitlines() if "image:" in line and not line.rstrip().endswith("image:")]
    assert len(lines) == 11
    assert all(re.fullmatch(r" +image: ghcr\.io/\S+@sha256:[0-9a-f]{64}", line) for line in lines)


def test_a_missing_digest_is_an_error() -> None:
    loaded = small()
    wanted = needed(loaded.matrix, loaded.variants)
    with pytest.raises(
        Failure, match=r"no digest for jupyter-cuda:python3\.13; deploy/ keeps the last release"
    ):
        with_digests(references(loaded), dict.fromkeys(wanted[:-1], DIGEST), wanted)


def test_a_release_without_profiles_is_an_error() -> None:
    with pytest.raises(Failure, match="the matrix has no profile to release"):
        with_digests({}, {}, ())


def test_a_digest_of_an_image_that_nobody_picks_is_no_matter() -> None:
    loaded = small()
    wanted = needed(loaded.matrix, loaded.variants)
    assert "base:python3.13" not in wanted
    digests = dict.fromkeys([*wanted, "base:python3.13"], DIGEST)
    assert set(with_digests(references(loaded), digests, wanted)) == set(wanted)


def test_the_last_deploy_stays_where_profiles_are_wrong(repository: Path) -> None:
    assert run(["-q", "-C", str(repository), "render"]) == 0
    before = {path: path.read_bytes() for path in (repository / "deploy").rglob("*") if path.is_file()}
    assert len(before) == 14
    matrix = repository / "matrix.yaml"
    matrix.write_text(matrix.read_text().replace("images: [jupyter-scipy]", "images: [base]"))
    assert run(["-q", "-C", str(repository), "render"]) == 2
    assert {
        path: path.read_bytes() for path in (repository / "deploy").rglob("*") if path.is_file()
    } == before


def test_show_prints_every_choice(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-q", "-C", str(repository), "profiles", "show", "--site", "hub"]) == 0
    text = re.sub(r"-[0-9a-f]{12}$", "-KEY", capsys.readouterr().out, flags=re.MULTILINE)
    assert (
        text
        == """\
profile                     pod
data-science*               Data science
  jupyter-scipy*            jupyter-scipy:python3.13-KEY
  jupyter-scipy-python3-11  jupyter-scipy:python3.11-KEY
  small*                    CPU 0.5-2, memory 1Gi-4Gi
  large                     CPU 8, memory 32Gi
gpu                         GPU
  jupyter-cuda*             jupyter-cuda:python3.13-KEY
  gpu*                      CPU 8, memory 32Gi
                            nvidia.com/gpu=1
                            tolerates nvidia.com/gpu
* preselected
"""
    )


def test_show_prints_what_a_profile_sets(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    matrix = repository / "matrix.yaml"
    more = "  plain:\n    {display_name: Plain, images: [jupyter], groups: [team], aliases: [old], env: {A: b}}\n"
    matrix.write_text(matrix.read_text().replace("profiles:\n", f"profiles:\n{more}"))
    assert run(["-q", "-C", str(repository), "profiles", "show", "--site", "hub", "--profile", "plain"]) == 0
    lines = [line[len("  jupyter*  ") :] for line in capsys.readouterr().out.splitlines()[1:-1]]
    assert lines[0] == "Plain; for team; once old"
    assert lines[1] == "env A=b"
    assert lines[3] == "the hub's defaults"


def test_the_reference_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-q", "-C", str(ROOT), "profiles", "show", "--site", "hub"]) == 0
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 80


def test_without_profiles_nothing_is_shown_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "matrix.yaml").write_text((PROFILES / "base.yaml").read_text().partition("sizes:")[0])
    assert run(["-C", str(tmp_path), "profiles", "show"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "the matrix has no profiles" in captured.err


def test_show_as_json_with_digests(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digests = {
        f"jupyter-{name}": DIGEST for name in ("scipy:python3.13", "scipy:python3.11", "cuda:python3.13")
    }
    (repository / "digests.json").write_text(json.dumps(digests))
    command = ["-q", "-C", str(repository), "profiles", "show", "--site", "hub", "--format", "json"]
    assert run([*command, "--profile", "gpu", "--digests", str(repository / "digests.json")]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["profile"], row["preselected"]) == ("gpu", False)
    assert row["pod"]["image"].endswith(DIGEST)
    assert row["pod"]["memory_limit"] == 32 * 1024**3
    assert [item["key"] for item in row["pod"]["tolerations"]][-1] == "nvidia.com/gpu"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("{", 2, "is not JSON"),
        ("[]", 2, "is not a mapping"),
        ('{"jupyter-cuda:python3.13": "latest"}', 2, "the digest of jupyter-cuda:python3.13 is not"),
        (
            "{}",
            1,
            "no digest for jupyter-scipy:python3.13, jupyter-scipy:python3.11, jupyter-cuda:python3.13",
        ),
    ],
)
def test_a_digest_file_that_is_wrong(
    repository: Path, text: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "digests.json").write_text(text)
    arguments = ["profiles", "show", "--site", "hub", "--digests", str(repository / "digests.json")]
    assert run(["-q", "-C", str(repository), *arguments]) == code
    assert said in capsys.readouterr().err


def test_a_profile_that_is_not_there(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-q", "-C", str(repository), "profiles", "show", "--site", "hub", "--profile", "gpus"]) == 2
    assert "did you mean `gpu`?" in capsys.readouterr().err


def test_a_site_is_named_where_there_are_several(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-q", "-C", str(repository), "profiles", "show"]) == 2
    assert "add `--site NAME`: hub, kubeflow" in capsys.readouterr().err
    assert run(["-q", "-C", str(repository), "profiles", "show", "--site", "hubb"]) == 2
    assert "did you mean `hub`?" in capsys.readouterr().err
    matrix = repository / "matrix.yaml"
    extra = "  extra: {display_name: Extra, images: [jupyter], sites: [kubeflow]}\n"
    matrix.write_text(matrix.read_text().replace("sites: {hub", f"{extra}sites: {{hub"))
    for site, is_shown in (("hub", False), ("kubeflow", True)):
        assert run(["-q", "-C", str(repository), "profiles", "show", "--site", site]) == 0
        assert ("Extra" in capsys.readouterr().out) == is_shown
