"""Names the inputs of a key in the words of matrix.yaml, to show which of them differ between two states."""

from __future__ import annotations

import hashlib
import posixpath
import re
from typing import TYPE_CHECKING

from image_matrix.config.conda import MICROMAMBA, conda_packages, needs_micromamba
from image_matrix.config.extensions import extension_address
from image_matrix.config.image_files import ImageFiles
from image_matrix.config.package_names import package_name
from image_matrix.config.per_platform import on_architecture
from image_matrix.config.platforms import architecture
from image_matrix.render.rootfs import by_kind, copied_kinds
from image_matrix.render.templates import DOCKERFILE_SUFFIX, template_of
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.dockerfile_build import DockerfileBuild
    from image_matrix.config.downloads import Download
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.platforms import Platform
    from image_matrix.lock.pins import Pins
    from image_matrix.output_tree.files import File
    from image_matrix.render.templates import Templates

DOCKERFILE = "Dockerfile"
_REFERENCE = re.compile(r"""\b(?:extends|include|import|from)\s+["']([^"']+)["']""")
KeyInputs = dict[str, tuple[str, ...]]
"""The name of an input (``pip packages``, ``lock: debian-trixie``) to its value as a list of texts."""


def key_inputs(
    loaded: Loaded,
    pins: Pins,
    templates: Templates,
    rendered: Mapping[str, File],
    item: Variant,
    platform: Platform,
) -> KeyInputs:
    """Return the inputs of a variant's key, except the key of its parent."""
    matrix, arch = loaded.matrix, architecture(platform)
    inputs: KeyInputs = {}
    inputs |= _source(matrix, pins, item)
    inputs |= _apt(pins, rendered, item)
    inputs |= {f"{manager} packages": packages for manager, packages in item.packages.items()}
    indexes = (*([f"default {item.index_url}"] if item.index_url else []), *item.extra_index_urls)
    inputs |= {"package indexes": indexes} if item.packages.get("pip") else {}
    inputs |= {"conda channels": item.channels} if conda_packages(item) else {}
    inputs |= dict(_fetched(matrix, pins, item, arch))
    inputs |= dict(_locked(pins, item, arch))
    inputs["environment"] = tuple(
        f"{name}={on_architecture(value, arch)}" for name, value in item.env.items()
    )
    inputs["path"] = item.path
    inputs["locale"] = (item.locale,) if item.locale else ()
    inputs["labels"] = (item.description, *(f"{name}={value}" for name, value in item.labels.items()))
    inputs["Python"] = (
        item.values.get("python", ""),
        f"provider {item.python_provider}",
        "with the source's packages" if item.system_site_packages else "",
    )
    inputs |= dict(_files(rendered, item))
    inputs["files"] = tuple(f"{path} from {source}" for path, source in item.files.items())
    inputs["scripts"] = item.scripts
    inputs |= _refreshed(pins, item)
    inputs["repositories of apt"] = tuple(f"{one} signed by {one.key}" for one in item.apt_repositories)
    inputs["files of apt"] = item.apt_files
    inputs["names of secrets"] = item.secrets
    copied = loaded.image_files.get(item.id, ImageFiles()).entries()
    inputs |= {f"file {path}": entry for path, entry in copied.items()}
    return inputs | _template(templates, rendered, item)


def dockerfile_key_inputs(loaded: Loaded, pins: Pins, item: Variant, build: DockerfileBuild) -> KeyInputs:
    """Return the inputs of the key of a variant with a Dockerfile of its user, except the keys of images."""
    files = loaded.context_files[item.id]
    entries = {posixpath.join(build.context, path): entry for path, entry in files.entries().items()}
    inputs: KeyInputs = {f"Dockerfile {build.dockerfile}": (hashlib.sha256(files.dockerfile).hexdigest(),)}
    inputs |= {f"file {path}": entry for path, entry in entries.items() if path != build.dockerfile}
    inputs["arguments"] = tuple(f"{name}={value}" for name, value in build.args.items())
    inputs["target"] = (build.target or "",)
    inputs["labels"] = tuple(f"{name}={value}" for name, value in item.labels.items())
    inputs |= _refreshed(pins, item)
    inputs["contexts"] = tuple(
        f"{name}: {image}" for name, image in build.images.items() if image != item.parent
    )
    for source in item.used_sources:
        reference = loaded.matrix.sources[source]
        inputs[f"source {source}"] = (reference,)
        inputs[f"lock: {source}"] = (pins.digests.get(reference, ""),)
    if files.syntax:
        inputs["lock: Dockerfile frontend"] = (pins.pinned(files.syntax),)
    return inputs


def _refreshed(pins: Pins, item: Variant) -> KeyInputs:
    """Return the day from which the steps are that nothing locks."""
    return {"lock: refreshed": (pins.refreshed[item.id],)} if item.id in pins.refreshed else {}


def _source(matrix: Matrix, pins: Pins, item: Variant) -> KeyInputs:
    inputs: KeyInputs = {"Dockerfile frontend": (matrix.network.frontend,)}
    inputs |= {"lock: Dockerfile frontend": (pins.digests.get(matrix.network.frontend, ""),)}
    if item.source:
        reference = matrix.sources[item.source]
        inputs |= {
            f"source {item.source}": (reference,),
            f"lock: {item.source}": (pins.digests.get(reference, ""),),
        }
    return inputs


def _apt(pins: Pins, rendered: Mapping[str, File], item: Variant) -> KeyInputs:
    """Return the moment of apt packages, if the Dockerfile has it: it has none without a step that runs apt."""
    moment = pins.apt_moments.get(item.root_source, "")
    has = bool(moment) and moment.encode() in rendered[f"{item.folder}/Dockerfile"].content
    return {f"lock: apt of {item.root_source}": (moment,)} if has else {}


