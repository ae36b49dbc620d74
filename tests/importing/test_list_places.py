"""Lines of a profile list that parts of imported entries are from."""

from __future__ import annotations

from pathlib import Path as FilePath

import pytest

from image_matrix.importing.list_places import ListOrigin, ListPlaces, list_places
from image_matrix.importing.spawner_list import documents_of, spawner_list

FIXTURES = FilePath(__file__).parent / "fixtures"


def places_of(file: str) -> ListPlaces:
    return list_places(file, (FIXTURES / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "file", ["profiles/values.yaml", "profiles-again/list.yaml", "profiles-with-problems/configmap.yaml"]
)
def test_the_entries_are_those_that_are_imported(file: str) -> None:
    text = (FIXTURES / file).read_text(encoding="utf-8")
    entries = spawner_list(file, documents_of(file, text))
    places = places_of(file)
    assert len(places.entries) == len(entries)
    for at, entry in enumerate(entries):
        place = places.place(ListOrigin(at), ("display_name",), "value")
        assert str(entry["display_name"]) in place.source[place.column - 1 :]
        assert place.source == text.splitlines()[place.line - 1]


def test_a_list_in_a_text_in_quotes_has_the_line_of_the_text() -> None:
    text = 'kind: ConfigMap\ndata:\n  values.yaml: "profileList:\\n- display_name: One\\n"\n'
    place = list_places("a.yaml", text).place(ListOrigin(0), ("display_name",), "value")
    assert (place.line, place.source) == (3, text.splitlines()[2])


def test_a_path_has_the_place_of_what_it_is_from() -> None:
    places = places_of("profiles-with-problems/configmap.yaml")

    def word(origin: ListOrigin, path: tuple[str | int, ...], target: str = "value") -> str:
        place = places.place(origin, path, "key" if target == "key" else "value")
        return place.source[place.column - 1 : place.column - 1 + place.width]

    assert word(ListOrigin(0), ("memory", "limit")) == "2G"
    assert word(ListOrigin(1, "a"), ("memory", "limit")) == "1G"
    assert (
        word(ListOrigin(1, "k"), ("kubespawner_override", "extra_pod_config", "hostNetwerk"), "key")
        == "hostNetwerk"
    )
    assert word(ListOrigin(1), ("images", "y", "display_name")) == '"A="'
    assert word(ListOrigin(1, "a/B:1", is_image=True), ("image",)) == '"a/B:1"'
    assert word(ListOrigin(1), ("env", "A"), "key") == '"A"'
    assert word(ListOrigin(1), ("unknown",)) == "display_name"


LIST = """\
singleuser:
  profileList:
    - display_name: A
    - display_name: B
      profile_options:
        size:
          choices:
            1: {display_name: S, kubespawner_override: {tolerations: [{key: a}, 5]}}
"""


def test_a_path_of_the_list_has_its_place() -> None:
    places = list_places("list.yaml", LIST)
    tolerations = (1, "profile_options", "size", "choices", 1, "kubespawner_override", "tolerations")
    for path, line, column in [
        ((0,), 3, 7),
        ((1, "profile_options", "size"), 6, 9),
        (tolerations, 8, 57),
        ((*tolerations, 1), 8, 81),
    ]:
        place = places.place_of(path)
        assert (place.line, place.column) == (line, column)
