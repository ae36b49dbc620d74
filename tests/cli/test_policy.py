"""A policy of the files, of an organisation and of the base of a pull request, as commands apply them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.git_commands import git

if TYPE_CHECKING:
    from .conftest import Repository

DENY = "policy: {packages: {pip: {deny: [{name: scipy, reason: too large}]}}}\n"
FILES = "policy: {packages: {apt: {deny: [nano]}}, sizes: {memory: 64Gi}}\n"


def commit(repository: Repository) -> None:
    git(repository.root, "init", "--quiet")
    git(repository.root, "add", "matrix.yaml")
    git(repository.root, "commit", "--quiet", "--message", "A")


def append(repository: Repository, text: str) -> None:
    repository.matrix.write_text(repository.matrix.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_what_is_against_a_policy_is_rendered_with_a_warning_and_goes_no_further(
    repository: Repository,
) -> None:
    append(repository, DENY)
    rendered = repository("render")
    assert (rendered.code, "warning[IM902]" in rendered.err) == (0, True)
    for command in (["check"], ["plan"], ["build", "--print"]):
        refused = repository(*command)
        assert (refused.code, refused.err.count("error[IM902]")) == (2, 1), command
        assert "(`scipy` is denied: too large)" in refused.err
    found = json.loads(repository("check", "--format", "json").out)
    assert (found["ok"], [item["code"] for item in found["diagnostics"]]) == (False, ["IM902"])
    assert repository("list").code == 0


def test_an_organisations_policy_comes_in_a_variable(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repository("render").code == 0
    assert repository("check").code == 0, "and its verdict is kept"
    monkeypatch.setenv("IMAGE_MATRIX_POLICY", DENY)
    refused = repository("check")
    assert (refused.code, "IMAGE_MATRIX_POLICY:1:34: the policy" in refused.err) == (2, True)
    monkeypatch.setenv("IMAGE_MATRIX_POLICY", " \n")
    assert repository("check").code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("policy: {sources: [", "error[IM001]"),
        ("[policy]", "IMAGE_MATRIX_POLICY must be a mapping, not a list"),
        ("sources: {deny: [quay.io]}", "IMAGE_MATRIX_POLICY has no `policy`"),
        ("policy: {sources: {deny: [quay.io]}}\nregistry: quay.io/a\n", "unknown key `registry`"),
        ("policy: {source: {deny: [quay.io]}}", "did you mean `sources`?"),
        ("policy:", "`policy` must be a mapping, not empty"),
    ],
)
def test_a_policy_that_cannot_be_read_does_not_count_as_none(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setenv("IMAGE_MATRIX_POLICY", text)
    refused = repository("check")
    assert (refused.code, said in refused.err) == (2, True), refused.err


def test_a_change_has_to_follow_the_policy_of_its_base(repository: Repository) -> None:
    append(repository, FILES)
    commit(repository)
    repository.replace("apt: [git]", "apt: [git, nano]")
    repository.replace(FILES, "policy: {sizes: {memory: 128Gi}}\n")
    repository("render")
    assert repository("check").code == 0
    refused = repository("check", "--against", "HEAD")
    assert refused.code == 1
    assert refused.err.count("error[IM906]") == 2
    assert "compared with HEAD, `packages.apt.deny` no longer has `nano`" in refused.err
    assert "`sizes` no longer has `memory: 64Gi`, or less" in refused.err
    assert refused.err.count("error[IM902]") == 1
    assert re.search(r"matrix.yaml@HEAD:\d+:\d+: the policy", refused.err)
    assert "or change the policy first: HEAD has it" in refused.err
    found = json.loads(repository("check", "--against", "HEAD", "--format", "json").out)
    assert sorted(item["code"] for item in found["diagnostics"]) == ["IM902", "IM906", "IM906"]


def test_a_policy_may_be_tightened(repository: Repository) -> None:
    append(repository, FILES)
    commit(repository)
    repository.replace(FILES, FILES.replace("[nano]", "[nano, vim]").replace("64Gi", "32Gi"))
    repository("render")
    assert repository("check", "--against", "HEAD").code == 0
    repository.replace("policy: ", "include: [policy.yaml]\n# policy: ")
    text = "policy: {packages: {apt: {deny: [nano, vim]}}, sizes: {memory: 32Gi}}\n"
    (repository.root / "policy.yaml").write_text(text, encoding="utf-8")
    repository("render")
    assert repository("check", "--against", "HEAD").code == 0, "and moved to another file"
