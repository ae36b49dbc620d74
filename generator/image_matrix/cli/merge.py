"""``profiles merge``: composes the rendered values with those of a site, as Flux does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from image_matrix.cli.printing import note, report
from image_matrix.cli.project import open_locked, render_builds
from image_matrix.cli.sites import seen_from, site_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.config.sites import Site, Toleration
    from image_matrix.diagnostics import Diagnostic, Place
    from image_matrix.profiles.compose import Composed, Source
    from image_matrix.profiles.helmrelease import HelmRelease
    from image_matrix.profiles.labelled import ValuePath

SAME: ValuePath = ("hub", "config", "KubeSpawner", "profile_list")
"""Another path of the same setting, which the chart reads after ``singleuser.profileList``."""
EXTRA: ValuePath = ("hub", "extraConfig")
"""Code that the chart runs after it has read all settings, in the order of the keys."""
SETS_PROFILES = re.compile(r"\.profile_list\s*=(?!=)")
"""What sets the list in such code."""


@click.command()
@click.option(
    "--helmrelease", "files", metavar="FILE", multiple=True, required=True,
    help="The HelmRelease, and the ConfigMaps or Secrets in its valuesFrom; repeatable.",
)  # fmt: skip
@click.argument("more", nargs=-1, metavar="[FILE]...")
@click.option(
    "--format", "format_", type=click.Choice(["table", "yaml", "json"]), default="table", show_default=True,
    help="yaml and json print values, including those of Secrets.",
)  # fmt: skip
@site_option
@click.option(
    "--strict", is_flag=True, help="Exit with 1 if there is a warning, as a check in a repository needs it."
)
@click.pass_obj
def merge(
    session: Session,
    files: tuple[str, ...],
    more: tuple[str, ...],
    format_: str,
    name: str | None,
    strict: bool,
) -> int:
    """Compose values as Flux does, offline, and show which source sets each.

    The ConfigMap of deploy/ is rendered from the matrix, unless a FILE has a ConfigMap of this name.
    """
    from pathlib import Path

    from image_matrix.diagnostics import errors
    from image_matrix.profiles.helmrelease import find_release, inline, references
    from image_matrix.profiles.installed import chart_findings, optional_profiles
    from image_matrix.project.text_files import read_text

    project = open_locked(session)
    site = seen_from(project.loaded.matrix, name, "jupyterhub").catalog.site
    rendered = _rendered(project, site)
    texts = {name: read_text(Path(name), name) for name in (*files, *more)}
    release = find_release(texts, rendered)
    sources, absent = references(release)
    ours = f"ConfigMap {site.configmap}"
    if ours not in [item.name for item in sources]:
        raise _not_taken(release, site.configmap, absent)
    for name in absent:
        note(session, f"{name} is not in any of the files, so its values are missing")
    every = [*sources, inline(release)]
    by_name = {item.name: item for item in every}
    composed = _composed(every)
    click.echo(_printed(composed, format_), nl=False)
    problems = [
        *optional_profiles(release, site.configmap),
        *chart_findings(composed.values, release, site.hub),
        *_of_hub(composed, release, site.tolerations),
        *_lost(composed, release, by_name, ours),
        *_replaced(composed, release, by_name, ours),
    ]
    report(problems)
    if errors(problems):
        return 2
    return 1 if strict and problems else 0


def _rendered(project: Project, site: Site) -> str:
    """Return the rendered ConfigMap of a site; raises :class:`CallError` where the matrix has no profiles."""
    from image_matrix.errors import CallError
    from image_matrix.project.render import render_deploy

    deploy = render_deploy(project.loaded, render_builds(project), project.pins)
    rendered = deploy.get(f"{site.folder}/jupyterhub/configmap.yaml")
    if rendered is None:
        raise CallError("the matrix has no profiles to merge", "declare one under `profiles:`")
    return rendered.content.decode()


def _composed(sources: Sequence[Source]) -> Composed:
    """Compose the values of sources, the inline ones last; raises :class:`CallError` where Flux would refuse them."""
    from image_matrix.errors import CallError
    from image_matrix.profiles.compose import compose
    from image_matrix.profiles.helmrelease import REFUSED

    *references, inline = sources
    try:
        return compose(references, inline)
    except (ValueError, RecursionError) as error:
        raise CallError(str(error), REFUSED) from error


def _not_taken(release: HelmRelease, name: str, absent: list[str]) -> Exception:
    """Return the error for a release that does not read the rendered ConfigMap."""
    from image_matrix.errors import CallError

    ours, who = f"ConfigMap {name}", f"HelmRelease {release.name}"
    if ours in absent:
        write = f"`configmap: {{name: {name}, namespace: {release.namespace}}}`"
        return CallError(
            f"{who} is in the namespace {release.namespace} and {ours} is not: Flux does not look there",
            f"write {write} for the site in matrix.yaml",
        )
    if any(item.startswith(f"{ours} key ") for item in absent):
        return CallError(f"{who} takes a key from {ours} that it does not have", "remove `valuesKey`")
    return CallError(
        f"{who} does not take values from {ours}",
        "set `configmap` of the site in matrix.yaml to the name that it takes, or add "
        f"`- {{kind: ConfigMap, name: {name}}}` to its `spec.valuesFrom`",
    )


def _printed(composed: Composed, format_: str) -> str:
    from image_matrix.profiles.labelled import shown

    if format_ == "json":
        import json

        setters = {shown(path): list(names) for path, names in composed.setters.items()}
        return (
            json.dumps({"values": composed.values, "setters": setters}, indent=2, ensure_ascii=False) + "\n"
        )
    if format_ == "yaml":
        from image_matrix.render.kubernetes.dump import dump

        return dump(composed.values)
    from image_matrix.cli.table import table
    from image_matrix.cli.terminal import terminal_width

    rows = [
        (shown(path), names[-1], ", ".join(names[:-1]) or "-") for path, names in composed.setters.items()
    ]
    return table(("path", "set by", "instead of"), rows, terminal_width())


def _of_hub(
    composed: Composed, release: HelmRelease, tolerations: Sequence[Toleration]
) -> Iterator[Diagnostic]:
    """Yield what pods lose of the hub's values, or cannot have beside them."""
    from image_matrix.config.yaml_text import as_written
    from image_matrix.diagnostics import catalogue as rules
    from image_matrix.diagnostics import diagnostic
    from image_matrix.profiles.installed import guarantees_over_limits, lost_tolerations

    lost = [*lost_tolerations(composed.values, tolerations)]
    every = as_written([*map(dict, tolerations), *(dict(item) for _, item in lost)])
    for path, item in lost:
        place = release.place(("spec", "values", *path))
        yield diagnostic(rules.LOST_TOLERATION, place, key=item.get("key", "every taint"), every=every)
    for what, guarantee, limit in dict.fromkeys(guarantees_over_limits(composed.values)):
        place = release.place(("spec", "values", "singleuser", what, "limit"))
        yield diagnostic(rules.OVER_HUB_LIMIT, place, what=what, guarantee=guarantee, limit=limit)


