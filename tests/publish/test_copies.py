from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.publish.copies import Copy, CopyTools, copies_of, make_copies
from image_matrix.publish.indexes import Index
from image_matrix.registry.answers import Absent, Digest
from tests.publish.states import DIGEST, STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from image_matrix.registry.answers import Answer

HOME = "ghcr.io/example/notebooks"
TEAM = Copy(
    f"{HOME}/base@{DIGEST}",
    "docker.io/team/base",
    ("python3.13-0123456789ab", "python3.13", "latest"),
    "base:python3.13",
)
OTHER = Copy(f"{HOME}/base@{DIGEST}", "quay.io/team/base", ("python3.13-0123456789ab",), "base:python3.13")


@dataclass
class Registries:
    """Registries that remember what was written, and refuse some references."""

    held: dict[str, str] = field(default_factory=dict)
    refuses: str = "nothing"
    log: list[str] = field(default_factory=list)

    def digests(self, references: Iterable[str]) -> dict[str, Answer]:
        return {name: Digest(self.held[name]) if name in self.held else Absent() for name in references}

    def point(self, reference: str, source: str) -> None:
        if self.refuses in reference:
            raise EnvironmentFailure(f"{reference} could not be written: denied", "")
        self.log.append(f"{reference} <- {source}")
        self.held[reference] = source.partition("@")[2]

    def sign(self, copy: Copy) -> None:
        if self.refuses == f"signature of {copy.image}":
            raise Failure(f"{copy.image} could not be signed: denied", "")
        self.log.append(f"sign {copy.image}")

    def copy(self, *copies: Copy) -> int:
        def each(work: Callable[[Copy], str | None], items: Iterable[Copy]) -> list[str | None]:
            return [work(item) for item in items]

        return make_copies(copies, CopyTools(self.digests, self.point, self.sign, each))


def test_the_index_comes_first_then_its_signature_then_the_tags_that_move() -> None:
    registries = Registries()
    assert registries.copy(TEAM) == 3
    copied = f"docker.io/team/base@{DIGEST}"
    assert registries.log == [
        f"docker.io/team/base:python3.13-0123456789ab <- {HOME}/base@{DIGEST}",
        f"sign {copied}",
        f"docker.io/team/base:python3.13 <- {copied}",
        f"docker.io/team/base:latest <- {copied}",
    ]


def test_again_writes_nothing_but_asks_for_the_signature() -> None:
    registries = Registries()
    registries.copy(TEAM)
    registries.log.clear()
    assert registries.copy(TEAM) == 0
    assert registries.log == [f"sign docker.io/team/base@{DIGEST}"]


def test_a_tag_that_points_elsewhere_is_moved() -> None:
    registries = Registries()
    registries.copy(TEAM)
    registries.held["docker.io/team/base:latest"] = "sha256:" + "2" * 64
    assert registries.copy(TEAM) == 1
    assert registries.held["docker.io/team/base:latest"] == DIGEST


@pytest.mark.parametrize(
    ("refuses", "reason"),
    [
        (
            "docker.io/team/base:python3.13-",
            "docker.io/team/base:python3.13-0123456789ab could not be written",
        ),
        (f"signature of docker.io/team/base@{DIGEST}", f"docker.io/team/base@{DIGEST} could not be signed"),
        ("base:latest", "docker.io/team/base:latest could not be written: denied"),
    ],
)
def test_a_copy_that_fails_is_named_and_stops_no_other(refuses: str, reason: str) -> None:
    registries = Registries(refuses=refuses)
    with pytest.raises(EnvironmentFailure) as caught:
        registries.copy(TEAM, OTHER)
    assert "the release is done, but 1 of 2 copies failed" in caught.value.message
    assert reason in caught.value.message
    assert "docker.io" in caught.value.help
    assert "quay.io" not in caught.value.help
    assert registries.held["quay.io/team/base:python3.13-0123456789ab"] == DIGEST
    assert "docker.io/team/base:latest" not in registries.held, (
        "it would point to what is not there, or not signed"
    )
    registries.refuses = "nothing"
    registries.copy(TEAM, OTHER)
    assert registries.held["docker.io/team/base:latest"] == DIGEST


def test_every_index_is_copied_to_every_path_with_its_own_tags() -> None:
    item = STATE.loaded.variants["base:python3.13"]
    index = Index(item, f"{HOME}/base:python3.13-0123456789ab", {}, "0" * 64, "policy")
    moving = {f"{HOME}/base:latest": item.id, f"{HOME}/base:python3.11": "base:python3.11"}
    copies = copies_of(["docker.io/team", "quay.io/team"], [index], {item.id: DIGEST}, moving)
    assert [copy.repository for copy in copies] == ["docker.io/team/base", "quay.io/team/base"]
    assert copies[0].tags == ("python3.13-0123456789ab", "latest")
    assert copies[0].source == f"{HOME}/base@{DIGEST}"
