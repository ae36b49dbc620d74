"""The table of docs/guides/environment.md is the one that the end-to-end tests try, place by place."""

from __future__ import annotations

import re

import pytest

from image_matrix.verify.in_container.settings_probe import PLACES as PROBED
from tests.e2e.environment_places import IN_CODE_SERVER, OF_CONTAINER, PLACES, SOURCES, Place
from tools.reference import REPOSITORY

PAGE = (REPOSITORY / "docs/guides/environment.md").read_text(encoding="utf-8")
LIBRARY = REPOSITORY / "templates/rootfs/base/usr/local/lib/image-matrix"


def row(place: Place) -> str:
    of_container = "yes" if place.seen >= OF_CONTAINER else "no"
    set_at_start = "yes" if place.seen >= {*SOURCES} - OF_CONTAINER else "no"
    return f"| {place.label} | {of_container} | {set_at_start} |"


def test_the_table_is_the_tested_one() -> None:
    table = PAGE.partition("## Where it arrives")[2].partition("\n\n")[2].partition("\n\n")[0].splitlines()
    assert table[2:] == [row(place) for place in PLACES]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.label)
def test_no_row_hides_a_difference(place: Place) -> None:
    """The columns are enough: whoever has one variable of the container has all, and so with those of the start."""
    assert not place.seen & OF_CONTAINER or place.seen >= OF_CONTAINER
    assert not place.seen - OF_CONTAINER or place.seen == {*SOURCES}
    assert {*place.probed} <= PROBED.keys()


def test_what_rstudio_keeps_is_what_the_page_says() -> None:
    program = (LIBRARY / "container_environment.py").read_text(encoding="utf-8")
    (prefixes,) = re.findall(r"\|\((\w+(?:\|\w+)*)\)_\.\*", program)
    (said,) = re.findall(r"`R_HOME` and others that begin with (.*?), where", PAGE)
    assert re.findall(r"`(\w+)_`", said) == prefixes.split("|")


def test_what_code_server_holds_back_is_what_the_page_says() -> None:
    """A row has names or the beginnings of some; LD_PRELOAD could end a container that a test starts with it."""
    for held_back in ({"terminals", "extensions"}, {"extensions"}, {"terminals"}):
        where = " and ".join(sorted(held_back, reverse=True))
        (said,) = re.findall(rf"^\| (.*) \| {where} of code-server \|", PAGE, flags=re.MULTILINE)
        expected = {
            name
            for name, places in IN_CODE_SERVER.items()
            if held_back == {"terminals", "extensions"} - places
        }
        names = {f"{name}X" if name.endswith("_") else name for name in re.findall(r"`(\w+)`", said)}
        assert names - {"LD_PRELOAD"} == expected
