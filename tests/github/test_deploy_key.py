"""The release branch is pushed with a deploy key: real git, with a program in place of ssh that asks no network."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.github.branch_commit import Git, commit_changes, open_git, tip
from image_matrix.github.deploy_key import HOST_KEYS, VARIABLE, deploy_key

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\r\nc2VjcmV0\r\n-----END OPENSSH PRIVATE KEY-----"
RUN = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "example/notebooks"}
SSH = """#!/bin/sh
printf '%s\\n' "$@" > "{folder}/arguments"
for last; do :; done
cp "$(sed -n '/^-i$/{{n;p}}' "{folder}/arguments")" "{folder}/key"
case $last in
  *"'/example/notebooks.git'") exec ${{last%% *}} "{folder}/remote.git" ;;
  *) echo "$last" >&2; exit 1 ;;
esac
"""
"""Runs what git asks for in a local repository, and keeps its arguments and the key."""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    bare, work, program = tmp_path / "remote.git", tmp_path / "work", tmp_path / "bin" / "ssh"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True)
    subprocess.run(["git", "clone", "--quiet", str(bare), str(work)], check=True, capture_output=True)
    program.parent.mkdir()
    program.write_text(SSH.format(folder=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    git = open_git(work, os.environ)
    git("commit", "--quiet", "--allow-empty", "--message=Start")
    git("push", "--quiet", "origin", "HEAD:main")
    return work


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, **RUN, VARIABLE: KEY, **more}


def test_a_push_goes_by_ssh_and_reading_as_before(checkout: Path) -> None:
    with deploy_key(environment()) as variables:
        git = open_git(checkout, variables)
        assert tip(git, "main")
        assert not (checkout.parent / "arguments").exists()
        (checkout / "matrix.yaml").write_text("version: 1\n")
        commit = commit_changes(git, "release", "Release")
        assert tip(git, "release") == commit
    arguments = (checkout.parent / "arguments").read_text().splitlines()
    assert {"-oStrictHostKeyChecking=yes", "-oIdentitiesOnly=yes", "git@github.com"} <= set(arguments)
    assert (checkout.parent / "key").read_text() == KEY.replace("\r", "") + "\n"


def test_a_token_that_reads_stays_beside_the_key(checkout: Path) -> None:
    with deploy_key(environment(GITHUB_TOKEN="word")) as variables:
        git = open_git(checkout, variables)
        assert git("config", "remote.origin.pushurl") == "ssh://git@github.com/example/notebooks.git"
        assert git("config", "http.https://github.com/.extraheader").startswith("AUTHORIZATION: basic ")


def test_the_key_is_in_a_file_of_its_owner_and_only_as_long_as_it_is_needed() -> None:
    with deploy_key(environment()) as variables:
        assert VARIABLE not in variables
        assert KEY.splitlines()[1] not in str(variables)
        words = shlex.split(variables["GIT_SSH_COMMAND"])
        file = Path(words[words.index("-i") + 1])
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not file.exists()


def test_without_a_key_nothing_changes() -> None:
    with deploy_key({**RUN, "PATH": "/bin", VARIABLE: ""}) as variables:
        assert variables == {**RUN, "PATH": "/bin"}


def test_a_server_whose_host_keys_nobody_knows() -> None:
    with (
        pytest.raises(EnvironmentFailure, match="only for a repository on github"),
        deploy_key(environment(GITHUB_SERVER_URL="https://github.example.org")),
    ):
        pass


def test_a_push_that_the_host_refuses_is_said_with_its_words(checkout: Path) -> None:
    with deploy_key(environment(GITHUB_REPOSITORY="example/another")) as variables:
        git: Git = open_git(checkout, variables)
        (checkout / "matrix.yaml").write_text("version: 1\n")
        with pytest.raises(EnvironmentFailure, match="release could not be pushed"):
            commit_changes(git, "release", "Release")


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen reads the keys")
def test_host_keys_have_the_fingerprints_that_github_publishes(tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text(HOST_KEYS)
    done = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(tmp_path / "known_hosts")], capture_output=True, text=True, check=True
    )
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
        "SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
    ]


@pytest.mark.skipif(not shutil.which("ssh"), reason="ssh reads its options")
def test_ssh_understands_its_options() -> None:
    with deploy_key(environment()) as variables:
        words = [*shlex.split(variables["GIT_SSH_COMMAND"]), "-G", "git@github.com"]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert {"stricthostkeychecking true", "batchmode yes", "identitiesonly yes"} <= set(
        done.stdout.splitlines()
    )
