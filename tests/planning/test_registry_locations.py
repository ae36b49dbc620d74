"""Which place is asked first, with a registry that answers from a table."""

from __future__ import annotations

from image_matrix.lock.pins import Pins
from image_matrix.planning.keys import compute_keys
from image_matrix.planning.plan import State, reference, references
from image_matrix.planning.registry_locations import (
    Locations,
    at,
    existing_images,
    presence_anywhere,
    refused,
    registry_locations,
    staged,
)
from image_matrix.project.render import render_all
from image_matrix.registry.client import Registry
from image_matrix.registry.exchange import HttpRequest, Response
from image_matrix.registry.services import RegistryServices
from tests.workflow.matrices import TEMPLATES, loaded, matrix

FOUND = loaded(
    matrix(
        {"base": {"from": "debian"}, "leaf": {"from": "base"}},
        defaults={"images": {"platforms": ["linux/amd64"]}},
    )
)
FILES = render_all(FOUND, Pins(), TEMPLATES)
STATE = State(FOUND, Pins(), TEMPLATES, FILES, compute_keys(FOUND.variants, FILES))
BASE, LEAF = (next(leg for leg in references(STATE) if leg[0].startswith(name)) for name in ("base", "leaf"))


def registry(has: dict[str, str], denied: tuple[str, ...] = ()) -> Registry:
    """A registry that has these references, each with its digest, and refuses to speak of some paths."""

    def answer(request: HttpRequest) -> Response:
        path = request.url.partition("/v2/")[2].replace("/manifests/", ":")
        if any(path.startswith(start) for start in denied):
            return Response(403, {}, b'{"errors": [{"code": "DENIED"}]}')
        digest = has.get(f"ghcr.io/{path}")
        return Response(200, {"docker-content-digest": digest}) if digest else Response(404, {})

    return Registry(RegistryServices(answer, lambda _: None))


def name(state: State, leg: tuple[str, str]) -> str:
    return reference(state, state.loaded.variants[leg[0]], leg[1])


def test_keys_do_not_depend_on_the_place() -> None:
    moved = at(STATE, "ghcr.io/elsewhere")
    assert name(moved, BASE).rpartition(":")[2] == name(STATE, BASE).rpartition(":")[2]
    assert name(staged(STATE), BASE).startswith("ghcr.io/example/notebooks/staging/base:")


def test_what_the_default_branch_has_wins() -> None:
    both = registry({name(STATE, BASE): "sha256:1", name(staged(STATE), BASE): "sha256:2"})
    known = existing_images((STATE, staged(STATE)), [BASE, LEAF], both, print)
    assert known == {BASE: "ghcr.io/example/notebooks/base@sha256:1"}


def test_staging_fills_the_gaps_for_pull_requests_only() -> None:
    staging = registry({name(staged(STATE), LEAF): "sha256:2"})
    assert existing_images((STATE, staged(STATE)), [BASE, LEAF], staging, print) == {
        LEAF: "ghcr.io/example/notebooks/staging/leaf@sha256:2"
    }
    assert (
        existing_images((STATE,), [BASE, LEAF], registry({name(staged(STATE), LEAF): "sha256:2"}), print)
        == {}
    )


def test_a_candidate_is_not_there() -> None:
    untested = registry({f"{name(STATE, BASE)}-candidate": "sha256:1"})
    assert existing_images((STATE,), [BASE], untested, print) == {}
    assert presence_anywhere(Locations(STATE), untested, print)[name(STATE, BASE)] == "absent"


def test_presence_is_by_the_first_place() -> None:
    staging = registry({name(staged(STATE), LEAF): "sha256:2"})
    said = presence_anywhere(registry_locations(STATE, staging=True), staging, print)
    assert said == {name(STATE, BASE): "absent", name(STATE, LEAF): "present"}


def test_a_refusal_of_the_default_branchs_place_stays_unknown() -> None:
    refusing = registry(
        {name(staged(STATE), LEAF): "sha256:2"}, denied=("example/notebooks/base", "example/notebooks/leaf")
    )
    known = presence_anywhere(registry_locations(STATE, staging=True), refusing, print)
    assert known == {name(STATE, BASE): "unknown", name(STATE, LEAF): "present"}


def test_a_staging_path_that_does_not_exist_yet_is_refused_and_changes_nothing() -> None:
    refusing = registry({name(STATE, BASE): "sha256:1"}, denied=("example/notebooks/staging/",))
    known = presence_anywhere(registry_locations(STATE, staging=True), refusing, print)
    assert known == {name(STATE, BASE): "present", name(STATE, LEAF): "absent"}
    assert list(refused(registry_locations(STATE, staging=True).order, [LEAF], refusing)) == [LEAF]
    assert refused((STATE,), [LEAF], refusing) == {}


def test_pushes_go_to_the_staging_path_where_there_is_one() -> None:
    assert registry_locations(STATE, staging=False).order == (STATE,)
    assert registry_locations(STATE, staging=False).target is STATE
    both = registry_locations(STATE, staging=True)
    assert both.order == (both.main, both.target) == (STATE, staged(STATE))
