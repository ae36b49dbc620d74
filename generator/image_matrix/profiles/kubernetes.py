"""Describes the syntax of names, labels and quantities; Kubernetes rejects an object with a single wrong one.

Source: kubernetes/kubernetes, staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go,
staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go, pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"


@dataclass(frozen=True, slots=True)
class Syntax:
    """The syntax of a text: its noun, the rule as help, and the pattern."""

    noun: str
    rule: str
    pattern: re.Pattern[str]
    words: tuple[str, ...] = ()
    """The allowed texts, if they are a fixed set."""

    def fits(self, text: str) -> bool:
        """Say whether Kubernetes accepts a text."""
        return self.pattern.fullmatch(text) is not None


LABEL_NAME = Syntax(
    "the name of a label",
    "write at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; "
    "a domain and `/` may precede them",
    re.compile(rf"(?=[^/]{{1,253}}/|[^/]*\Z)(?:{_SUBDOMAIN}/)?(?=[^/]{{1,63}}\Z){_NAME}"),
)
LABEL_VALUE = Syntax(
    "the value of a label",
    "write at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
    re.compile(rf"(?=.{{0,63}}\Z)(?:{_NAME})?"),
)
ANNOTATION_NAME = Syntax("the name of an annotation", LABEL_NAME.rule, LABEL_NAME.pattern)
RESOURCE = Syntax("the name of a resource", LABEL_NAME.rule, LABEL_NAME.pattern)
OBJECT_PART = Syntax(
    "a name inside a pod",
    "write at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends",
    re.compile(rf"(?=.{{1,63}}\Z){_LABEL}"),
)
OBJECT = Syntax(
    "the name of an object",
    "write at most 253 lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
    re.compile(rf"(?=.{{1,253}}\Z){_SUBDOMAIN}"),
)
VARIABLE = Syntax(
    "the name of a variable",
    "write letters, digits, `_`, `-` and `.`, without a leading digit",
    re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*"),
)
QUANTITY = Syntax(
    "a quantity",
    "write a number, then nothing, `k`, `M`, `G`, `T` (powers of 1000) or `Ki`, `Mi`, `Gi`, `Ti` (of 1024)",
    re.compile(r"\+?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?"),
)
MOUNT_PATH = Syntax("a mount path", "write a path that starts with `/`, without `:`", re.compile(r"/[^:]*"))


def one_of(noun: str, *words: str) -> Syntax:
    """Return the syntax of a field that accepts only some words."""
    return Syntax(
        noun, f"write one of {', '.join(words)}", re.compile("|".join(map(re.escape, words))), words
    )
