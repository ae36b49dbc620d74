"""What users have stored must not vanish: slugs and choice keys against an earlier state."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.diagnostics import diagnose
from image_matrix.profiles.against import vanished
from tests.deploy.support import PROFILES, small

if TYPE_CHECKING:
    from pathlib import Path


def said(old: str, new: str) -> str:
    now = small(new)
    found = diagnose(vanished(small(old), now, "v1"), now.documents)
    return "".join(f"{item.code} {item.message} ({item.help})\n" for item in found)


def test_nothing_is_said_where_nothing_is_lost() -> None:
    more = "profiles: {new: {display_name: New, images: [jupyter], sizes: [small]}}"
    assert said("{}", "{}") == ""
    assert said("{}", more) == ""


def test_a_slug_that_is_gone() -> None:
    text = said("{}", "profiles: {gpu: }")
    assert "IM703 the profile `gpu` of v1 was removed" in text
    assert "aliases: [gpu]" in text


def test_an_alias_stands_for_it() -> None:
    renamed = """
profiles:
  gpu:
  nvidia: {display_name: NVIDIA, images: [jupyter-cuda], sizes: [gpu], aliases: [gpu]}
"""
    assert said("{}", renamed) == ""


def test_a_profile_that_was_deprecated_may_go() -> None:
    announced = (
        "profiles: {old: {display_name: Old, images: [jupyter], deprecated: {successor: data-science}}}"
    )
    assert said(announced, "{}") == ""
    assert "IM703" in said(announced, "profiles: {data-science: }")


def test_a_choice_key_that_is_gone() -> None:
    replaced = "profiles: {data-science: {sizes: [small, medium]}}\n"
    size = "sizes: {medium: {display_name: Medium}}\n"
    text = said("{}", size + replaced)
    assert "IM704 profile `data-science`: `sizes` lacks `large` of v1" in text
    assert "write `sizes: {small: small, large: medium}`, which keeps the keys" in text
    kept = "profiles: {data-science: {sizes: {small: small, large: medium}}}\n"
    assert said("{}", size + kept) == ""


def test_a_size_in_between_changes_no_key() -> None:
    inserted = "profiles: {data-science: {sizes: [small, medium, large]}}\n"
    assert said("{}", "sizes: {medium: {display_name: Medium}}\n" + inserted) == ""


def test_choices_with_fields_are_not_rewritten_as_names() -> None:
    replaced = "profiles: {data-science: {sizes: {small: small, medium: {size: large, groups: [a]}}}}"
    text = said("{}", replaced)
    assert "lacks `large` of v1" in text
    assert "retired: {sizes: {large: small}}" in text


def test_a_retired_key_stands_for_it() -> None:
    without = "profiles: {data-science: {axes: {python: ['3.13']}, images: [jupyter-scipy, jupyter]"
    assert "IM704" in said("{}", without + "}}")
    assert "scipy-python3-11" not in said(
        "profiles: {data-science: {images: {scipy: jupyter-scipy}}}",
        without.replace("[jupyter-scipy, jupyter]", "{jupyter: jupyter, scipy: jupyter-scipy}")
        + ", retired: {images: {scipy-python3-11: scipy}}}}",
    )


OFFERED = """
images: {{{image}: {{from: jupyter}}}}
profiles: {{data-science: {{images: {images}}}}}
"""


def test_a_renamed_image_is_kept_by_one_line() -> None:
    """What names every key is one line."""
    before = OFFERED.format(image="geo", images="[jupyter-scipy, geo, jupyter]")
    after = OFFERED.format(image="maps", images="[jupyter-scipy, maps, jupyter]")
    text = said(before, after)
    assert text.count("IM704") == 1
    line = text.partition("write `images: ")[2].partition("`")[0]
    assert said(before, OFFERED.format(image="maps", images=line)) == ""


ALIAS = "profiles: {data-science: {aliases: [scipy], retired: {sizes: {medium: large}}}}"


def test_a_former_name_may_be_dropped() -> None:
    assert said(ALIAS, "{}") == ""


def test_a_former_name_is_not_lost_with_the_one_that_stood_for_it() -> None:
    again = """
profiles:
  data-science:
  science:
    display_name: Science
    images: [jupyter-scipy]
    axes: [python]
    sizes: {small: small, big: large}
    aliases: [data-science]
    retired: {sizes: {large: big}}
