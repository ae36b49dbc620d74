"""Asks the disk for the files of the repository that settings of a matrix name.

What images copy, run, install and are built from is asked for where it is read, also at a revision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Finding, Rule
    from image_matrix.diagnostics import Path as Setting
    from image_matrix.render.templates import Templates

PROJECTS = ("pyproject.toml", "setup.py")
"""Files one of which a folder has that pip and uv install; packaging.python.org, "Build System Interface"."""
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""Names of the file of a kustomization; kubectl.docs.kubernetes.io/references/kustomize/glossary."""


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file, or a folder, of the repository that a setting names."""

    setting: Setting
    value: str
    advice: str = ""
    """What to do if it is missing, in place of the advice to correct the path."""
    folder: str = ""
    """The folder in the repository that ``value`` is relative to."""
    needs: tuple[str, ...] = ()
    """Files one of which it has if it may be a folder."""
    rule: Rule = rules.BAD_VALUE

    def place(self, root: Path) -> Path:
        """Return the path on disk of what is named, in a repository."""
        return root / self.folder / self.value

    def usable(self, root: Path) -> Path | None:
        """Return the file that is there: what is named, or in that folder what makes it usable."""
        place = self.place(root)
        every = (place, *(place / name for name in self.needs))
        return next((path for path in every if path.is_file()), None)


def named_files(loaded: Loaded, templates: Templates) -> Iterator[NamedFile]:
    """Yield the files that settings name by a path in the repository; an absolute path is one of a runner.

    What a run may make itself is only warned of: steps of the repository's own templates of workflows can do so.
    """
    has_templates = any(path.startswith("templates/workflows/") for path in templates.replaced)
    rule = rules.ABSENT_FILE if has_templates else rules.BAD_VALUE
    network, public_key = loaded.matrix.network, loaded.matrix.release.sign.public_key
    every = (
        *_generator(loaded.matrix.workflow.generator or "", rule),
        *_setting(("network", "ca_bundle"), network.ca_bundle, network.ca_bundle_variable, rule),
        *_setting(("network", "netrc"), network.netrc, network.netrc_secret, rules.ABSENT_FILE),
        *_setting(("release", "sign", "public_key"), public_key, None, rules.BAD_VALUE),
        *_web_apps(loaded),
    )
    yield from (one for one in every if not one.value.startswith("/"))


def _setting(setting: Setting, value: str | None, variable: str | None, rule: Rule) -> Iterator[NamedFile]:
    if value and variable is None:
        yield NamedFile(setting, value, rule=rule)


def _generator(generator: str, rule: Rule) -> Iterator[NamedFile]:
    """Yield what the jobs install, if it is a path in the repository: it begins with `.`."""
    path = generator.partition("[")[0]
    if path.startswith("."):
        advice = (
            "put it there, correct the path, or write "
            "`image-matrix[locked] @ git+https://github.com/OWNER/NAME@COMMIT`, with the repository of image-matrix "
            "and the commit's 40 digits"
        )
        yield NamedFile(("workflow", "generator"), path, advice, needs=PROJECTS, rule=rule)


def _web_apps(loaded: Loaded) -> Iterator[NamedFile]:
    """Yield the kustomizations of web apps, if they are paths for sure: kustomize takes other texts as addresses."""
    for site in (catalog.site for catalog in loaded.matrix.catalogs.values()):
        if (site.web_app or "").startswith(("./", "../")):
            folder = f"deploy/{site.name}/kubeflow/notebooks-1"
            advice = advice_if_absent(folder)
            setting = (*site.path, "kubeflow", "web_app")
            yield NamedFile(setting, site.web_app or "", advice, folder, KUSTOMIZATIONS)


def advice_if_absent(folder: str) -> str:
    """Return what to do without a file whose path is relative to a folder."""
    return f"put it there, or correct the path: it is relative to {folder}/"


def fault(root: Path, named: NamedFile) -> Finding | None:
    """Return what is wrong with a named file in the repository below ``root``."""
    if named.usable(root):
        return None
    advice = named.advice or advice_if_absent(root.resolve().name)
    return named.rule.at(named.setting, problem=_problem(root, named), advice=advice)


def _problem(root: Path, named: NamedFile) -> str:
    if named.place(root).is_dir():
        lacks = f"has no {named.needs[0]}" if named.needs else "is not a file"
        return f"the folder {named.value} {lacks}"
    what = "file or folder" if named.needs else "file"
    return f"the {what} {named.value} does not exist"
