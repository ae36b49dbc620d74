"""Checks what the lists of Kubeflow can carry, of all that profiles, sizes and sites say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.profiles import HUB_IMAGE
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean, human
from image_matrix.profiles import affinity, kubernetes
from image_matrix.profiles.audience import in_form, in_kinds, plain_environment, shared_environment
from image_matrix.profiles.mounts import SETTINGS as MOUNT_SETTINGS
from image_matrix.profiles.mounts import plain_mounts, shared_mounts
from image_matrix.profiles.offer import offers
from image_matrix.render.kubernetes.workspace_kind import in_one_kind
from image_matrix.text import type_name
from image_matrix.validate.findings import bad_value, once_a_place
from image_matrix.validate.profiles_overrides import each_override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.profiles import ListedChoice, Profile
    from image_matrix.config.sites import Site
    from image_matrix.diagnostics import Finding, Path, Target
    from image_matrix.profiles.offer import Offer

_ABOVE = ("spawnerFormDefaults", "spec")
"""What the settings of a form and of a WorkspaceKind are below in Kubeflow's own files."""
_OF_FORM: Mapping[str, type] = {
    **dict.fromkeys(("allowCustomImage", "hideRegistry", "hideTag"), bool),
    **dict.fromkeys(
        (
            "imagePullPolicy", "image", "imageGroupOne", "imageGroupTwo", "cpu", "memory", "gpus", "workspaceVolume",
            "dataVolumes", "affinityConfig", "tolerationGroup", "shm", "configurations", "environment",
        ),
        dict,
    ),
}  # fmt: skip
"""Fields of the form, of which the web app of another vendor may have more.

Source: kubeflow/notebooks v1.11.0, components/crud-web-apps/jupyter/manifests/base/configs/spawner_ui_config.yaml.
"""
_OF_KIND: Mapping[str, type] = {
    "spawner": dict, "podTemplate": dict, "activityRules": list, "filterRules": list,
}  # fmt: skip
"""Fields of ``spec``; the cluster drops others. Source: kubeflow/notebooks, api/v1beta1/workspacekind_types.go."""
_NODES = {*affinity.SETTINGS, "node_selector"}
_CARRIED = {
    1: _NODES.union(MOUNT_SETTINGS),
    2: _NODES.union(MOUNT_SETTINGS, ("extra_resource_limits", "extra_resource_guarantees")),
}
"""Version of Notebooks to the settings of KubeSpawner that its lists can have."""
_NOUNS = {bool: "true or false", dict: "a mapping", list: "a list"}


