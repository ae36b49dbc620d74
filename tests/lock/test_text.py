"""The text of the lock: what is written is read, comments stay, other texts are refused at their line."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.diagnostics import MatrixError
from image_matrix.lock import text as texts
from image_matrix.lock.changes import changes
from image_matrix.lock.model import Lock, LockedExtension, LockedPackages, LockedR, LockedSource, SourceConfig
from tests.laws import examples

FIXTURES = Path(__file__).parent / "fixtures"
ROOT = Path(__file__).parents[2]
A, B = "a" * 64, "b" * 64
SOURCE = "sources:\n  debian:trixie:\n    digest: sha256:" + A + "\n"

MOST = 4
"""Entries of one kind: a text with more of them has no other lines, and takes seconds."""

names = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?", fullmatch=True)
versions = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,3}){0,2}(\+cpu)?", fullmatch=True)
packages = st.builds("{}=={}".format, names, versions)
digests = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
entries = st.builds(
    lambda inputs, both, only: LockedPackages(
        inputs, {arch: tuple(sorted({*both, *only.get(arch, ())})) for arch in ("amd64", "arm64")}
    ),
    st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
    st.lists(packages, unique=True, max_size=MOST),
    st.dictionaries(st.sampled_from(("amd64", "arm64")), st.lists(packages, max_size=MOST)),
)
words = st.from_regex(r"[a-z0-9/:. -]{1,12}", fullmatch=True)
arguments = st.lists(words, unique=True, max_size=4).map(tuple)
configs = st.builds(
    SourceConfig,
    st.just("") | words,
    arguments,
    arguments,
    st.just("") | words,
    st.dictionaries(st.sampled_from(("PATH", "HOME")), words),
)
locks = st.builds(
    Lock,
    licences=st.dictionaries(
        st.builds("{}==1.0".format, names), st.sampled_from(("MIT", "MIT OR (ISC AND 0BSD)")), max_size=MOST
    ),
    sources=st.dictionaries(
        names,
        st.builds(
            LockedSource,
            st.builds("sha256:{}".format, digests),
            st.just({"linux/amd64": f"sha256:{A}", "linux/arm64": f"sha256:{B}"}),
            st.none() | st.just(("linux/amd64", "linux/arm64", "linux/s390x")),
            st.dictionaries(st.sampled_from(("linux/amd64", "linux/arm64")), configs),
        ),
        max_size=MOST,
    ),
    extensions=st.dictionaries(
        st.builds("team.{}@1.0".format, names),
        st.builds(
            LockedExtension,
            st.dictionaries(
                st.sampled_from(("all", "amd64", "arm64")),
                st.builds("https://open-vsx.org/{}".format, names),
                min_size=1,
            ),
            st.sampled_from(("", "^1.95.0", ">=1.110.0-20260204", "*")),
            st.lists(st.builds("team.{}".format, names), max_size=MOST, unique=True).map(
                lambda items: tuple(sorted(items))
            ),
        ),
        max_size=MOST,
    ),
    downloads=st.dictionaries(st.builds("https://example.org/{}".format, names), digests, max_size=MOST),
    apt=st.dictionaries(
        names, st.datetimes(datetime(2000, 1, 1)).map("{:%Y%m%dT%H%M%SZ}".format), max_size=MOST
    ),
    cran=st.none() | st.from_regex(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]", fullmatch=True),
    r=st.dictionaries(
        st.sampled_from(("debian-13", "ubuntu-24.04")),
        st.builds(
            LockedR,
            st.sampled_from(((), ("amd64",), ("amd64", "arm64"))),
            st.dictionaries(
                st.from_regex(r"[A-Za-z][A-Za-z0-9.]{1,8}", fullmatch=True),
                st.sets(st.from_regex(r"lib[a-z0-9]{1,6}(-dev|\+\+)", fullmatch=True), max_size=MOST).map(
                    lambda items: tuple(sorted(items))
                ),
                max_size=MOST,
            ),
        ),
        max_size=MOST,
    ),
    refreshed=st.dictionaries(
        st.builds("{}:python3.13".format, names), st.dates().map(date.isoformat), max_size=MOST
    ),
    python=st.dictionaries(st.builds("{}:python3.13".format, names), entries, max_size=MOST),
    files=st.dictionaries(
        packages, st.dictionaries(st.sampled_from(("sdist", "py3-none-any")), digests), max_size=MOST
    ),
)


def normal(lock: Lock) -> Lock:
    """The order in a list of packages has no meaning."""
    return Lock(
        lock.sources,
        lock.downloads,
        lock.apt,
        lock.cran,
        {
            name: LockedPackages(i.inputs, {arch: tuple(sorted(items)) for arch, items in i.packages.items()})
            for name, i in lock.python.items()
        },
        lock.conda,
        {name: tags for name, tags in lock.files.items() if tags},
        lock.licences,
        lock.extensions,
        r=lock.r,
        refreshed=lock.refreshed,
    )


@settings(max_examples=examples(40), deadline=None)
@given(locks)
def test_what_is_written_is_read(lock: Lock) -> None:
    text = texts.write(lock)
    assert normal(texts.read(text)) == normal(lock)
    assert texts.write(texts.read(text), text) == text


@settings(max_examples=examples(80), deadline=None)
@given(locks, locks, st.sampled_from([field.name for field in fields(Lock)]))
def test_a_file_that_changed_is_said_to_have_changed(old: Lock, other: Lock, section: str) -> None:
    new = replace(old, **{section: getattr(other, section)})
    assert bool(changes(old, new)) == (texts.write(old) != texts.write(new))


ENTRY = LockedPackages("0" * 16, {"amd64": ("toolz==1.0.0",)})
NOTHING = LockedPackages("0" * 16, {})


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (NOTHING, ENTRY, "pip toolz: 1.0.0 (new), in b:python3.13"),
        (ENTRY, NOTHING, "pip toolz: 1.0.0 (gone), in b:python3.13"),
        (
            NOTHING,
            replace(NOTHING, inputs="1" * 16),
            "python of b:python3.13: the same versions, other details",
        ),
    ],
    ids=("the first package", "the last package", "another question"),
)
def test_the_packages_of_a_variant_that_stays(old: LockedPackages, new: LockedPackages, line: str) -> None:
    assert changes(Lock(python={"b:python3.13": old}), Lock(python={"b:python3.13": new})) == [line]


@settings(max_examples=examples(40), deadline=None)
@given(locks, st.lists(st.tuples(st.integers(0, 200), st.from_regex(r"# [a-z ]{1,12}[a-z]", fullmatch=True))))
def test_comments_stay_where_they_are(lock: Lock, comments: list[tuple[int, str]]) -> None:
    lines = texts.write(lock).splitlines()
    for at, comment in comments:
        position = 1 + at % len(lines)
        # behind the last entry a comment belongs to nothing
        lines.insert(min(position, len(lines) - 1), comment)
    text = "\n".join(lines) + "\n"
    written = texts.write(texts.read(text), text)
    assert sorted(line.strip() for line in written.splitlines() if "#" in line) == sorted(
        line for line in lines if "#" in line
    )
    assert texts.write(texts.read(written), written) == written


def test_a_comment_goes_with_its_entry_only() -> None:
    before = texts.write(Lock(downloads={"https://e.org/a": A, "https://e.org/b": B}))
    before = before.replace("  https://e.org/a", "  # about a\n  https://e.org/a")
    before = before.replace("  https://e.org/b", "  # about b\n  https://e.org/b")
    assert "# about b\n  https://e.org/b" in texts.write(Lock(downloads={"https://e.org/b": B}), before)
    assert "# about a" not in texts.write(Lock(downloads={"https://e.org/b": B}), before)


def test_comments_of_every_place_are_kept() -> None:
    """Above and behind sections, entries, and items; a blank line is no part of them."""
    before = (FIXTURES / "commented.yaml").read_text(encoding="utf-8")
    assert texts.write(texts.read(before), before) == before


def test_a_text_that_looks_like_a_comment_is_none() -> None:
    script = "# the server\nexec serve # now\n\n# the end"
    config = SourceConfig(user="1000 #0", command=("sh", "-c", script), workdir="/a # b")
    platforms = {"linux/amd64": f"sha256:{A}"}
    lock = Lock({"e.org/a:1": LockedSource(f"sha256:{A}", platforms, (*platforms,), {"linux/amd64": config})})
    text = texts.write(lock)
    assert texts.read(text) == lock
    commented = text.replace("/a # b'", "/a # b' # ours")
    assert texts.write(lock, text) == text
    assert texts.write(lock, commented) == commented


@pytest.mark.parametrize(
    "inputs", ["0000000000000008", "1234567890123456", "1234567890123e45", "4700706471e98806"]
)
def test_digests_that_look_like_numbers(inputs: str) -> None:
    lock = Lock(python={"a:default": LockedPackages(inputs, {"amd64": ("x==1",), "arm64": ("x==1",)})})
    text = texts.write(lock)
    assert texts.read(text) == lock
    commented = text.replace("  a:default:", "  # ours\n  a:default:")
    assert texts.write(lock, commented) == commented


def test_no_lock_is_an_empty_lock() -> None:
    assert texts.read(None) == Lock() == texts.read("version: 1\n")


PACKAGES = "python:\n  lab:default:\n    inputs: 0123456789abcdef\n    all:\n    - {}\n"
BAD = {
    "conflict markers": "version: 1\n<<<<<<< ours\n" + SOURCE,
    "format": "version: 2\n",
    "no format": SOURCE,
    "section": "version: 1\nsource: {}\n",
    "no day": "version: 1\nrefreshed:\n  own:default: '2026-02-30'\n",
    "form of a day": "version: 1\nrefreshed:\n  own:default: 20261130\n",
    "digest": "version: 1\n" + SOURCE.replace(A, "abc"),
    "no digest": "version: 1\nsources:\n  debian:trixie: {}\n",
    "list": "version: 1\n" + PACKAGES.format("numpy==1").replace("- numpy==1", "x: 1"),
    "option": "version: 1\n" + PACKAGES.format("--index-url=https://example.org"),
    "second line": "version: 1\n" + PACKAGES.format('"numpy==1\\n--pre"'),
    "address": "version: 1\n" + PACKAGES.format("numpy @ https://example.org/numpy.whl"),
    "checksum": f"version: 1\ndownloads:\n  https://example.org/x: {A}$(id)\n",
    "moment": "version: 1\napt:\n  debian: 20261101T000000Z/../x\n",
    "day": "version: 1\ncran: latest\n",
    "file": f"version: 1\nfiles:\n  numpy==1:\n    'a b': {A}\n",
    "scalar": "nothing\n",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_is_no_lock_is_refused_at_its_line(text: str) -> None:
    with pytest.raises(MatrixError) as caught:
        texts.read(text)
    (problem,) = caught.value.diagnostics
    assert problem.code in ("IM604", "IM001")
    assert problem.place.file == texts.FILE
    assert 1 <= problem.place.line <= text.count("\n")


def test_the_lock_of_this_repository_is_as_it_would_be_written() -> None:
    text = (ROOT / texts.FILE).read_text(encoding="utf-8")
    lock = texts.read(text)
    assert texts.write(lock, text) == text
    listed = {item for entry in lock.python.values() for items in entry.packages.values() for item in items}
    assert listed == set(lock.files)
