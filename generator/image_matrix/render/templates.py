"""Sets up Jinja for templates: strict, sandboxed, and printing only what a filter has quoted for its place."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jinja2 import (
    BaseLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
)
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from image_matrix import __version__
from image_matrix.config.layer_order import NO_KIND
from image_matrix.config.per_platform import ARCH, MACHINE
from image_matrix.diagnostics import MatrixError, Place, diagnostic, did_you_mean
from image_matrix.diagnostics import catalogue as rules
from image_matrix.render.kind_traits import has_contract, has_custom_pip, serves, traits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import BytecodeCache, Environment, Template

    from image_matrix.config.model import Kind, Variant
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.output_tree.files import File

DOCKERFILE_SUFFIX = ".Dockerfile.j2"
ADDITION = "addition"
"""The template of images without a kind on somebody else's image."""


@dataclass(frozen=True, slots=True)
class Templates:
    """The texts under ``templates/``, already read."""

    dockerfiles: Mapping[str, str]
    """File name to text: ``base.Dockerfile.j2``."""
    rootfs: Mapping[str, Mapping[str, File]] = field(default_factory=dict)
    """Kind of image to its files by path below ``/``."""
    workflows: Mapping[str, str] = field(default_factory=dict)
    """File name to text."""
    pages: Mapping[str, str] = field(default_factory=dict)
    """File name to text: ``catalog.html.j2``."""
    replaced: frozenset[str] = frozenset()
    """Paths of templates that replace a built-in one and differ from it."""
    custom: frozenset[str] = frozenset()
    """Paths below ``templates/`` of files that image-matrix does not bring."""
    compiled: BytecodeCache | None = field(default=None, compare=False)
    """The cache of compiled templates; compiling takes longer than rendering all images."""

    @property
    def kinds(self) -> frozenset[str]:
        """Return the names that ``kind:`` may give."""
        names = (
            name.removesuffix(DOCKERFILE_SUFFIX)
            for name in self.dockerfiles
            if name.endswith(DOCKERFILE_SUFFIX)
        )
        return frozenset(names) - {"skeleton", ADDITION}

    @property
    def serving(self) -> frozenset[str]:
        """Return the kinds that serve a page: they have a service that is not marked as a background service."""
        return frozenset(kind for kind in self.kinds if serves(self.rootfs.get(kind, {})))

    @property
    def kind_traits(self) -> dict[str, Kind]:
        """Return what the template of each kind says about its images."""
        return {kind: traits(self.dockerfiles, kind + DOCKERFILE_SUFFIX) for kind in self.kinds}

    @property
    def custom_contract(self) -> frozenset[str]:
        """Return the kinds that leave the user, home and entry point of a source to their own Dockerfile."""
        return frozenset(
            kind for kind in self.kinds if not has_contract(self.dockerfiles, kind + DOCKERFILE_SUFFIX)
        )

    @property
    def custom_pip(self) -> frozenset[str]:
        """Return the kinds that install Python packages without the step of the skeleton template."""
        return frozenset(
            kind for kind in self.kinds if has_custom_pip(self.dockerfiles, kind + DOCKERFILE_SUFFIX)
        )


def template_of(variant: Variant) -> str:
    """Return the file name of the template of a variant."""
    kind = ADDITION if variant.foreign and variant.kind == NO_KIND else variant.kind
    return kind + DOCKERFILE_SUFFIX


def shell(value: object) -> Markup:
    """Quote a value as one word of a POSIX shell."""
    return Markup(shlex.quote(str(value)))  # noqa: S704 - quoted here, for a shell


def dockerfile_value(value: object) -> Markup:
    """Quote a value for ``ENV``, ``LABEL`` and ``ARG``: in double quotes, with no variable expanded.

    Source: docs.docker.com/reference/dockerfile, "Environment replacement" and "Escape".
    """
    text = re.sub(r'([\\"$])', r"\\\1", str(value))
    text = text.replace(ARCH, "${TARGETARCH}").replace(MACHINE, "${TARGETMACHINE}")
    return Markup(f'"{text}"')  # noqa: S704 - quoted here, for a Dockerfile


