"""Every action is pinned by the one table, and hand-written workflows agree with it."""

from __future__ import annotations

import re

import pytest

from image_matrix.pinned.actions import actions, image, tool
from tests.workflow.matrices import HOME, SHAPES, rendered

USES = re.compile(r"uses: (\S+)@(\S+)(?: # (\S+))?")


@pytest.mark.parametrize("shape", SHAPES)
def test_uses_come_from_the_table(shape: str) -> None:
    for path, file in rendered(SHAPES[shape]).items():
        for name, sha, version in USES.findall(file.content.decode()):
            assert (actions()[name].sha, actions()[name].version) == (sha, version), path


def test_hand_written_workflows_have_the_same_pins() -> None:
    for path in (HOME / ".github" / "workflows").glob("*.yaml"):
        for name, sha, version in USES.findall(path.read_text()):
            assert (actions()[name].sha, actions()[name].version) == (sha, version), path.name


@pytest.mark.slow
def test_every_entry_of_the_table_is_used_and_whole() -> None:
    texts = "".join(file.content.decode() for shape in SHAPES.values() for file in rendered(shape).values())
    for name, action in actions().items():
        assert f"uses: {name}@{action.sha}" in texts
        assert re.fullmatch(r"[0-9a-f]{40}", action.sha)
        assert re.fullmatch(r"v\d+\.\d+\.\d+", action.version)
    for name in ("trivy", "grype", "notation"):
        for arch in ("amd64", "arm64"):
            found = tool(name, arch)
            assert re.fullmatch(r"[0-9a-f]{64}", found.sha256)
            assert found.version in found.url
            assert "{" not in found.url
    assert "@sha256:" in image("docker.io/moby/buildkit")