def _fetched(matrix: Matrix, pins: Pins, item: Variant, arch: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in (*item.downloads, *([MICROMAMBA] if needs_micromamba(item) else [])):
        download = matrix.downloads[name]
        yield f"download {name}", (download.version, download.address(arch), *_steps(download))
        yield f"lock: {name}", (download.checksum(arch) or pins.checksums.get(download.address(arch), ""),)
    listed = dict.fromkeys(item.packages.get("extensions", ()))
    locked = pins.extensions[item.id].files if item.id in pins.extensions else {}
    for extension in (*listed, *(member for member in locked if member not in listed)):
        address = locked.get(extension, {}).get(arch) or extension_address(extension)
        yield f"lock: {extension}", (pins.checksums.get(address, ""),)


def _steps(download: Download) -> Iterator[str]:
    """Yield what is done with a downloaded file."""
    if download.to:
        yield f"to {download.to}"
    if not download.executable:
        yield "not executable"
    if download.unpack:
        yield f"unpacked in {download.unpack}"
    if download.strip:
        yield f"strip {download.strip}"
    if download.deb:
        yield "installed by apt"


def _locked(pins: Pins, item: Variant, arch: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, texts in (("Python packages", pins.requirements), ("conda packages", pins.explicit)):
        if item.id in texts:
            lines = texts[item.id].get(arch, "").splitlines()
            entries = (line for line in lines if line and not line.startswith((" ", "#")))
            yield f"lock: {name}", tuple(line.removesuffix(" \\") for line in entries)
            yield f"lock: hashes of {name}", tuple(lines)
    if item.packages.get("cran"):
        day = ("CRAN snapshot", item.cran_snapshot) if item.cran_snapshot else None
        name, value = day or ("lock: CRAN snapshot", pins.cran_snapshot or "")
        yield name, (value,)
    if item.id in pins.system_libraries:
        yield "lock: system libraries of R packages", tuple(sorted(pins.system_libraries[item.id].packages))


def _files(rendered: Mapping[str, File], item: Variant) -> Iterator[tuple[str, tuple[str, ...]]]:
    kinds = by_kind(rendered)
    for kind in copied_kinds(item, kinds):
        for path, file in kinds[kind].items():
            yield f"file /{path}", (file.mode, hashlib.sha256(file.content).hexdigest())


def _template(templates: Templates, rendered: Mapping[str, File], item: Variant) -> KeyInputs:
    hashes = {
        f"template {name.removesuffix(DOCKERFILE_SUFFIX).removesuffix('.j2')}": (
            hashlib.sha256(templates.dockerfiles[name].encode()).hexdigest(),
        )
        for name in _chain(templates, template_of(item))
    }
    return {
        "kind": (item.kind,),
        **hashes,
        DOCKERFILE: (rendered[f"{item.folder}/Dockerfile"].content.decode(),),
    }


def _chain(templates: Templates, first: str) -> list[str]:
    """Return a template and the templates that it extends, includes and imports."""
    names = [first] if first in templates.dockerfiles else []
    for name in names:
        others = dict.fromkeys(_REFERENCE.findall(templates.dockerfiles[name]))
        names += [other for other in others if other in templates.dockerfiles and other not in names]
    return names


def differences(old: KeyInputs, new: KeyInputs) -> list[str]:
    """Return the inputs that differ, as text, in the order of :func:`key_inputs`.

    A changed template counts only if the Dockerfile differs as well. The Dockerfile itself is named only if it differs
    for no other reason.
    """
    rendered = old.get(DOCKERFILE) != new.get(DOCKERFILE)
    result: list[str] = []
    for name in dict.fromkeys((*new, *old)):
        before, after = _undeclared(old, name), _undeclared(new, name)
        if name == DOCKERFILE or before == after:
            continue
        if name.startswith("template ") and not (rendered and before and after):
            continue
        hashed = name.replace("hashes of ", "")
        if hashed == name or old.get(hashed) == new.get(hashed):  # other packages have other hashes
            result.append(f"{name}{_details(name, before, after)}")
    return result or ([DOCKERFILE] if rendered else [])


def _undeclared(inputs: KeyInputs, name: str) -> tuple[str, ...]:
    """Return the value of an input; of locked packages those that the matrix does not pin itself."""
    value = inputs.get(name, ())
    if not name.startswith("lock: ") or not name.endswith(" packages"):
        return value
    declared = inputs.get(f"{_manager(name)} packages", ())
    return tuple(entry for entry in value if entry not in declared)


def _manager(name: str) -> str:
    """Return the package manager of an input such as ``pip packages`` or ``lock: Python packages``."""
    word = name.split()[-2]
    return word if word in ("apt", "pip", "conda", "cran", "npm") else "pip"


def _details(name: str, before: tuple[str, ...], after: tuple[str, ...]) -> str:
    """Return the entries of a list that were added, removed or changed."""
    if name == "kind":
        return f" {before[0]} → {after[0]}"
    if not name.endswith(" packages") or name.startswith("lock: hashes"):
        return ""
    if name.startswith("lock: ") and not after:
        return " (no longer locked)"
    kind = _manager(name)
    old = {package_name(kind, item): item for item in before if item not in after}  # type: ignore[arg-type]
    new = {package_name(kind, item): item for item in after if item not in before}  # type: ignore[arg-type]
    words = [f"{old[key]} → {item}" if key in old else f"+{item}" for key, item in new.items()]
    words += [f"-{item}" for key, item in old.items() if key not in new]
    return f" ({listed(words, 3)})" if words else " (order)"
