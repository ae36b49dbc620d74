"""What templates of Dockerfiles name literally."""

from __future__ import annotations

import pytest

from image_matrix.dockerfiles.templated import literal_base, literal_images, templated

MULTI = """\
{# a comment
   of two lines #}
{% import "macros.j2" as step with context %}
FROM docker.io/library/golang:1.24 AS build
RUN --mount=from=docker.io/library/node:24,target=/n go build {{ packages.apt
  | join(" ") }}
FROM {{ source | word }}
COPY --from=build /x /y
COPY --from=0 /x /z
COPY --from={{ rootfs[0] | word }} . /
COPY --from=ghcr.io/example/tool:1 /t /t
"""


def test_images_stand_where_the_template_names_them() -> None:
    uses = [(use.instruction, use.name, use.line) for use in literal_images(templated(MULTI))]
    assert uses == [
        ("FROM", "docker.io/library/golang:1.24", 4),
        ("RUN --mount", "docker.io/library/node:24", 5),
        ("COPY --from", "ghcr.io/example/tool:1", 11),
    ]


@pytest.mark.parametrize(
    ("text", "base"),
    [
        (MULTI, None),
        ("FROM {{ parent }} AS last\nFROM last\n", None),
        ("FROM docker.io/a:1 AS Last\nFROM last\n", "docker.io/a:1"),
        ("FROM {{ parent }}\nFROM docker.io/a:1\n", "docker.io/a:1"),
        ("FROM scratch\nCOPY --from={{ parent }} / /\n", None),
        ("{% block extra %}\nRUN true\n{% endblock %}\n", None),
        ("FROM\n", None),
        ("{% macro m() %}\n<<'PYTHON'\nfrom os import path\nPYTHON\n{% endmacro %}\n", None),
    ],
)
def test_what_the_last_stage_is_built_from(text: str, base: str | None) -> None:
    use = literal_base(templated(text))
    assert (use and use.name) == base