"""
    text = said(ALIAS, again)
    assert "IM703 the profile `scipy` of v1 was removed" in text
    assert "IM704 profile `science`: `sizes` lacks `medium` of v1" in text
    assert text.count("IM70") == 2
    kept = again.replace("[data-science]", "[data-science, scipy]").replace("{large:", "{medium: big, large:")
    assert said(ALIAS, kept) == ""


def test_an_option_of_one_choice_left_nothing_behind() -> None:
    assert said("{}", "profiles: {data-science: {sizes: [small]}}") == ""


def commit(folder: Path, message: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["add", "-A"], [*identity, "commit", "--quiet", "-m", message]):
        subprocess.run(["git", *command], cwd=folder, check=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "matrix.yaml").write_text((PROFILES / "base.yaml").read_text(encoding="utf-8"))
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    commit(tmp_path, "first")
    assert run(["-q", "-C", str(tmp_path), "render"]) == 0
    return tmp_path


def test_check_against_a_revision(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(repository), "check", "--against", "HEAD"]) == 0
    matrix = repository / "matrix.yaml"
    matrix.write_text(matrix.read_text().replace("  data-science:\n", "  science:\n"))
    assert run(["-q", "-C", str(repository), "render"]) == 0
    capsys.readouterr()
    assert run(["-C", str(repository), "check", "--against", "HEAD"]) == 1
    text = capsys.readouterr().err
    assert "matrix.yaml:18:1: error[IM703]: the profile `data-science` of HEAD was removed" in text
    assert (
        "help: if it was renamed, add `aliases: [data-science]` to the new profile, for example `science`"
        in text
    )


def test_what_changes_for_users(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(repository), "check", "--against", "HEAD"]) == 0
    assert "nothing changes for users since HEAD\n" in capsys.readouterr().out
    matrix = repository / "matrix.yaml"
    matrix.write_text(matrix.read_text().replace("limit: 4Gi", "limit: 8Gi"))
    assert run(["-q", "-C", str(repository), "render"]) == 0
    capsys.readouterr()
    assert run(["-C", str(repository), "check", "--against", "HEAD"]) == 0
    expected = "what changes for users since HEAD:\n- Small: memory limit 4Gi → 8Gi (Data science)\n"
    assert capsys.readouterr().out == expected
    assert run(["-q", "-C", str(repository), "check", "--against", "HEAD"]) == 0
    assert capsys.readouterr().out == ""


def test_what_changes_for_users_as_data(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    matrix = repository / "matrix.yaml"
    matrix.write_text(
        matrix.read_text().replace("limit: 4Gi", "limit: 8Gi").replace("scipy==1.17.1", "scipy==1.18")
    )
    assert run(["-q", "-C", str(repository), "render"]) == 0
    capsys.readouterr()
    assert run(["-C", str(repository), "check", "--against", "HEAD", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == {
        "offers": [
            {"option": "size", "choice": "Small", "what": "memory_limit", "name": "", "before": "4Gi", "after": "8Gi",
             "profiles": ["data-science"], "sites": []}
        ],
        "packages": [
            {"manager": "pip", "name": "scipy", "before": "1.17.1", "after": "1.18", "listed": True,
             "images": ["jupyter-scipy"]}
        ],
        "sources": [],
    }  # fmt: skip
    assert run(["-C", str(repository), "check", "--format", "json"]) == 0
    assert "changes" not in json.loads(capsys.readouterr().out)


def test_the_workflow_says_the_revision_in_its_environment(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = repository / "matrix.yaml"
    matrix.write_text(matrix.read_text().replace("  data-science:\n", "  science:\n"))
    assert run(["-q", "-C", str(repository), "render"]) == 0
    monkeypatch.setenv("IMAGE_MATRIX_AGAINST", "HEAD")
    assert run(["-C", str(repository), "check"]) == 1
    assert "IM703" in capsys.readouterr().err
    monkeypatch.setenv("IMAGE_MATRIX_AGAINST", "")  # what it is for a push
    assert run(["-C", str(repository), "check"]) == 0


def test_a_revision_that_was_not_valid_holds_nobody_up(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = repository / "matrix.yaml"
    good = matrix.read_text()
    matrix.write_text(good + "unknown: 1\n")
    commit(repository, "wrong")
    matrix.write_text(good)
    assert run(["-C", str(repository), "check", "--against", "HEAD"]) == 0
    assert "the matrix at HEAD is not valid (IM101)" in capsys.readouterr().err


def test_a_revision_that_is_not_there(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(repository), "check", "--against", "v99"]) == 2
    assert "v99" in capsys.readouterr().err


def test_each_site_is_compared_with_itself() -> None:
    research = "sites: {research: {jupyterhub: 5.5.0}}\n"
    fewer = research + "profiles: {gpu: {sites: [hub]}}"
    text = said(research, fewer)
    assert text.count("IM703 the profile `gpu` of v1 was removed") == 1
    assert said(fewer, fewer) == said(fewer, research) == said("{}", research) == ""
