"""What a lock says of a source is read, or refused with its path."""

from __future__ import annotations

from typing import Any

import pytest

from image_matrix.lock.entry_forms import BadEntryError
from image_matrix.lock.model import LockedSource, SourceConfig
from image_matrix.lock.source_entries import source_of

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
AMD, ARM = "linux/amd64", "linux/arm64"


def test_all_that_a_source_has() -> None:
    config = {"user": "root", "entrypoint": ["/init"], "cmd": ["bash"], "workdir": "/", "env": {"A": "b c"}}
    entry = {"digest": A, AMD: B, "platforms": [AMD, "linux/s390x"], "config": config}
    read = source_of({**entry, "apt": ["http://deb.example.org/debian"]}, ())
    assert read == LockedSource(
        A,
        {AMD: B},
        (AMD, "linux/s390x"),
        {AMD: SourceConfig("root", ("/init",), ("bash",), "/", {"A": "b c"})},
        ("http://deb.example.org/debian",),
    )


def test_what_is_not_known_is_not_empty() -> None:
    """A source that apt asks nowhere is another one than one that was not asked."""
    assert source_of({"digest": A}, ()) == LockedSource(A, {}, None, {}, None)
    assert source_of({"digest": A, "apt": [], "platforms": []}, ()).apt == ()


def test_one_configuration_is_that_of_each_platform() -> None:
    read = source_of({"digest": A, AMD: A, ARM: B, "config": {"user": "1000"}}, ())
    assert {platform: config.user for platform, config in read.configs.items()} == {AMD: "1000", ARM: "1000"}
    apart = source_of({"digest": A, AMD: A, ARM: B, "config": {AMD: {"user": "1"}, ARM: {"user": "2"}}}, ())
    assert {platform: config.user for platform, config in apart.configs.items()} == {AMD: "1", ARM: "2"}


BAD: dict[str, tuple[Any, tuple[str | int, ...]]] = {
    "nothing": (None, ()),
    "a text": (A, ()),
    "no digest": ({AMD: A}, ()),
    "short digest": ({"digest": "sha256:abc"}, ("digest",)),
    "two lines": ({"digest": f"{A}\n"}, ("digest",)),
    "platform": ({"digest": A, "platforms": ["amd64"]}, ("platforms", 0)),
    "configuration": ({"digest": A, "config": ["root"]}, ("config",)),
    "field": ({"digest": A, "config": {"shell": "bash"}}, ("config", "shell")),
    "field of a platform": ({"digest": A, "config": {AMD: {"shell": "bash"}}}, ("config", AMD, "shell")),
    "user": ({"digest": A, "config": {"user": ["root"]}}, ("config", "user")),
    "command": ({"digest": A, "config": {"cmd": "bash"}}, ("config", "cmd")),
    "variable": ({"digest": A, "config": {"env": {"A B": "c"}}}, ("config", "env", "A B")),
    "apt with a password": ({"digest": A, "apt": ["https://a:b@deb.example.org"]}, ("apt", 0)),
}


@pytest.mark.parametrize(("value", "path"), BAD.values(), ids=BAD)
def test_what_is_none_is_refused_with_its_path(value: object, path: tuple[str | int, ...]) -> None:
    with pytest.raises(BadEntryError) as caught:
        source_of(value, ("sources", "a"))
    assert caught.value.path == ("sources", "a", *path)
