"""Checks that each interpreter of an image is offered where its user works, and sees no other packages than its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.text import listed
from image_matrix.verify.probe_client import ask, judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.verify.engine import Container
    from image_matrix.verify.model import Result, Subject

USER_SITE, KERNELS, INTERPRETER, EXTENSIONS = "user-site", "kernels", "interpreter", "extensions"
KERNEL_SECONDS = 180.0
MOST_SHOWN = 5


def interpreter_checks(subject: Subject) -> tuple[str, ...]:
    """Return the names of the results of :func:`interpreter_results`, in order."""
    return (
        USER_SITE,
        *([KERNELS] if subject.ide == "jupyter" else []),
        *([INTERPRETER] if subject.ide == "codeserver" else []),
        *([EXTENSIONS] if subject.ide == "codeserver" and subject.extensions else []),
    )


def interpreter_results(container: Container, subject: Subject) -> Iterator[Result]:
    """Look in a container whose home is filled."""
    (site,) = ask(container, ("user_site", {}), script="user_site_probe")
    yield judged(USER_SITE, shadowed(site), detail=", ".join(site["tried"]))
    if subject.ide == "jupyter":
        (seen,) = ask(
            container, ("kernels", {}), script="kernels_probe", seconds=KERNEL_SECONDS, python="python"
        )
        yield judged(KERNELS, kernels(seen), detail=", ".join(seen["kernels"]), container=container)
    if subject.ide == "codeserver":
        (seen,) = ask(container, ("editor", {}), script="editor_probe")
        yield judged(INTERPRETER, interpreter(seen), detail=seen["interpreter"])
        if subject.extensions:
            detail = listed([*subject.extensions], MOST_SHOWN)
            yield judged(EXTENSIONS, extensions(seen["extensions"], subject.extensions), detail=detail)


def shadowed(seen: Mapping[str, Any]) -> str:
    """No Python imports from the user site: packages of an earlier image, or of another, would replace the image's."""
    if not seen["shadowed"]:
        return ""
    return f"imports packages below ~/.local: {', '.join(seen['shadowed'])}: set PYTHONNOUSERSITE=1"


def kernels(seen: Mapping[str, Any]) -> str:
    """Every kernel starts, and every Python that can be one is one."""
    answers: Mapping[str, Mapping[str, str]] = seen["kernels"]
    broken = [
        f"the kernel {name} does not start: {one['error']}" for name, one in answers.items() if "error" in one
    ]
    offered = {one.get("where") for one in answers.values() if one["language"] == "python"}
    missing = [f"no kernel runs {prefix}/bin/python" for prefix in seen["pythons"] if prefix not in offered]
    return "; ".join((*broken, *([] if broken else missing)))


def interpreter(seen: Mapping[str, Any]) -> str:
    """The settings of code-server name the image's Python."""
    if seen["interpreter"] and seen["interpreter"] == seen["python"]:
        return ""
    named = seen["interpreter"] or "nothing"
    return f"python.defaultInterpreterPath is {named}, and `python` is {seen['python'] or 'not on PATH'}"


def extensions(seen: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """The extensions that the chain lists are among code-server's own, in their version."""
    wrong = [
        f"{name} is {seen.get(name) or 'not there'}, not {version}"
        for name, version in expected.items()
        if seen.get(name) != version
    ]
    return "; ".join(wrong)
