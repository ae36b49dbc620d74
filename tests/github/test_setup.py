"""A repository and a matrix that do not belong together: said before anything is built."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.errors import Failure
from image_matrix.github.event import Event, read_event
from image_matrix.github.setup import refuse_foreign_owner, setup_warnings
from tests.workflow.matrices import loaded, matrix

if TYPE_CHECKING:
    from image_matrix.config.model import Matrix

ACME = Event("push", repository="Acme/notebooks", repository_branch="main")


def declared(registry: str, **more: Any) -> Matrix:
    return loaded({**matrix({"base": {"from": "debian"}}, **more), "registry": registry}).matrix


def test_an_event_names_its_repository() -> None:
    payload = {"repository": {"full_name": "acme/notebooks", "default_branch": "master"}}
    event = read_event("push", payload)
    assert (event.repository, event.repository_branch) == ("acme/notebooks", "master")
    assert read_event("push", {}).repository is None


def test_the_registry_of_another_owner_is_refused_before_anything_is_built() -> None:
    with pytest.raises(Failure, match=r"may not push to ghcr\.io/example/notebooks") as caught:
        refuse_foreign_owner(ACME, declared("ghcr.io/example/notebooks"))
    assert "`registry: ghcr.io/acme/notebooks`" in caught.value.help
    staging = declared("ghcr.io/acme/notebooks", workflow={"staging": "ghcr.io/example/staging"})
    with pytest.raises(Failure, match=r"may not push to ghcr\.io/example/staging"):
        refuse_foreign_owner(ACME, staging)


@pytest.mark.parametrize(
    ("event", "matrix_"),
    [
        (ACME, declared("ghcr.io/acme/notebooks")),
        (ACME, declared("quay.io/example/notebooks")),
        (
            ACME,
            declared(
                "ghcr.io/example/notebooks",
                network={"logins": {"ghcr.io": {"username": "USER", "password": "WORD"}}},
            ),
        ),
        (replace(ACME, repository=None), declared("ghcr.io/example/notebooks")),
        (replace(ACME, fork=True), declared("ghcr.io/example/notebooks")),
    ],
)
def test_registries_that_a_run_may_push_to(event: Event, matrix_: Matrix) -> None:
    refuse_foreign_owner(event, matrix_)


def test_a_default_branch_whose_pushes_start_nothing_is_a_warning() -> None:
    (one,) = setup_warnings(replace(ACME, repository_branch="master"), declared("ghcr.io/acme/notebooks"))
    assert "pushes to `master`" in one
    assert "`workflow: {default_branch: master}`" in one
    assert setup_warnings(ACME, declared("ghcr.io/acme/notebooks")) == ()
    assert setup_warnings(Event("push"), declared("ghcr.io/acme/notebooks")) == ()
