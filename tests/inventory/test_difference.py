"""What differs between two states of images, and what of it a record of releases keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.inventory.difference import ImageState, difference, image_states, shared_changes
from image_matrix.inventory.model import Content, Inventory, PackageName
from image_matrix.inventory.record import read_record, record_text
from image_matrix.lock.pins import Pins
from tests.laws import examples

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

BASE, LAB, SMALL = "base:python3.13", "lab:python3.13", "small:python3.13"
PLATFORMS = ("linux/amd64", "linux/arm64")


def pins(**versions: str) -> Pins:
    text = "".join(f"{name}=={version}\n" for name, version in versions.items())
    return Pins(
        digests={"docker.io/library/debian:trixie-slim": f"sha256:{versions.get('six', '')}"},
        requirements={BASE: {"amd64": text, "arm64": text}},
    )


def test_what_comes_goes_and_moves(family: Loaded) -> None:
    before, after = (image_states(family, pins(six=version, uv="1")) for version in ("1.16", "1.17"))
    del before[SMALL]
    del after["maps:default"]
    found = difference(before, after)
    assert (found.added, found.removed) == ((SMALL,), ("maps:default",))
    assert [(one.package.name, one.before, one.after) for one in found.packages] == [("six", "1.16", "1.17")]
    assert [(one.name, one.images) for one in found.sources] == [("debian", ("base", "lab"))]


def test_what_images_inherit_is_said_at_the_one_that_they_stand_on(family: Loaded) -> None:
    before, after = (image_states(family, pins(uv=version)) for version in ("0.12", "0.13"))
    [shared] = shared_changes(difference(before, after).packages, after)
    assert shared.tops == (BASE,)
    assert shared.below == 2


def test_an_image_with_another_digest_but_no_known_change(family: Loaded) -> None:
    before = {
        name: replace(state, digest="sha256:1") for name, state in image_states(family, pins(six="1")).items()
    }
    after = {**before, LAB: replace(before[LAB], digest="sha256:2")}
    assert difference(before, after).rebuilt == (LAB,)
    other = {**after, LAB: replace(image_states(family, pins(six="2"))[LAB], digest="sha256:2")}
    assert difference(before, other).rebuilt == ()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "{",
        '{"version": 1, "images": {}}',
        '{"version": 2, "images": {"a:b": {}}}',
        '{"version": 2, "images": {"a:b": {"on": "none"}}}',
        '{"version": 2}',
    ],
)
def test_what_is_no_record_has_no_images(text: str | None) -> None:
    assert read_record(text) == {}


EXACT = True
"""Of a manager, a record has the versions of all packages from the lock, or of none."""

NAMES = st.from_regex(r"[a-z0-9@/][a-z0-9+./-]{0,12}", fullmatch=True)
VERSIONS = st.dictionaries(st.sampled_from(["amd64", "arm64"]), NAMES | st.just(""), min_size=1)
CONTENTS = st.dictionaries(
    st.builds(PackageName, st.sampled_from(["apt", "pip", "npm"]), NAMES),
    st.builds(
        Content,
        VERSIONS,
        st.just(LAB),
        st.sampled_from([(), (LAB,)]),
        st.just(True),
        unexpected=st.booleans(),
    ),
)
PARENTS = {BASE: None, LAB: BASE, SMALL: LAB}


def state(name: str, inventory: Inventory, source: str | None, digest: str) -> ImageState:
    """As records have it: a variant brings and names its packages itself."""
    contents = {
        package: replace(one, brought_by=name, listed_by=(name,) if one.listed else ())
        for package, one in inventory.contents.items()
    }
    bases = {("source", "debian"): source}
    return ImageState(replace(inventory, contents=contents), bases, PARENTS[name], PLATFORMS, digest)


INVENTORIES = st.builds(Inventory, CONTENTS, st.frozensets(st.sampled_from(["pip", "apt"])), st.booleans())
STATES = st.dictionaries(
    st.sampled_from([BASE, LAB, SMALL]),
    st.tuples(INVENTORIES, st.none() | NAMES, st.sampled_from(["sha256:1", "sha256:2"])),
).map(lambda every: {name: state(name, *parts) for name, parts in every.items()})


@settings(max_examples=examples(100))
@given(STATES)
def test_a_record_is_read_as_it_was_written(states: dict[str, ImageState]) -> None:
    assert read_record(record_text(states)) == states
    assert record_text(read_record(record_text(states))) == record_text(states)


@settings(max_examples=examples(40))
@given(STATES, STATES)
def test_a_difference_has_two_sides(first: dict[str, ImageState], second: dict[str, ImageState]) -> None:
    assert difference(first, first).is_empty
    there, back = difference(first, second), difference(second, first)
    assert (there.added, there.removed) == (back.removed, back.added)
    assert {(one.package, one.before, one.after) for one in there.packages} == {
        (one.package, one.after, one.before) for one in back.packages
    }


@settings(max_examples=examples(40))
@given(STATES, STATES)
def test_every_change_is_said_once(first: dict[str, ImageState], second: dict[str, ImageState]) -> None:
    found = difference(first, second)
    shared = shared_changes(found.packages, {**first, **second})
    assert sum(len(one.packages) for one in shared) == len(found.packages)
    assert all(one.tops for one in shared)


def from_image(before: ImageState, **apt: str) -> ImageState:
    """The same variant, of which the image itself was asked: it also has these packages, and no list names them."""
    archs = [platform.partition("/")[2] for platform in before.platforms]
    extra = {
        PackageName("apt", name): Content(dict.fromkeys(archs, version), BASE, (), True, unexpected=True)
        for name, version in apt.items()
    }
    contents = {**before.inventory.contents, **extra}
    return replace(before, inventory=replace(before.inventory, contents=contents, from_image=True))


def test_what_only_an_image_knows_is_not_gone_where_nobody_asked_one(family: Loaded) -> None:
    states = image_states(family, pins(six="1"))
    released = {**states, BASE: from_image(states[BASE], libssl="3.0.15")}
    assert difference(released, states).is_empty
    assert difference(states, released).is_empty
    [six] = difference(released, image_states(family, Pins(requirements=pins(six="2").requirements))).packages
    assert (six.package.name, six.before, six.after) == ("six", "1", "2")


def test_an_update_of_the_distribution_is_said_once_at_the_image_that_brings_it(family: Loaded) -> None:
    states = image_states(family, pins(six="1"))
    before, after = (
        {name: from_image(states[name], libssl=version) for name in (BASE, LAB, SMALL)}
        for version in ("3.0.15", "3.0.16")
    )
    [shared] = shared_changes(difference(before, after).packages, after)
    assert [(one.package.name, one.before, one.after) for one in shared.packages] == [
        ("libssl", "3.0.15", "3.0.16")
    ]
    assert (shared.tops, shared.below) == (("base",), 2)


def test_a_record_has_what_children_share_once(family: Loaded) -> None:
    states = image_states(family, pins(six="1"))
    many = {f"lib{number}": "1" for number in range(400)}
    one = record_text({BASE: from_image(states[BASE], **many)})
    every = {name: from_image(states[name], **many) for name in (BASE, LAB, SMALL)}
    assert len(record_text(every)) - len(one) < 2000
    assert read_record(record_text(every))[LAB].inventory.from_image
