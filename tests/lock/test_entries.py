"""Each section of a lock is read, or refused with its path; test_text.py has whole files and their lines."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.lock.entries import SECTIONS, lock_of
from image_matrix.lock.entry_forms import BadEntryError
from image_matrix.lock.model import Lock

SHA = "a" * 64
DIGEST = f"sha256:{SHA}"
URL = "https://example.org/x"
INPUTS = "0123456789abcdef"
GOOD: dict[str, Any] = {
    "version": "1",
    "sources": {"debian:trixie": {"digest": DIGEST}},
    "downloads": {URL: SHA},
    "extensions": {"team.a@1.0": {"all": URL}},
    "apt": {"debian": "20261101T000000Z"},
    "cran": "2026-11-01",
    "refreshed": {"base:default": "2026-11-01"},
    "r": {"debian-13": {"binaries": ["amd64"]}},
    "conda": {"lab:default": {"inputs": INPUTS, "all": [URL]}},
    "python": {"lab:default": {"inputs": INPUTS, "all": ["numpy==2.4.6"]}},
    "files": {"numpy==2.4.6": {"sdist": SHA}},
    "defaults": {"pip": URL},
    "hosts": {"https://example.org": ["https://files.example.org"]},
    "licences": {"numpy==2.4.6": "BSD-3-Clause AND MIT"},
}


def test_each_section_is_read() -> None:
    assert tuple(GOOD) == SECTIONS
    for name in SECTIONS[1:]:
        assert lock_of({"version": "1", name: GOOD[name]}) != Lock()
    assert lock_of({"version": "1"}) == Lock()


BAD: dict[str, tuple[dict[str, Any], tuple[str | int, ...]]] = {
    "version": ({"version": "2"}, ("version",)),
    "a number": ({"version": 1}, ("version",)),
    "section": ({"source": {}}, ("source",)),
    "a list": ({"sources": []}, ("sources",)),
    "checksum": ({"downloads": {URL: f"{SHA}$(id)"}}, ("downloads", URL)),
    "address": ({"downloads": {"file:///etc": SHA}}, ("downloads", "file:///etc")),
    "extension": ({"extensions": {"a": {"all": URL}}}, ("extensions", "a")),
    "moment": ({"apt": {"debian": "20261301T000000Z"}}, ("apt", "debian")),
    "day": ({"cran": "latest"}, ("cran",)),
    "day of no calendar": ({"refreshed": {"a": "2026-02-30"}}, ("refreshed", "a")),
    "distribution": ({"r": {"fedora-42": {}}}, ("r", "fedora-42")),
    "package of conda": (
        {"conda": {"a": {"inputs": INPUTS, "all": ["numpy==1"]}}},
        ("conda", "a", "all", 0),
    ),
    "option of pip": ({"python": {"a": {"inputs": INPUTS, "all": ["--pre"]}}}, ("python", "a", "all", 0)),
    "wheel": ({"files": {"numpy==1": {"py3_none": SHA}}}, ("files", "numpy==1", "py3_none")),
    "installer": ({"defaults": {"gem": URL}}, ("defaults", "gem")),
    "host with a path": ({"hosts": {"https://example.org/x": []}}, ("hosts", "https://example.org/x")),
    "licence": ({"licences": {"numpy==1": "MIT\nRUN id"}}, ("licences", "numpy==1")),
}


@pytest.mark.parametrize(("value", "path"), BAD.values(), ids=BAD)
def test_what_is_none_is_refused_with_its_path(value: dict[str, Any], path: tuple[str | int, ...]) -> None:
    with pytest.raises(BadEntryError) as caught:
        lock_of({"version": "1", **value})
    assert caught.value.path == path