def _lost(
    composed: Composed, release: HelmRelease, sources: Mapping[str, Source], ours: str
) -> list[Diagnostic]:
    """Return a warning for every rendered value in place of which another source sets another one."""
    from image_matrix.diagnostics import catalogue as rules
    from image_matrix.diagnostics import diagnostic
    from image_matrix.json_data import at_path
    from image_matrix.profiles.labelled import shown
    from image_matrix.profiles.replaced_lists import advice, is_kept

    rendered = sources[ours].values
    lost = {
        path: names[-1]
        for path, names in composed.setters.items()
        if ours in names[:-1] and not is_kept(path, at_path(rendered, path), at_path(composed.values, path))
    }
    lost |= {
        SAME[: len(path)]: names[-1] for path, names in composed.setters.items() if path[: len(SAME)] == SAME
    }
    set_by = {path: f"`{shown(path)}`" for path in lost}
    for path in _code_after(composed, rendered or {}):
        lost[path] = composed.setters[path][-1]
        set_by[path] = f"`profile_list`, in code that runs later, `{shown(path)}`"
    return [
        diagnostic(
            rules.INLINE_WINS,
            _place(release, sources[winner], path),
            what=set_by[path],
            ours=ours,
            who=winner,
            advice=advice(path, at_path(rendered, path)),
        )
        for path, winner in lost.items()
    ]


def _replaced(
    composed: Composed, release: HelmRelease, sources: Mapping[str, Source], ours: str
) -> Iterator[Diagnostic]:
    """Yield a warning for every rendered list that takes the place of another source's entries."""
    from image_matrix.diagnostics import catalogue as rules
    from image_matrix.diagnostics import diagnostic
    from image_matrix.json_data import at_path
    from image_matrix.profiles.labelled import shown
    from image_matrix.profiles.replaced_lists import advice_for_both, replaced

    for path, other in replaced(composed, sources, ours):
        yield diagnostic(
            rules.INLINE_WINS,
            _place(release, sources[ours], path),
            what=f"`{shown(path)}`",
            ours=other,
            who=ours,
            advice=advice_for_both(at_path(sources[ours].values, path)),
        )


def _code_after(composed: Composed, rendered: Mapping[str, Any]) -> Iterator[ValuePath]:
    """Yield the paths of code that sets the profile list and runs after the rendered code."""
    from image_matrix.json_data import at_path
    from image_matrix.render.kubernetes.hub_config import NAME

    ours = at_path(rendered, EXTRA) or {}
    for path in composed.setters:
        code = at_path(composed.values, path) if path[: len(EXTRA)] == EXTRA else None
        later = path[-1] not in ours and (NAME not in ours or str(path[-1]) > NAME)
        if isinstance(code, str) and later and SETS_PROFILES.search(code):
            yield path


def _place(release: HelmRelease, winner: Source, path: ValuePath) -> Place:
    """Return the place of the winner in a HelmRelease: the inline value, or the reference."""
    return release.place((*winner.place, *path) if winner.place[1] == "values" else winner.place)
