"""Lists the helper images that builds pull besides those of the matrix, for help and documentation.

A mirror must have them, or a setting avoids them. Their digests are in actions.json, the frontend's is in the lock.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HelperImage:
    """An image that a build or the workflow needs besides the sources."""

    name: str
    """Without tag and digest."""
    use: str
    """Its purpose: the rest of a sentence that starts with its name."""
    without: str
    """How to avoid it: the rest of a sentence after "or"."""


FRONTEND = HelperImage(
    "docker.io/docker/dockerfile",
    "reads every Dockerfile (the `# syntax` line)",
    "write `network: {builtin_frontend: true}`, which takes the engine's own",
)
SCANNER = HelperImage(
    "docker.io/docker/buildkit-syft-scanner",
    "makes the bill of materials of an image that is pushed",
    "write `release: {sbom: false}`, which makes none",
)
BUILDKIT = HelperImage(
    "docker.io/moby/buildkit",
    "builds, in the jobs of the workflow and in clusters (`sites.NAME.buildkit`)",
    "build with `image-matrix build --builder NAME` on a builder of your own",
)
BINFMT = HelperImage(
    "docker.io/tonistiigi/binfmt",
    "emulates a platform whose runner is `emulate` in `workflow.runners`",
    "name a runner of that platform",
)
HELPERS = (FRONTEND, SCANNER, BUILDKIT, BINFMT)


def remedy(helper: HelperImage) -> str:
    """Return the help if a helper image cannot be pulled."""
    mirror = "`network: {mirrors: {registries: …}}`"
    return f"it {helper.use}: name a registry that has it in {mirror}, or {helper.without}"
