"""Works out what a builder pulls from outside: sources, the frontends of Dockerfiles, the scanner of packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.build.workspace import frontend_of
from image_matrix.config.mirrors import mirrored

if TYPE_CHECKING:
    from image_matrix.build.request import BuildRequest


def frontends(request: BuildRequest) -> set[str]:
    """Return the references of the frontends, as the engine requests them."""
    texts = (request.dockerfile(leg) for leg in request.legs)
    lines = (text.partition(b"\n")[0].decode("utf-8", "replace") for text in texts)
    return {mirrored(frontend, request.registries) for line in lines if (frontend := frontend_of(line))}


def pulled_images(request: BuildRequest) -> dict[str, str]:
    """Return each reference with a word for it, as the engine requests it."""
    named = frontends(request) if not request.builtin_frontend else ()
    return {
        **dict.fromkeys(sorted(named), "the frontend"),
        **({request.scanner: "the scanner of packages"} if request.scanner else {}),
        **{reference: f"the source {name}" for reference, name in request.names.items()},
    }
