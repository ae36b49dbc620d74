"""A repository with an excerpt of this one's matrix: the same steps, which the engine has built already."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from image_matrix.lock import text as locks
from tests.e2e.support import HOME, Repository, docker

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Site


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The repository; its images have Python 3.13 alone."""

    repository: Repository

    def run(self, *arguments: str) -> str:
        """Run image-matrix on this place's base image, which the lock does not have; return what it printed."""
        base = ("--overlay", str(self.repository.root / "base.yaml"))
        return self.repository.run(*base, *arguments).stdout

    def build(self, *names: str) -> None:
        """Build images, without a registry."""
        self.run("build", "--no-registry", *names)

    def image(self, name: str) -> str:
        """Return the reference of a built image."""
        return f"{self.repository.registry}/{name}:python3.13"

    def remove(self) -> None:
        """Remove the built images."""
        images = docker("image", "ls", "--quiet", f"--filter=reference={self.repository.registry}/*").split()
        docker("rmi", "--force", *images, check=False)


def excerpt(
    root: Path, site: Site, own: dict[str, Any], kept: tuple[str, ...], network: dict[str, Any]
) -> Excerpt:
    """Write the images ``kept`` of this repository and those of one's ``own``, with mirrors of one's own."""
    shutil.copytree(HOME / "templates", root / "templates")
    shutil.copy(HOME / locks.FILE, root)
    place = yaml.safe_load(site.overlay.read_text())
    place["registry"] = f"{site.registry}-{uuid.uuid4().hex[:8]}"
    place["network"]["mirrors"] |= network
    del place["images"]
    sources = place.pop("sources", {})
    base = {"sources": {name: value for name, value in sources.items() if name == "debian-trixie"}}
    downloads = matrix({"images": {}}, kept)["downloads"]
    place["downloads"] = {
        name: value for name, value in place.get("downloads", {}).items() if name in downloads
    }
    for name, content in (("matrix", matrix({"images": {}}, kept)), ("site", place), ("base", base)):
        (root / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    repository = Repository(root, place["registry"])
    repository.run("lock")  # what the excerpt does not have would count as moved
    (root / "matrix.yaml").write_text(yaml.safe_dump(matrix(own, kept), sort_keys=False))
    return Excerpt(repository)


def matrix(own: dict[str, Any], kept: tuple[str, ...]) -> dict[str, Any]:
    """Return the matrix."""
    whole = yaml.safe_load((HOME / "matrix.yaml").read_text())
    images = {name: whole["images"][name] for name in kept}
    for image in images.values():
        image["axes"] = {"python": ["3.13"]}
        image.pop("overrides", None)
    bundles = {name for image in images.values() for name in image.get("bundles", ())}
    downloads = {name for image in images.values() for name in image.get("downloads", ())}
    return {
        **{name: whole[name] for name in ("version", "registry")},
        "defaults": {"images": whole["defaults"]["images"]},
        "sources": {"debian-trixie": whole["sources"]["debian-trixie"]},
        "downloads": {name: whole["downloads"][name] for name in sorted(downloads)}
        | own.get("downloads", {}),
        "bundles": {name: whole["bundles"][name] for name in sorted(bundles)},
        "images": images | own["images"],
        "workflow": "none",
    }