def kubeflow(matrix: Matrix, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    """What the lists of Kubeflow cannot carry, at the line where it is lost; and lists that would be empty."""
    if matrix.catalog.site.spawner == "kubeflow":
        yield from once_a_place(_at_site(matrix, variants))


def _at_site(matrix: Matrix, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    yield from _without_effect(matrix.catalog.site)
    yield from _settings(matrix.catalog.site)
    yield from _unwritten(matrix)
    every = offers(matrix, variants)
    yield from _empty(matrix.catalog.site, every)
    yield from _groups(matrix)
    yield from _devices(matrix.catalog.site)
    kinds = in_one_kind(matrix, variants, in_kinds(matrix.catalog.site, every))
    yield from _environment(matrix, kinds)
    yield from _mounts(matrix, kinds)
    yield from _overrides(matrix)
    yield from _choices(matrix)


def _without_effect(site: Site) -> Iterator[Finding]:
    """Fields for the version of Notebooks that the site does not have."""
    for name, version in (("web_app", 1), ("spawner_ui", 1), ("group_label", 2), ("workspace_kind", 2)):
        if getattr(site, name) and version not in site.notebooks:
            problem = f"`{name}` is for Notebooks {version}, and the site has Notebooks {site.notebooks[0]}"
            yield bad_value((*site.path, "kubeflow", name), problem, "remove it", "key")


def _settings(site: Site) -> Iterator[Finding]:
    """Settings of another shape than Kubeflow's, which its web app or the cluster would not read."""
    path: Path = (*site.path, "kubeflow")
    for key, value in site.spawner_ui.items():
        yield from _setting((*path, "spawner_ui", key), value, _OF_FORM)
    for key, value in site.workspace_kind.items():
        place = (*path, "workspace_kind", key)
        yield from _setting(place, value, _OF_KIND)
        if key not in (*_OF_KIND, *_ABOVE):
            fields = {"where": human(place[:-1]), "advice": did_you_mean(key, _OF_KIND)}
            yield rules.UNKNOWN_KEY.at(place, "key", key=key, **fields)
    template = site.workspace_kind.get("podTemplate")
    if isinstance(template, dict) and "options" in template:
        problem = "images and pods of WorkspaceKinds are made of profiles"
        advice = "write `images`, `sizes` and `profiles` instead, and remove it"
        yield bad_value((*path, "workspace_kind", "podTemplate", "options"), problem, advice, "key")


def _setting(path: Path, value: object, types: Mapping[str, type]) -> Iterator[Finding]:
    key = str(path[-1])
    if key in _ABOVE:
        problem = f"`{key}` has no place here: these settings are laid over what is below it"
        yield bad_value(path, problem, f"write what is below `{key}` one level up", "key")
    elif value is not None and not isinstance(value, types.get(key, object)):
        expected = _NOUNS[types[key]]
        yield rules.WRONG_TYPE.at(
            path, expected=expected, actual=type_name(value), advice=f"write {expected}"
        )


def _unwritten(matrix: Matrix) -> Iterator[Finding]:
    """Settings that are laid over lists, where no list is written: these are made of profiles."""
    if any(catalog.profiles for catalog in matrix.catalogs.values()):
        return  # a site without any is another finding then
    site = matrix.catalog.site
    for name in ("spawner_ui", "workspace_kind"):
        if getattr(site, name):
            problem = f"`{name}` is laid over a list of profiles, and there is no profile"
            what = "`profiles: {lab: {display_name: Lab, images: [IMAGE], sizes: [SIZE]}}`"
            advice = f"declare one, such as {what}, with images and sizes that the matrix has"
            fields = {"what": f"the site `{site.name}`", "problem": problem, "advice": advice}
            yield rules.NOTHING_OFFERED.at((*site.path, "kubeflow", name), "key", **fields)


def _empty(site: Site, every: Sequence[Offer]) -> Iterator[Finding]:
    """A version of Notebooks for which no profile is left."""
    if not all(offer.images for offer in every):
        return  # the names of images are wrong, which is another finding
    for version, choose in ((1, in_form), (2, in_kinds)):
        if every and version in site.notebooks and not choose(site, every):
            what = f"Kubeflow Notebooks {version} of `{site.name}`"
            which = "profile that is not deprecated" if version == 1 else "profile"
            problem = f"no {which} has an image and a size for everybody"
            advice = f"offer a profile with an image of this matrix to everybody{_or_else(site, version)}"
            yield rules.NOTHING_OFFERED.at(site.path, "key", what=what, problem=problem, advice=advice)


def _or_else(site: Site, version: int) -> str:
    if version == 2:
        return f", or {_write_label(site)}"
    if 2 not in site.notebooks:
        return ""
    return f", or write `notebooks: 2` under `sites.{site.name}.kubeflow` if the cluster has that alone"


def _groups(matrix: Matrix) -> Iterator[Finding]:
    """Profiles that are left out, since a list is the same for everybody; and groups that are no value of a label."""
    site = matrix.catalog.site
    lost = _without_groups(site)
    for name, profile in matrix.catalog.profiles.items():
        path: Path = ("profiles", name, "groups")
        if profile.groups and lost:
            problem = f"the list knows no groups, so profile `{name}` is not in it"
            yield _lost(path, site, lost, problem, _instead_of_groups(matrix, lost))
        yield from _no_labels(site, path, profile.groups)


def _without_groups(site: Site) -> tuple[int, ...]:
    """Return the versions of Notebooks whose lists know no groups."""
    return tuple(version for version in site.notebooks if version == 1 or not site.group_label)


def _no_labels(site: Site, path: Path, groups: Sequence[str]) -> Iterator[Finding]:
    for at, group in enumerate(groups if site.group_label else ()):
        if not kubernetes.LABEL_VALUE.fits(group):
            problem = f"`{group}` is not the value of a label, which `{site.name}` compares it with"
            yield bad_value((*path, at), problem, kubernetes.LABEL_VALUE.rule)


def _instead_of_groups(matrix: Matrix, lost: tuple[int, ...]) -> str:
    site, hubs = matrix.catalog.site, _hubs(matrix)
    if 2 in lost:
        return _write_label(site)
    if 2 in site.notebooks:
        return (
            f"if the cluster has Notebooks 2 alone, write `notebooks: 2` under `sites.{site.name}.kubeflow`"
        )
    if hubs:
        return f"write `sites: [{hubs}]` in the profile, or remove `groups` to offer it to everybody"
    return "remove `groups` to offer it to everybody"


def _hubs(matrix: Matrix) -> str:
    """Return the sites with JupyterHub, as a list has them."""
    sites = (catalog.site for catalog in matrix.catalogs.values())
    return ", ".join(site.name for site in sites if site.spawner == "jupyterhub")


def _for_hubs(matrix: Matrix, field: str) -> str:
    """Return how a field is written that is for JupyterHub alone."""
    hubs = _hubs(matrix)
    if not hubs:
        return "remove it"
    return (
        f"if JupyterHub alone needs it, move it: `overrides: [{{match: {{site: [{hubs}]}}, {field}: {{…}}}}]`"
    )


def _write_label(site: Site) -> str:
    return (
        f"write `group_label: LABEL` under `sites.{site.name}.kubeflow`, with the label of namespaces whose value is "
        "the group; it is for Notebooks 2"
    )


def _devices(site: Site) -> Iterator[Finding]:
    """Runtime classes and huge pages."""
    for name, placement in site.devices.items():
        path = (*site.path, "devices", name)
        if placement.runtime_class:
            problem = f"its pods have no runtime class, so not `{placement.runtime_class}`"
            advice = "make it the default runtime of the nodes with these devices, and remove this line"
            yield _lost((*path, "runtime_class"), site, site.notebooks, problem, advice)
        if placement.hugepages and 1 in site.notebooks:
            problem = "its pods have no huge pages"
            advice = "if the cluster has Notebooks 2 alone, write `notebooks: 2`; otherwise remove this line"
            yield _lost((*path, "hugepages"), site, (1,), problem, advice)


def _environment(matrix: Matrix, kinds: Mapping[str, list[tuple[Offer, ...]]]) -> Iterator[Finding]:
    """Variables of one profile, where a WorkspaceKind has the same for all of its images."""
    site = matrix.catalog.site
    for name, profile in matrix.catalog.profiles.items():
        path: Path = ("profiles", name, "env")
        for variable, value in profile.env.items():
            if variable not in plain_environment(profile):
                problem = f"it has no names to fill in, so not those of `{value}`"
                yield _lost((*path, variable), site, site.notebooks, problem, _for_hubs(matrix, "env"))
            elif any(variable not in shared_environment(offers) for offers in kinds.get(name, ())):
                problem = f"pods of one IDE have the same variables, so not `{variable}`"
                advice = "set it in the image, or alike in every profile with this IDE"
                yield _lost((*path, variable), site, (2,), problem, advice)


def _mounts(matrix: Matrix, kinds: Mapping[str, list[tuple[Offer, ...]]]) -> Iterator[Finding]:
    """Volumes that not every pod has, and mounts of volumes that only the hub has."""
    site = matrix.catalog.site
    for slug, profile in matrix.catalog.profiles.items():
        for name in MOUNT_SETTINGS:
            plain = getattr(plain_mounts(profile), name)
            alike = [getattr(shared_mounts(offers), name).values() for offers in kinds.get(slug, ())]
            given = profile.override.get(name, {})
            for key in given if isinstance(given, dict) else range(len(given)):
                path: Path = ("profiles", slug, "kubespawner_override", name, key)
                if key not in plain:
                    problem = f"its pods know neither names to fill in nor volumes of a hub, so not `{key}`"
                    advice = _for_hubs(matrix, "kubespawner_override")
                    yield _lost(path, site, site.notebooks, problem, advice)
                elif any(plain[key] not in one for one in alike):
                    problem = f"pods of one IDE have the same volumes, so not `{key}`"
                    yield _lost(path, site, (2,), problem, "mount it alike in every profile with this IDE")


def _overrides(matrix: Matrix) -> Iterator[Finding]:
    """Settings of KubeSpawner that have no field in Kubeflow; options that are lost as a whole are another finding."""
    site = matrix.catalog.site
    for path, override in each_override(matrix):
        for name in override if "profile_options" not in path else ():
            carried = _CARRIED if len(path) == len(("profiles", "NAME", "kubespawner_override")) else {}
            lost = tuple(version for version in site.notebooks if name not in carried.get(version, ()))
            if lost:
                problem = f"its pods have no setting for `{name}`"
                yield _lost((*path, name), site, lost, problem, _for_hubs(matrix, str(path[-1])))


def _choices(matrix: Matrix) -> Iterator[Finding]:
    """Choices that no list of Kubeflow has, and options."""
    site = matrix.catalog.site
    for slug, profile in matrix.catalog.profiles.items():
        for field, listed in profile.listed.items():
            for key, choice in listed.choices.items():
                path: Path = ("profiles", slug, field, *listed.place(key))
                if field == "images" and (problem := _not_listed(matrix, choice)):
                    yield _lost(path, site, site.notebooks, problem, _at_hubs(matrix), "value")
                elif choice.groups:
                    yield from _groups_of_choice(
                        matrix, profile, ("profiles", slug, field, key, "groups"), choice
                    )
        yield from _options(matrix, profile)


def _groups_of_choice(
    matrix: Matrix, profile: Profile, path: Path, choice: ListedChoice
) -> Iterator[Finding]:
    site = matrix.catalog.site
    lost = _without_groups(site)
    if lost:
        problem = f"the list knows no groups, so choice `{path[-2]}` is not in it"
        advice = _write_label(site) if 2 in lost else _at_hubs(matrix)
        yield _lost(path, site, lost, problem, advice)
    elif profile.groups and not {*profile.groups} & {*choice.groups}:
        problem = "a namespace is of one group, and none is that of the profile and of the choice"
        yield _lost(path, site, (2,), problem, _at_hubs(matrix))
    yield from _no_labels(site, path, choice.groups)


def _options(matrix: Matrix, profile: Profile) -> Iterator[Finding]:
    """Images of users' own, and further options."""
    site, base = matrix.catalog.site, ("profiles", profile.slug, "profile_options")
    image = profile.options.get("image")
    if image and image.unlisted_choice:
        lost = tuple(
            item for item in site.notebooks if item == 2 or not site.spawner_ui.get("allowCustomImage")
        )
        custom = f"write `spawner_ui: {{allowCustomImage: true}}` under `sites.{site.name}.kubeflow`"
        advice = f"{custom} for Notebooks 1" if 1 in lost else _for_hubs(matrix, "profile_options")
        if lost:
            problem = "users cannot name an image of their own"
            yield _lost((*base, "image", "unlisted_choice"), site, lost, problem, advice)
    for name in profile.more_options:
        problem = "its lists have images and sizes only"
        yield _lost((*base, name), site, site.notebooks, problem, _for_hubs(matrix, "profile_options"))


def _not_listed(matrix: Matrix, choice: ListedChoice) -> str:
    """Return why an image is in no list; nothing if it is."""
    if choice.name == HUB_IMAGE:
        return "it has no image of a hub"
    if choice.release == "previous":
        return "the list has the current release only"
    if choice.name in matrix.sources:
        return f"`{choice.name}` is not built here, and nothing says that it serves below NB_PREFIX"
    return ""


def _at_hubs(matrix: Matrix) -> str:
    hubs = _hubs(matrix)
    return f"write `sites: [{hubs}]` in the choice, if it is for JupyterHub alone" if hubs else "remove it"


def _lost(
    path: Path, site: Site, versions: tuple[int, ...], problem: str, advice: str, target: Target = "key"
) -> Finding:
    which = f" Notebooks {versions[0]}" if len(versions) == 1 else ""
    return rules.LOST_ON_KUBEFLOW.at(
        path, target, which=which, site=site.name, problem=problem, advice=advice
    )
