"""Says where a build comes from: its run, its repository and its commit, for provenance and annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.annotations import REVISION, SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class BuildOrigin:
    """The run that builds; fields are empty where nothing is known, as on a laptop."""

    run: str = ""
    """The address of the run: the builder in the provenance."""
    source: str = ""
    """The address of the repository."""
    commit: str = ""

    @property
    def annotations(self) -> dict[str, str]:
        """The annotations that name the commit and the repository."""
        return {name: value for name, value in {REVISION: self.commit, SOURCE: self.source}.items() if value}


UNKNOWN = BuildOrigin()


def repository_link(origin: BuildOrigin, git_folder: str) -> str:
    """Return the file ``.git`` above build contexts; buildx then names repository and commit in the provenance.

    buildx asks git in the build's context, and that is a folder outside of the repository. GIT_DIR would be shorter,
    but newer versions of buildx run git without the variables of the environment. Outside of a run there is none, since
    the commit of a laptop is not what it builds from. Source: github.com/docker/buildx, build/git.go;
    git-scm.com/docs/gitrepository-layout, "gitfile".
    """
    return f"gitdir: {git_folder}\n" if origin.commit and git_folder else ""


def build_origin(environment: Mapping[str, str]) -> BuildOrigin:
    """Return the origin that GitHub's variables name; docs.github.com/actions/reference/variables-reference."""
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    source = f"{server}/{repository}" if server and repository else ""
    run, attempt = environment.get("GITHUB_RUN_ID"), environment.get("GITHUB_RUN_ATTEMPT", "1")
    address = f"{source}/actions/runs/{run}/attempts/{attempt}" if source and run else ""
    return BuildOrigin(address, source, environment.get("GITHUB_SHA", ""))