def comment(value: object) -> Markup:
    """Make a value safe for a comment: one line."""
    return Markup(re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+", " ", str(value)))  # noqa: S704


_WORD = re.compile(r"[A-Za-z0-9/_][A-Za-z0-9._:/@+-]*")


def word(value: object) -> Markup:
    """Return a reference, name or version unquoted if it has only characters that are never special."""
    text = str(value)
    if not _WORD.fullmatch(text):
        message = f"`{text}` has characters that must be quoted here"
        raise TemplateRuntimeError(message)
    return Markup(text)  # noqa: S704 - checked here


def json_text(value: object) -> Markup:
    """Dump a value as JSON."""
    return Markup(json.dumps(value, ensure_ascii=False))  # noqa: S704


QUOTING = {"sh": shell, "env": dockerfile_value, "word": word, "comment": comment, "json": json_text}
"""The filters that are added to Jinja's: each quotes for one kind of place."""


def _only_quoted(value: Any) -> Any:  # noqa: ANN401 - Jinja's interface
    """Return a value that may be printed; raise an error for a text that no filter has quoted."""
    if isinstance(value, (Markup, int)) or value is None or value == "":
        return value
    if isinstance(value, StrictUndefined):
        return str(value)  # raises with the undefined name
    message = (
        f"`{value}` reaches the output unquoted; pass it through a filter: sh, env, word, comment or json"
    )
    raise TemplateRuntimeError(message)


class _Texts(BaseLoader):
    """Loads templates from texts; unlike jinja2.DictLoader, it puts their names into tracebacks."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:  # noqa: ARG002
        if template not in self.texts:
            raise TemplateNotFound(template)
        return self.texts[template], template, lambda: True

    def list_templates(self) -> list[str]:
        return sorted(self.texts)


def environment(
    sources: Mapping[str, str], compiled: BytecodeCache | None = None, **options: str
) -> Environment:
    """Return an environment for template texts; ``options`` are Jinja delimiters."""
    jinja = _sandbox(sources, compiled, finalize=_only_quoted, **options)
    jinja.filters |= QUOTING
    return jinja


def page_environment(sources: Mapping[str, str], compiled: BytecodeCache | None = None) -> Environment:
    """Return an environment for HTML pages; it escapes values for HTML."""
    return _sandbox(sources, compiled)


def _sandbox(sources: Mapping[str, str], compiled: BytecodeCache | None, **options: Any) -> Environment:  # noqa: ANN401
    return SandboxedEnvironment(
        loader=_Texts(sources),
        undefined=StrictUndefined,
        autoescape=True,  # outside HTML, it marks the output of macros and blocks as already quoted
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        cache_size=-1,
        bytecode_cache=compiled,
        **options,
    )


def render(template: Template, /, **values: object) -> str:
    """Render, or raise :class:`MatrixError` that names the template's line."""
    try:
        return template.render(**values)
    except Exception as error:  # whatever a template raises is the template's mistake
        raise template_error(error, template.environment, template.name or "", values) from error


def get_template(environment: Environment, name: str) -> Template:
    """Compile a template, or raise :class:`MatrixError` that names its line."""
    try:
        return environment.get_template(name)
    except TemplateError as error:
        raise template_error(error, environment, name) from error


def template_error(
    error: Exception, environment: Environment, name: str, values: Mapping[str, object] | None = None
) -> MatrixError:
    """Return the error with the template and line that it comes from; ``values`` are the names templates can use."""
    import traceback

    if isinstance(error, TemplateSyntaxError):
        name, line = error.name or name, error.lineno
    else:
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename.endswith(_TEMPLATE_ENDINGS)
        ]
        name, line = (frames[-1].filename, frames[-1].lineno or 0) if frames else (name, 0)
    problem, advice = _explained(error, environment, values or {})
    place = place_in(environment, name, line)
    return MatrixError([diagnostic(rules.TEMPLATE_ERROR, place, problem=problem, advice=advice)])


def with_builtin_hint(error: MatrixError, templates: Templates) -> MatrixError:
    """Add to the help of a failing template that there is a built-in one: the copy may be outdated."""
    from dataclasses import replace

    def explained(item: Diagnostic) -> Diagnostic:
        if item.place.file not in templates.replaced:
            return item
        advice = f"or delete this file: image-matrix {__version__} then uses its built-in template"
        return replace(item, help=f"{item.help}; {advice}")

    return MatrixError(explained(item) for item in error.diagnostics)


_TEMPLATE_ENDINGS = (".j2",)
_LINE_END = re.compile(r"\r\n|\r|\n")
"""Jinja counts lines by these."""
SEE = "`image-matrix explain IM501` lists the names and filters that templates have"


def place_in(environment: Environment, name: str, line: int) -> Place:
    """Return the place of a line in a template; line 0 is the whole file."""
    file = f"templates/dockerfiles/{name}" if name.endswith((DOCKERFILE_SUFFIX, "macros.j2")) else name
    file = f"templates/workflows/{name}" if name.endswith((".yaml.j2", ".action.j2", "parts.j2")) else file
    file = f"templates/pages/{name}" if name.endswith((".html.j2", ".js.j2")) else file
    if not line or environment.loader is None:
        return Place(file, line, 1 if line else 0)
    source = _LINE_END.split(environment.loader.get_source(environment, name)[0])[line - 1]
    text = source.strip()
    return Place(file, line, source.find(text) + 1, max(1, len(text)), source)


def _explained(error: Exception, environment: Environment, values: Mapping[str, object]) -> tuple[str, str]:
    """Return what is wrong and what to write."""
    text = str(error)
    # `${#name}` of a shell begins a comment
    if text.startswith("Missing end of "):
        advice = "write text that Jinja must not read between `{% raw %}` and `{% endraw %}`, or end the tag"
        return text, advice
    if isinstance(error, TemplateNotFound):
        return f"there is no template `{text}`", did_you_mean(text, environment.list_templates())
    if undefined := re.fullmatch(r"'(\w+)' is undefined", text):
        advice = (
            did_you_mean(undefined[1], values) if values else "this template has no values: write text there"
        )
        return f"`{undefined[1]}` is not defined in templates", advice
    if attribute := re.fullmatch(r"'(?:.*\.)?(\w+) object' has no attribute '(\w+)'", text):
        owners = [(name, value) for name, value in values.items() if type(value).__name__ == attribute[1]]
        owner, value = owners[0] if owners else (attribute[1].lower(), None)
        known = [name for name in dir(value) if not name.startswith("_")] if owners else []
        advice = did_you_mean(attribute[2], known) if known else SEE
        return f"`{owner}` has no `{attribute[2]}`", advice
    if unknown := re.fullmatch(r"No (filter|test) named '(\w+)'\.", text):
        listed = QUOTING if unknown[1] == "filter" else environment.tests
        return f"there is no {unknown[1]} `{unknown[2]}`", did_you_mean(unknown[2], listed)
    return text, SEE
