"""The files of a commit, whatever they contain."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from image_matrix.github.branch_commit import folder_commit, open_git
from image_matrix.github.commit_files import files_at
from image_matrix.output_tree.files import File

if TYPE_CHECKING:
    from pathlib import Path


def test_files_come_back_as_they_were_committed(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    git = open_git(tmp_path, os.environ)
    files = {
        "deploy/é b.txt": File(b"\n\nblob 5\n\0"),
        "deploy/empty": File(b""),
        "deploy/hub/run": File(b"#!/bin/sh\n", executable=True),
        "deploy/link": File(b"empty", symlink=True),
    }
    commit = folder_commit(git, None, "deploy", files, "A release")
    assert commit
    assert files_at(git, commit, "deploy") == {
        path.removeprefix("deploy/"): file for path, file in files.items()
    }
