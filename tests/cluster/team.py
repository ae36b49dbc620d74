"""A team's repository of notebook images: its pull requests and merges, and the runs of its workflow, which are act's.

What stands for GitHub is described in docs/workflow-tests.md. cosign is the one that the workflow pins; it signs with a
key, a secret of the repository.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.cluster.releases import Notebooks, network
from tests.e2e import sigstore
from tests.e2e.act import Outcome, Repository, bare_repository
from tests.e2e.github_api import github_api

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.story import Story
    from tests.e2e.sigstore import Authority

HERE = "example/notebooks"


@dataclass(frozen=True)
class Team:
    """The repository, who signs, and GitHub's API with the comments of one pull request."""

    repository: Repository
    authority: Authority
    api: str
    comments: dict[int, str]

    @property
    def notebooks(self) -> Notebooks:
        """The same repository, as the rest of these tests looks at it."""
        remote = self.repository.folder / "served" / "notebooks.git"
        return Notebooks(self.repository.root, remote, self.repository.registry, self.repository.name)

    def push(self) -> Outcome:
        """Push main, and run the workflow for it."""
        self.repository.git("push", "--quiet", "origin", "main")
        return self.passed(self.repository.run("push", self.repository.push_event()))

    def propose(self, branch: str, subject: str) -> Outcome:
        """Push a branch with what has changed in the matrix alone, and run the workflow for its pull request."""
        self.repository.git("checkout", "--quiet", "-B", branch)
        self.repository.git("commit", "--quiet", "--message", subject, "matrix.yaml")
        self.repository.git("push", "--quiet", "origin", branch)
        event = self.repository.pull_request_event(HERE, branch)
        return self.repository.run("pull_request", event, GITHUB_API_URL=self.api, GITHUB_REPOSITORY=HERE)

    def run_on(self, branch: str) -> Outcome:
        """Run the workflow on what a run has pushed to a branch, as that run asks for."""
        self.repository.git("fetch", "--quiet", "origin", branch)
        self.repository.git("checkout", "--quiet", "-B", branch, "FETCH_HEAD")
        event = {**self.repository.push_event(), "ref": f"refs/heads/{branch}", "inputs": {}}
        settings = {"GITHUB_API_URL": self.api, "GITHUB_REPOSITORY": HERE}
        return self.passed(self.repository.run("workflow_dispatch", event, **settings))

    def merge(self, branch: str) -> str:
        """Merge a pull request; return the commit."""
        self.repository.git("checkout", "--quiet", "main")
        self.repository.git("merge", "--quiet", "--no-ff", "--message", f"Merge {branch}", branch)
        return self.repository.git("rev-parse", "HEAD")

    def passed(self, outcome: Outcome) -> Outcome:
        """Fail with the jobs that failed, unless the run is green."""
        red = ", ".join(name for name, result in outcome.results.items() if result == "failed")
        log = self.repository.log_of_run
        assert outcome.code == 0, f"a run of the workflow failed in: {red or 'act itself'}\nits log: {log}"
        return outcome

    def verifies(self, image: str, **claims: str) -> bool:
        """Does cosign find a signature of the team's key that claims this of an image?"""
        key = ("--key", str(self.authority.public_key), "--insecure-ignore-tlog")
        said = [f"--annotations=image-matrix.{name}={value}" for name, value in claims.items()]
        command = [str(self.authority.cosign), "verify", *key, *said, image]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def team_in(folder: Path, registry: str, files: Path, job: str, story: Story) -> Iterator[Team]:
    """Make a repository with the files of a folder, locked and rendered on main, for the time of a ``with``.

    GitHub's API says that the run of the pull request had one job, and that it passed.
    """
    repository = bare_repository(folder, registry, "loop")
    signer = sigstore.authority(folder / "key", sigstore.installed(sigstore.PINNED))
    repository.cosign = signer.cosign
    repository.hears = story.hear
    repository.site = {"network": network(registry)}
    repository.secrets = {
        "SIGNING_KEY": signer.key.read_text(),
        "COSIGN_PASSWORD": sigstore.PASSWORD,
        "IMAGE_MATRIX_TOKEN": "of-the-tests",  # commits of runs may change workflows
    }
    shutil.copytree(files, repository.root, dirs_exist_ok=True)
    shutil.copy(signer.public_key, repository.root / "cosign.pub")
    matrix = repository.root / "matrix.yaml"
    text = matrix.read_text(encoding="utf-8").replace("REPOSITORY", repository.name)
    generator = next(repository.tools.glob("*.whl"))
    matrix.write_text(f'{text}workflow: {{generator: "{generator}"}}\n', encoding="utf-8")
    serve(repository)
    repository.program("--overlay", str(repository.overlay()), "lock")
    repository.program("render")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "Start")
    with github_api(job) as (api, comments):
        yield Team(repository, signer, api, comments)


def serve(repository: Repository) -> None:
    """Make the remote, and nothing else of what is beside it, part of a folder to be served."""
    served = repository.folder / "served"
    served.mkdir()
    (served / "notebooks.git").symlink_to(repository.folder / "remote.git")
