"""HTML of profile lists as plain text: nothing that users read is lost, and nothing is left that a matrix refuses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.importing.plain_texts import NOTE, plain
from image_matrix.validate.profiles_texts import HTML
from tests.importing.test_profile_list import entry, imported
from tests.laws import examples


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('See the <a target="_blank" href="https://docs.example.org/a?b=1&amp;c=2">guide</a>.',
         "See the guide (https://docs.example.org/a?b=1&c=2)."),
        ("<a href='https://example.org'><b>https://example.org</b></a>", "https://example.org"),
        ("<A HREF=/hub/home>Home</A>", "Home (/hub/home)"),
        ("Research &amp; teaching, 2&nbsp;GB", "Research & teaching, 2 GB"),
        ("<b>Fast</b><br/>and <i>large</i><ul><li>one</li><li>two</li></ul>", "Fast and large one two"),
        ("a < b & c > d", "a < b & c > d"),
        ("no&lt;tag&gt; &amp;lt;this", "no‹tag> ‹this"),
        ("less<more", "less‹more"),
        ("R&stat; &#x41;", "R& stat; A"),
        ("<!-- hidden > --> seen", "seen"),
        ("one line\n", "one line"),
        ("words\n  of several\tlines\n", "words of several lines"),
    ],
)  # fmt: skip
def test_what_users_read_stays(written: str, read: str) -> None:
    assert plain(written) == read


@settings(max_examples=examples(300))
@given(
    st.lists(
        st.sampled_from(
            ["<", ">", "&", "a", "b", "/", "!", "--", ";", "lt", "amp", "#38", "#x", "0", " ", "href="]
        )
    )
)
def test_no_html_is_left(parts: list[str]) -> None:
    text = plain("".join(parts))
    assert not HTML.search(text)
    assert plain(text) == text


def test_texts_of_an_entry_and_its_choices_are_plain() -> None:
    image = {
        "display_name": "<b>A</b>",
        "description": "1 &amp; 2",
        "kubespawner_override": {"image": "a/a:1"},
    }
    unlisted = {"enabled": True, "display_name": "<i>Own</i>", "validation_message": "<name>:<tag>"}
    option = {"display_name": "Image &amp; tag", "choices": {"a": image}, "unlisted_choice": unlisted}
    further = {"display_name": "<b>Look</b>", "choices": {"dark": {"display_name": "Dark"}}}
    result = imported(
        entry(
            display_name="Lab <b>1</b>",
            description='<a href="https://example.org">more</a>',
            profile_options={"image": option, "look": further},
        )
    )
    (key, profile), *_ = result.profiles.items()
    assert key == "lab-b-1-b"  # that of the text as it was, which hubs have stored
    assert (profile["display_name"], profile["description"]) == ("Lab 1", "more (https://example.org)")
    assert profile["images"]["a"] == {"image": "a", "display_name": "A", "description": "1 & 2"}
    assert profile["profile_options"]["image"]["display_name"] == "Image & tag"
    typed = profile["profile_options"]["image"]["unlisted_choice"]
    assert typed == {"display_name": "Own", "validation_message": "<name>:<tag>"}
    assert profile["profile_options"]["look"] == further  # is passed through
    assert result.notes == (f"profile `{key}`: {NOTE}; that of the option `look` stays",)


def test_only_html_that_goes_is_noted() -> None:
    further = {"display_name": "<b>Look</b>", "choices": {"dark": {"display_name": "Dark"}}}
    assert imported(entry(profile_options={"look": further})).notes == ()
    assert imported(entry(description="two\nlines")).notes == ()
    assert imported(entry(description="<i>x</i>")).notes == (f"profile `lab`: {NOTE}",)
