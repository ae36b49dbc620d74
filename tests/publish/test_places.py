"""Which place is asked first, with a registry that answers from a table."""

from __future__ import annotations

from image_matrix.lock.pins import Pins
from image_matrix.planning.keys import compute_keys
from image_matrix.planning.plan import State, reference, references
from image_matrix.planning.registry_locations import at, found, presence_anywhere, staged
from image_matrix.project.render import render_all
from image_matrix.registry.client import Registry, World
from image_matrix.registry.http import Request, Response
from tests.workflow.matrices import TEMPLATES, loaded, matrix

FOUND = loaded(matrix({"base": {"from": "debian"}, "leaf": {"parent": "base"}}, platforms=["linux/amd64"]))
FILES = render_all(FOUND, Pins(), TEMPLATES)
STATE = State(FOUND, Pins(), TEMPLATES, FILES, compute_keys(FOUND.variants, FILES))
BASE, LEAF = (next(leg for leg in references(STATE) if leg[0].startswith(name)) for name in ("base", "leaf"))


def registry(has: dict[str, str]) -> Registry:
    """A registry that has these references, each with its digest."""

    def answer(request: Request) -> Response:
        path = request.url.partition("/v2/")[2].replace("/manifests/", ":")
        digest = has.get(f"ghcr.io/{path}")
        return Response(200, {"docker-content-digest": digest}) if digest else Response(404, {})

    return Registry(World(answer, lambda _: None))


def name(state: State, leg: tuple[str, str]) -> str:
    return reference(state, state.loaded.variants[leg[0]], leg[1])


def test_keys_do_not_depend_on_the_place() -> None:
    moved = at(STATE, "ghcr.io/elsewhere")
    assert name(moved, BASE).rpartition(":")[2] == name(STATE, BASE).rpartition(":")[2]
    assert name(staged(STATE), BASE).startswith("ghcr.io/example/notebooks/staging/base:")


def test_what_the_default_branch_has_wins() -> None:
    both = registry({name(STATE, BASE): "sha256:1", name(staged(STATE), BASE): "sha256:2"})
    there = found((STATE, staged(STATE)), [BASE, LEAF], both, print)
    assert there == {BASE: "ghcr.io/example/notebooks/base@sha256:1"}


def test_staging_fills_the_gaps_for_pull_requests_only() -> None:
    staging = registry({name(staged(STATE), LEAF): "sha256:2"})
    assert found((STATE, staged(STATE)), [BASE, LEAF], staging, print) == {
        LEAF: "ghcr.io/example/notebooks/staging/leaf@sha256:2"
    }
    assert found((STATE,), [BASE, LEAF], registry({name(staged(STATE), LEAF): "sha256:2"}), print) == {}


def test_a_candidate_is_not_there() -> None:
    untested = registry({f"{name(STATE, BASE)}-candidate": "sha256:1"})
    assert found((STATE,), [BASE], untested, print) == {}
    assert presence_anywhere((STATE,), untested, print)[name(STATE, BASE)] == "absent"


def test_presence_is_by_the_first_place() -> None:
    staging = registry({name(staged(STATE), LEAF): "sha256:2"})
    said = presence_anywhere((STATE, staged(STATE)), staging, print)
    assert said == {name(STATE, BASE): "absent", name(STATE, LEAF): "present"}
