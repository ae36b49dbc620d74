"""The words of commands, as far as they are known without a shell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.dockerfiles.shell_words import commands


def words_of(script: str, **values: str) -> list[list[str]]:
    return [words for words in commands(script, values) if words]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("a b; c && d | e", [["a", "b"], ["c"], ["d"], ["e"]]),
        ("a \\\n 'b c' # d\ne", [["a", "b", "c"], ["e"]]),
        ("a $KNOWN ${KNOWN:-x} ${OTHER:-x}y", [["a", "k", "k", "?y"]]),
        ("X=1; a $X", [["X=1"], ["a", "1"]]),
        ("X='1 2' && Y=${X}3 && a $Y", [["X=1", "2"], ["Y=1", "23"], ["a", "1", "23"]]),
        ("export X=1\na $X", [["export", "X=1"], ["a", "1"]]),
        ("KNOWN=$(b c); a $KNOWN", [["KNOWN=?"], ["a", "?"], ["b", "c"]]),
        ("if b; then X=1; else X=2; fi; a $X",
         [["if", "b"], ["then", "X=1"], ["else", "X=2"], ["fi"], ["a", "?"]]),
        ("a x=1 $x", [["a", "x=1", "?"]]),
        ("a `b $(c)`", [["a", "?"], ["b", "?"], ["c"]]),
    ],
)  # fmt: skip
def test_words(script: str, words: list[list[str]]) -> None:
    assert words_of(script, KNOWN="k") == words


QUOTED = [
    "sed -i 's/\\${VERSION/1/' f",
    "sed -i 's|${debian_chroot:+($debian_chroot)}||' /etc/bash.bashrc",
    "sed -Ei 's/^# (deb-src .*)/\\1/; s/ # .*$//' /etc/apt/sources.list",
    r"sed -i 's/^#\s*\(.*universe\)$/\1/' /etc/apt/sources.list",
    "sed -e 's/\"//g' -e 's/`//' /etc/os-release",
    "awk -F= '$1 == \"ID\" { print $2 }' /etc/os-release",
    "awk '/^${/ { next } { V=1; print $(NF-1), V }' f",
    "awk 'BEGIN { FS=\";\" } # names\n{ print $1 }' f",
    "dpkg-query -Wf '${Package}=${Version}\\n'",
    "dpkg-query -Wf '${db:Status-Abbrev} ${Package' | grep '^ii'",
    "find . -name '*.py[co]' -exec rm '{}' +",
    "grep -c 'a #b' f",
    "printf '%s\\n' 'a -c ' '${X' '$'",
    "echo 'path-exclude /usr/share/doc/* # ${' > /etc/dpkg/dpkg.cfg.d/docs",
    'echo "it\'s # ${KNOWN}" > f',
    'echo "say \\"it\'s\\" # " > f',
    "echo don\\'t ${X",
    "echo ${X && echo ${X:- && echo ${1} ${} ${!X} ${#X}",
    "echo ${KNOWN/k} ${KNOWN/k/} ${KNOWN//[a-z]/_} ${KNOWN##*/} ${KNOWN^^} ${KNOWN@Q} ${KNOWN:1:2}",
    "cat > f <<E\nit's ${X\nE\n",
    "echo a # it's ${X\n",
]
"""Steps of real Dockerfiles, and some that no shell reads."""


@pytest.mark.parametrize("before", QUOTED)
def test_what_is_in_quotes_takes_nothing_of_what_follows(before: str) -> None:
    for between in (" && ", "; ", "\n"):
        script = f'{before}{between}apt-get install -y a1=1 "b1=$KNOWN"'
        assert ["apt-get", "install", "-y", "a1=1", "b1=k"] in words_of(script, KNOWN="k")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("a 'x=$KNOWN' '${KNOWN:-1}' \"$KNOWN\"", [["a", "x=$KNOWN", "${KNOWN:-1}", "k"]]),
        ('a \\"$KNOWN\\" "\\"$KNOWN"', [["a", "k", "k"]]),
        ("a '$(b)' x", [["a", "?", "x"], ["b"]]),
        ("awk '{ X=1; print }' f; a $X", [["awk", "{", "X=1"], ["print", "}", "f"], ["a", "?"]]),
        ("bash -ec 'X=1; a $X $KNOWN'", [["bash", "-ec", "?"], ["X=1"], ["a", "1", "k"]]),
        ("X='1 # 2' # 3\na $X", [["X=1", "#", "2"], ["a", "1", "#", "2"]]),
        ("a ${KNOWN/k} ${KNOWN/k/x}${KNOWN//k/y}z", [["a", "xyz"]]),
        ("a ${X:-1 b\nc }", [["a", "${X:-1", "b"], ["c", "}"]]),
    ],
)
def test_variables_and_quotes(script: str, words: list[list[str]]) -> None:
    assert words_of(script, KNOWN="k") == words


@given(st.text(alphabet='ab=$(){}`"\\;|&:-+#/% c\n', max_size=40))
def test_no_text_in_single_quotes_reaches_beyond_them(text: str) -> None:
    assert ["a1=1"] in words_of(f"sed '{text}' f\na1=1")


@given(st.text(alphabet="ab=$(){}`'\"\\\\;|&:-+#/% \n", max_size=40))
def test_any_text_ends(script: str) -> None:
    for words in commands(script, {"a": "1"}):
        assert all(word == "".join(word.split()) for word in words)


@given(st.lists(st.from_regex(r"[a-z0-9.=+-]{1,9}", fullmatch=True), max_size=6))
def test_plain_words_stay(words: list[str]) -> None:
    assert [*commands(" ".join(words), {})] == [words]


def test_a_script_with_variables_in_each_other_by_hundreds_has_no_known_words() -> None:
    assert words_of(f"a {'${B-' * 100}c{'}' * 100}", B="d") == [["a", "d"]]
    assert words_of(f"a {'${B-' * 101}c{'}' * 101}", B="d") == []


def test_a_long_line_of_variables_without_an_end_is_read() -> None:
    """The end of each is searched for in the next letters alone: in the whole line, this took half a minute."""
    assert words_of("a" + " ${B:-" * 16_000)[0][:2] == ["a", "${B:-"]
