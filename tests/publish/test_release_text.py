from __future__ import annotations

from image_matrix.publish.release_text import message, source_of, summary
from tests.publish.states import DIGEST


def test_what_a_runs_summary_says() -> None:
    digests = {f"image-{number}:python3.13": {"digest": DIGEST} for number in range(120)}
    text = summary(list(digests)[:2], digests, "`deploy/` is at abc on `release`.")
    assert "**2 of 120 images have a new digest.** `deploy/` is at abc" in text
    assert f"| `image-1:python3.13` | `{DIGEST}` |" in text
    assert "\n\n… and 20 more\n" in summary(list(digests), digests, "")
    assert "| image |" not in summary([], digests, "")


def test_a_summary_names_what_is_held_back() -> None:
    held = {f"image-{number}:default": "stands on base:default" for number in range(120)}
    text = summary([], {}, "", held, ["profile `lab` of `hub` is left out"])
    assert "**120 held back.** They and their tags stay as they were released last." in text
    assert "| `image-1:default` | stands on base:default |" in text
    assert "\n\n… and 20 more\n" in text
    assert "\n\n- profile `lab` of `hub` is left out\n" in text
    assert "held back" not in summary([], {}, "")


def test_a_message_knows_its_source() -> None:
    text = message(["base:python3.13"], 4, "c" * 40)
    assert text.startswith("Release 1 of 4 images\n")
    assert source_of(text) == "c" * 40
    assert source_of("Reverted by hand") is None
