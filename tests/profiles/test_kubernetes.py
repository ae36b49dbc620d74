"""Texts that Kubernetes takes and refuses; most are those of its own tests (apimachinery, validation_test.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.profiles import kubernetes as k8s
from image_matrix.profiles.field_syntax import syntax_of

if TYPE_CHECKING:
    from image_matrix.profiles.kubernetes import Syntax

TAKEN: dict[str, tuple[Syntax, list[str]]] = {
    "label name": (
        k8s.LABEL_NAME,
        ["simple", "now-with-dashes", "1-starts-with-num", "1234", "simple/simple", "now-with-dashes/simple",
         "1.2.3.4/5678", "Uppercase_Is_OK_123", "example.com/Uppercase_Is_OK_123", "requests.storage-foo", "a" * 63,
         f"{'a' * 253}/{'b' * 63}"],
    ),
    "label value": (k8s.LABEL_VALUE, ["", "simple", "1.2.3.4", "A_b-c", "a" * 63]),
    "object": (k8s.OBJECT, ["a", "0", "a.b.c", "a--1--2--b", "a.0.b", "a" * 253]),
    "part": (k8s.OBJECT_PART, ["a", "0", "ab1", "a--1", "a" * 63]),
    "variable": (k8s.VARIABLE, ["A", "a1", "_A", "A.B-C"]),
    "quantity": (k8s.QUANTITY, ["0", "1", "1.5", ".5", "100m", "10Gi", "10G", "1k", "1e3", "12E"]),
    "mount path": (k8s.MOUNT_PATH, ["/", "/data", "/home/jovyan"]),
}  # fmt: skip
REFUSED: dict[str, tuple[Syntax, list[str]]] = {
    "label name": (
        k8s.LABEL_NAME,
        ["", "nospecialchars%^=@", "cantendwithadash-", "-cantstartwithadash-", "only/one/slash", "Example.com/abc",
         "example_com/abc", "example.com/", "/simple", "a..b/c", "a b", "a\n", "é", "a" * 64, f"{'a' * 254}/b"],
    ),
    "label value": (k8s.LABEL_VALUE, ["nospecialchars%^=@", "a b", "-a", "a-", "a/b", "a\n", "a" * 64]),
    "object": (k8s.OBJECT, ["", "A", "a_b", "a..b", ".a", "a.", "-a", "a-", "a" * 254]),
    "part": (k8s.OBJECT_PART, ["", "A", "a.b", "a_b", "-", "a" * 64]),
    "variable": (k8s.VARIABLE, ["", "1A", "A=B", "A B"]),
    "quantity": (k8s.QUANTITY, ["", "10GB", "10 Gi", "1K", "1ki", "Gi", "-1", "1,5"]),
    "mount path": (k8s.MOUNT_PATH, ["", "data", "C:/data", "/a:b"]),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_what_kubernetes_takes(name: str) -> None:
    syntax, texts = TAKEN[name]
    assert [text for text in texts if not syntax.fits(text)] == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_kubernetes_refuses(name: str) -> None:
    syntax, texts = REFUSED[name]
    assert [text for text in texts if syntax.fits(text)] == []


@pytest.mark.parametrize(
    ("path", "syntax"),
    [
        (("image_pull_secrets", 0), "the name of an object"),
        (("volumes", "data", "name"), "a name inside a pod"),
        (("volumes", "data", "secret", "secretName"), "the name of an object"),
        (("init_containers", "clone", "env", 0, "name"), "the name of a variable"),
        (("init_containers", "clone", "resources", "limits", "memory"), "a quantity"),
        (("extra_labels", "team"), "the value of a label"),
        (("extra_pod_config", "runtime_class_name"), "the name of an object"),
        (("extra_annotations", "note"), None),
        (("default_url",), None),
        (("lifecycle_hooks", "postStart", "exec", "command", 0), None),
    ],
)
def test_the_syntax_of_a_field(path: tuple[str | int, ...], syntax: str | None) -> None:
    known = syntax_of(path)
    assert (known and known.noun) == syntax
