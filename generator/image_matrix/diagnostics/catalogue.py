"""Defines every diagnostic: its code, its texts and its documentation.

Codes are stable and are not reused. IM0xx: the file as YAML; IM1xx: its shape; IM2xx: references
to names; IM3xx: variants and platforms; IM4xx: names and packages; IM5xx: templates and the generated tree; IM6xx:
the lock; IM7xx: profiles; IM8xx: the generated workflow.
"""

from __future__ import annotations

from image_matrix.diagnostics import Rule

YAML_SYNTAX = Rule(
    "IM001", "yaml-syntax", "{problem}", "{advice}",
    "The file is not valid YAML. The place is that of a common mistake (a missing space after a colon, a tab, an extra quote) if "
    "correcting it helps. Otherwise it is the place where the parser stops: the mistake may be on an earlier line.",
    bad="images:\n  base: {from: debian\n", good="images:\n  base: {from: debian}\n",
)  # fmt: skip
DUPLICATE_KEY = Rule(
    "IM002", "duplicate-key", "the key `{key}` is repeated in this mapping", "{advice}",
    "YAML forbids repeated keys. Parsers that accept them keep the last one without a warning, and the first is lost.",
    bad="images:\n  base: {from: debian}\n  base: {from: ubuntu}\n", good="images:\n  base: {from: debian}\n",
)  # fmt: skip
TOO_LARGE = Rule(
    "IM003", "too-large", "the file is refused: {problem}", "{advice}",
    "Files over 16 MB, nesting deeper than 100 levels and aliases that expand to more than 1,000,000 values are refused, "
    "because they cost too much time and memory.",
)  # fmt: skip
UNREADABLE = Rule(
    "IM004", "unreadable", "cannot read {file}: {problem}", "{advice}",
    "The file does not exist, cannot be read, or is not UTF-8 text.",
)  # fmt: skip
FOREIGN_TAG = Rule(
    "IM005", "foreign-tag", "the tag `{tag}` is not allowed", "remove the tag: values are strings, numbers, booleans, lists and mappings",
    "YAML tags can create objects of other types; the matrix is plain data.",
    bad="registry: !!binary aGVsbG8=\n", good="registry: ghcr.io/example\n",
)  # fmt: skip
DECLARED_TWICE = Rule(
    "IM006", "declared-twice", "{where} is in two files", "{advice}",
    "An included file adds names, and each name is in one file: the result must not depend on the order in which the files "
    "are read. To change a matrix, use an overlay (`--overlay FILE`).",
)  # fmt: skip
BAD_INCLUDE = Rule(
    "IM007", "bad-include", "cannot include `{pattern}`: {problem}", "{advice}",
    "`include` lists files of the project, as paths or patterns that are relative to the file that names them. `*` stands for any "
    "part of a name. Files cannot include each other.",
    bad="include: [/etc/images.yaml]\n", good="include: [images/*.yaml]\n",
)  # fmt: skip

UNKNOWN_KEY = Rule(
    "IM101", "unknown-key", "unknown key `{key}` in {where}", "{suggestion}",
    "A tool that is not strict ignores a misspelt key, and builds the image without it.",
    bad="images:\n  base: {form: debian}\n", good="images:\n  base: {from: debian}\n",
)  # fmt: skip
WRONG_TYPE = Rule(
    "IM102", "wrong-type", "{where} must be {expected}, not {actual}", "{advice}",
    "The value has another type than the field.",
    bad="images:\n  base: {from: debian, apt: curl}\n", good="images:\n  base: {from: debian, apt: [curl]}\n",
)  # fmt: skip
UNQUOTED_NUMBER = Rule(
    "IM103", "unquoted-number", "{where}: YAML reads {written} as the number {value}, not as text",
    'quote it: "{written}"',
    "In YAML, an unquoted `3.10` is the number 3.1: the version changes without a warning. Quote every version.",
    bad="axes:\n  python: [3.10]\n", good='axes:\n  python: ["3.10"]\n',
)  # fmt: skip
MISSING_FIELD = Rule(
    "IM104", "missing-field", "{where} has no `{field}`", "{advice}",
    "A field that cannot be inferred is missing.",
    bad="version: 1\nimages: {}\n", good="version: 1\nregistry: ghcr.io/example/notebooks\nimages: {}\n",
)  # fmt: skip
BAD_VALUE = Rule(
    "IM105", "bad-value", "{where}: {problem}", "{advice}",
    "The value has the right type, but is not valid in this field. `image-matrix schema` prints the valid values of every field.",
    bad="version: 2\n", good="version: 1\n",
)  # fmt: skip
BAD_NAME = Rule(
    "IM106", "bad-name", "`{name}` is not a valid name of {what}", "{advice}",
    "Names become parts of image references, file paths, job ids and Kubernetes names: lower-case letters, digits and "
    "single hyphens, starting with a letter, at most 63 characters.",
    bad="images:\n  Jupyter_Lab: {from: base}\n", good="images:\n  jupyter-lab: {from: base}\n",
)  # fmt: skip
PASSWORD_IN_ADDRESS = Rule(
    "IM107", "password-in-address", "{where}: the address contains a user or a password, which everybody can read", "{advice}",
    "matrix.yaml and the Dockerfiles are committed, and Dockerfiles are part of images' history. Change a password that was "
    "committed. Logins of package indexes, mirrors and downloads are in the file that `network.netrc` names, in an overlay that is not committed; "
    "those of registries come from `docker login`.",
    bad='jupyter: {from: base, pip: {extra_index_urls: ["https://user:password@packages.example.org/simple"]}}\n',
    good='jupyter: {from: base, pip: {extra_index_urls: ["https://packages.example.org/simple"]}}\n',
)  # fmt: skip
NOT_EXPANDED = Rule(
    "IM108", "not-expanded", "{where}: `{reference}` is not expanded here: values of `env` are literal", "{advice}",
    "Values of `env` are literal, in images and in pods. To extend a variable such as PATH, write its whole value. A single "
    "program does not need this: `to: /usr/local/bin/NAME` puts a download into a folder of the default PATH.",
    bad='env: {PATH: "$PATH:/opt/tool/bin"}\n',
    good="env: {PATH: /opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/tool/bin}\n",
)  # fmt: skip
REMOVES_NOTHING = Rule(
    "IM109", "removes-nothing", "{where} does not exist, so it cannot be removed", "{suggestion}",
    "An empty value in an overlay removes the entry of that name from the matrix. A field may be missing from the matrix. A name "
    "that the matrix does not have is probably misspelt. In an image, `null` removes what defaults, bundles, the "
    "accelerator or the image itself set before; a variable of the parent's image can only be set to an empty text.",
)  # fmt: skip

UNKNOWN_PARENT = Rule(
    "IM201", "unknown-from", "image `{image}` is built from `{name}`, which is neither an image nor a source", "{suggestion}",
    "`from` names an image of this matrix, or an image from outside under its name in `sources:`.",
    bad="images:\n  jupyter: {from: bsae}\n", good="images:\n  jupyter: {from: base}\n",
)  # fmt: skip
UNKNOWN_REFERENCE = Rule(
    "IM202", "unknown-reference", "{where} names an unknown {what} `{name}`", "{suggestion}",
    "Sources, bundles, axes, accelerators and downloads are declared once, at the top of the matrix, and used by name.",
    bad="images:\n  scipy: {from: base, bundles: [ful]}\n", good="images:\n  scipy: {from: base, bundles: [full]}\n",
)  # fmt: skip
UNKNOWN_KIND = Rule(
    "IM203", "unknown-kind", "image `{image}` has an unknown kind `{name}`", "{suggestion}",
    "`kind: NAME` needs the file templates/dockerfiles/NAME.Dockerfile.j2. An image that only adds packages needs no kind.",
)  # fmt: skip
CYCLE = Rule(
    "IM204", "cycle", "images are built from each other: {cycle}", "give one of them a source: `from: SOURCE`",
    "Parents must form a tree; a cycle cannot be built.",
    bad="images:\n  a: {from: b}\n  b: {from: a}\n", good="images:\n  a: {from: debian}\n  b: {from: a}\n",
)  # fmt: skip
NO_FROM = Rule(
    "IM205", "no-from", "image `{image}` {problem}", "{advice}",
    "An image is built from exactly one thing, which `from` names: an image of this matrix, or one of `sources:`.",
    bad="images:\n  jupyter: {apt: [git]}\n", good="images:\n  jupyter: {from: base, apt: [git]}\n",
)  # fmt: skip
UNUSED = Rule(
    "IM206", "unused", "{what} `{name}` is not used by any image", "use it or remove it",
    "Nothing refers to it; often the name is misspelt where it should be used. If an unknown name of this kind exists, only that is reported.",
    severity="warning",
)  # fmt: skip
UNKNOWN_PLACEHOLDER = Rule(
    "IM207", "unknown-placeholder", "{where}: `{placeholder}` cannot be replaced", "{advice}",
    "A misspelt placeholder would go into a Dockerfile unchanged. Texts of images accept `{image}`, `{from}` and axes with their parts (`{python.minor}`); "
    "a download's address accepts `{version}` with its parts, `{arch}` and `{machine}`; an accelerator also `{version}`. `{{` and `}}` are braces.",
    bad='kubectl: {version: "1.37.0", url: "https://dl.k8s.io/v{version}/{archh}/kubectl", to: /usr/local/bin/kubectl}\n',
    good='kubectl: {version: "1.37.0", url: "https://dl.k8s.io/v{version}/{arch}/kubectl", to: /usr/local/bin/kubectl}\n',
)  # fmt: skip
EMPTY_VARIANTS = Rule(
    "IM301", "empty-variants", "image `{image}` has no variant left", "{advice}",
    "`axes` and `exclude` together exclude all combinations of axis values, so nothing can be built.",
    bad='images:\n  a: {from: debian, axes: {python: ["3.13"]}, exclude: [{python: "3.13"}]}\n',
    good='images:\n  a: {from: debian, axes: {python: ["3.13"]}}\n',
)  # fmt: skip
NO_PARENT_VARIANT = Rule(
    "IM302", "no-parent-variant", "`{image}` has {axis} {value}, but its parent `{parent}` has no such variant",
    "{advice}",
    "Each variant of a child is built on the parent's variant with the same axis values.",
)  # fmt: skip
UNKNOWN_AXIS_VALUE = Rule(
    "IM303", "unknown-axis-value", "{where}: axis `{axis}` has no value `{value}`", "{suggestion}",
    "`exclude` and `match` select among the values of the axis.",
    bad='axes: {python: ["3.13"]}\n# match: {python: "3.12"}\n', good='axes: {python: ["3.13", "3.12"]}\n',
)  # fmt: skip
AXIS_NOT_IN_IMAGE = Rule(
    "IM304", "axis-not-here", "{where}: image `{image}` has no axis `{axis}`", "{suggestion}",
    "An image has the axes of its ancestors, and those that it declares in `axes:`.",
)  # fmt: skip
SAME_TAG = Rule(
    "IM305", "same-tag", "{first} and {second} both become {what} `{name}`", "rename one of them",
    "Things of the same name overwrite each other: tags in the registry, folders on disk, targets and jobs in the workflow.",
)  # fmt: skip
PLATFORM_NOT_IN_PARENT = Rule(
    "IM306", "platform-not-in-parent", "`{image}` is built for {platform}, but its parent `{parent}` is not",
    "{advice}",
    "A child's platforms must be a subset of its parent's: for any other platform, the parent's image does not exist.",
)  # fmt: skip
NO_PLATFORM = Rule(
    "IM307", "no-platform", "image `{image}` has no platform left", "{advice}",
    "The platforms of the parent, the accelerator and the image have none in common.",
)  # fmt: skip
OTHER_PYTHON = Rule(
    "IM309", "other-python", "variant `{variant}` is built from `{source}`, whose Python is {python}",
    "give it a source with Python {wanted} (`from` in an override for `python: \"{wanted}\"`), or `python_provider: uv` with uv in `pip`, which installs that",
    "With the provider `distribution`, an image has the Python of the distribution that it is built from; the axis only names "
    "that version. If the two differ, the variant's tag is wrong, and the packages of its lock do not fit.",
    severity="warning",
    bad="images:\n  base: {from: debian-trixie, axes: {python: [\"3.11\"]}}\n",
    good="images:\n  base: {from: debian-bookworm, axes: {python: [\"3.11\"]}}\n",
)  # fmt: skip
NO_PYTHON = Rule(
    "IM310", "no-python", "{where}: `{value}` is not a version of Python 3", "{advice}",
    "A value of the axis `python` is the version that `provider: uv` and `conda` install, and that the lock resolves packages for.",
    bad='axes: {python: ["313"]}\n', good='axes: {python: ["3.13"]}\n',
)  # fmt: skip
PROVIDER_NEEDS = Rule(
    "IM311", "provider-needs", "image `{image}` gets Python from {provider}, but {problem}", "{advice}",
    "`python_provider: uv` installs the Python that the axis `python` names, with the uv of the image's `pip` list; `conda` installs "
    "it with the download `micromamba`.",
    bad="images:\n  base: {from: debian, kind: base, python_provider: uv}\n",
    good='images:\n  base: {from: debian, kind: base, axes: {python: ["3.14"]}, python_provider: uv, pip: [uv==0.13.8]}\n',
)  # fmt: skip

BAD_PACKAGE = Rule(
    "IM401", "bad-package", "`{value}` is not a valid {what}", "{advice}",
    "A list contains package names, with a version if the package manager supports it; not options, addresses or shell code.",
    bad='pip: ["--index-url=https://example.org scipy"]\n', good="pip: [scipy==1.17.1]\n",
)  # fmt: skip
BAD_REFERENCE = Rule(
    "IM402", "bad-reference", "`{value}` is not a valid {what}", "{advice}",
    "Image references are lower-case: registry.example.org/path/name, with a tag if the field requires one.",
    bad="registry: GHCR.io/Example\n", good="registry: ghcr.io/example\n",
)  # fmt: skip
PACKAGE_TWICE = Rule(
    "IM403", "package-twice", "`{name}` is repeated in this {manager} list", "keep one of them",
    "The second entry of the same package is a left-over. If the versions differ, it is unclear which one is meant.",
)  # fmt: skip
NO_INSTALLER = Rule(
    "IM404", "no-installer", "image `{image}` lists {manager} packages, but {problem}", "{advice}",
    "A package manager must be in the image before it can install packages. uv installs Python packages: the first "
    "image of a chain that lists uv installs it first. Kinds whose templates install Python packages themselves are not checked.",
    bad="images:\n  base: {from: debian}\n  lab: {from: base, pip: [jupyterlab==4.6.6]}\n",
    good="images:\n  base: {from: debian, pip: [uv==0.13.8]}\n  lab: {from: base, pip: [jupyterlab==4.6.6]}\n",
)  # fmt: skip
UNPINNED = Rule(
    "IM405", "unpinned", "the extension `{value}` has no version", "write `{value}@VERSION`",
    "Without a version, each build can install another version of the extension.",
)  # fmt: skip
SAME_PLACE = Rule(
    "IM406", "same-place", "image `{image}` has {first} and {second} both at {path}", "give one of them another `to`, or remove one",
    "The second file overwrites the first without a warning.",
    bad="downloads:\n  kubectl: {to: /usr/local/bin/kubectl, …}\n  old-kubectl: {to: /usr/local/bin/kubectl, …}\n",
    good="downloads:\n  kubectl: {to: /usr/local/bin/kubectl, …}\n  old-kubectl: {to: /usr/local/bin/kubectl-1.36, …}\n",
)  # fmt: skip
REPLACED_FILE = Rule(
    "IM407", "replaced-file", "image `{image}` puts {second} at {path}, where its ancestor `{parent}` has {first}",
    "remove it from this image or from `{parent}`, or give it another `to`",
    "The file of the ancestor is overwritten in this image and its children, but still uses space in the ancestor's layer.",
    severity="warning",
)  # fmt: skip
BUNDLES_DISAGREE = Rule(
    "IM408", "bundles-disagree", "{where} has `{first}` from the bundle `{first_bundle}` and `{second}` from `{second_bundle}`",
    "write the version that you want into the image's `{field}`: it overrides both bundles",
    "The last entry of a package wins. The second bundle would override the first without a warning.",
    bad="bundles:\n  new: {pip: [pandas==3.1.1]}\n  old: {pip: [pandas==2.2.0]}\nimages:\n  jupyter: {from: base, bundles: [new, old]}\n",
    good="images:\n  jupyter: {from: base, bundles: [new, old], pip: [pandas==3.1.1]}\n",
)  # fmt: skip
ONE_MACHINE = Rule(
    "IM409", "one-machine", "download `{name}` has one address for {archs}, and the address names {machine}",
    "write `{{arch}}` or `{{machine}}` instead of it, or write `platforms: [linux/{arch}]` for the images that list the download",
    "A file whose address names one architecture does not run on another.",
    severity="warning",
    bad='defaults: {images: {platforms: [linux/amd64, linux/arm64]}}\ndownloads:\n  tool: {version: "1", url: "https://example.org/tool-amd64", to: /usr/local/bin/tool}\n',
    good='defaults: {images: {platforms: [linux/amd64, linux/arm64]}}\ndownloads:\n  tool: {version: "1", url: "https://example.org/tool-{arch}", to: /usr/local/bin/tool}\n',
)  # fmt: skip

TEMPLATE_ERROR = Rule(
    "IM501", "template-error", "{problem}", "{advice}",
    "A template cannot be rendered. Undefined names are errors, and a value must pass a filter that quotes it for its place: `sh` (a word "
    "of a shell command), `env` (a value of ENV, LABEL or ARG), `word` (a reference, name or version), `comment`, `json`. Templates of "
    "Dockerfiles have the names `variant`, `parent`, `source`, `root`, `frontend`, `python`, `packages`, `downloads`, `extensions`, "
    "`micromamba`, `uv`, `conda_is_new`, `locked_pip`, `locked_conda`, `apt_snapshot`, `cran_snapshot`, `rootfs` and `labels`.",
)  # fmt: skip
OUTPUT_CLASH = Rule(
    "IM502", "output-clash", "two outputs have the path {path}", "rename one of the images or files",
    "Each generated file must come from one image or template.",
)  # fmt: skip
TREE_LIMIT = Rule(
    "IM503", "layer-limit", "image `{image}` has about {count} layers with those of its ancestors; the limit is {limit}",
    "merge some images of its chain into one",
    "Container runtimes refuse images with more than about 127 layers. Images with many layers also start slowly.",
)  # fmt: skip
EDITED_BY_HAND = Rule(
    "IM504", "edited-by-hand", "{problem}; `render` would {fate} it",
    "move the change to matrix.yaml or templates/, then run `image-matrix render --force`",
    "Only `image-matrix render` writes generated files. Put what a file needs beyond the matrix into a template. "
    "`render` does not touch a file that was never generated either: move it, or overwrite it with --force. A file that git has "
    "merged from two generated files, even with conflict markers, is rendered again without --force; a line in it that neither "
    "side generated is reported. Different line ends do not count as an edit: `render` writes such a file again.",
)  # fmt: skip
BAD_WHITEOUT = Rule(
    "IM505", "bad-whiteout", "{problem}", "{advice}",
    "An empty file templates/rootfs/KIND/…/.wh.NAME removes the built-in file or folder NAME of this kind, and "
    ".wh..wh..opq removes everything in its folder. If it removes nothing, it is misspelt, or image-matrix no longer has that file. "
    "To remove a file of the parent's image, add a RUN step to the Dockerfile's template.",
)  # fmt: skip

UNUSED_TEMPLATE = Rule(
    "IM506", "unused-template", "{problem}", "{advice}",
    "Below templates/, `dockerfiles/KIND.Dockerfile.j2` makes the images with `kind: KIND`, `rootfs/KIND/` has their files, and "
    "`workflows/NAME.yaml.j2` is a workflow. A file that nothing reads is mostly one whose name is misspelt.",
    severity="warning",
)  # fmt: skip

PIP_CONFLICT = Rule(
    "IM601", "pip-conflict", "`{image}` cannot be installed on `{ancestor}`: it {wants}, but the ancestor has {has}",
    "change one of the two lines: {ours} or {theirs}",
    "An image keeps the Python and conda packages of its ancestors unchanged, and what it adds must work with their versions. "
    "The message shows the two conflicting lines of the matrix, with the packages between them. Every command compares "
    "a line with the versions that ancestors pin; `lock` also finds conflicts with what other packages need. To give one variant "
    "another version, use `overrides`.",
    bad="images:\n  scipy: {from: base, pip: [numpy==2.4.6]}\n  old: {from: scipy, pip: [numpy==1.26.4]}\n",
    good="images:\n  scipy: {from: base, pip: [numpy==2.4.6]}\n  new: {from: scipy, pip: [pandas==3.1.1]}\n",
)  # fmt: skip
PIP_UNSOLVABLE = Rule(
    "IM602", "pip-unsolvable", "the Python packages of {images} cannot be resolved: {problem}", "{advice}",
    "No set of versions satisfies the requirements of the image, even without its ancestors' packages: a version does not exist for "
    "this Python and architecture, or two requirements exclude each other.",
)  # fmt: skip
CHECKSUM_MISMATCH = Rule(
    "IM603", "checksum-mismatch", "the file of {what} has the SHA-256 {actual}",
    "the matrix has {expected}: check which of the two the publisher states before you change it",
    "`lock` verifies the checksums of the matrix. If they differ, the file was replaced at its address, or "
    "the checksum belongs to another version or architecture.",
)  # fmt: skip
BAD_LOCK = Rule(
    "IM604", "bad-lock", "this is not a valid lock: {problem}",
    "restore the file of the last commit, or remove it, then run `image-matrix lock`",
    "`image-matrix lock` writes matrix.lock.yaml. After a merge conflict, take either side and run the command again.",
)  # fmt: skip
NOT_LOCKED = Rule(
    "IM605", "not-locked", "{what}: not locked", "run `image-matrix lock` and commit matrix.lock.yaml",
    "What is not locked floats: the same commit can build another image tomorrow. `check --locked` fails then.",
)  # fmt: skip
PIN_MOVED = Rule(
    "IM606", "pin-moved", "{problem}", "run `image-matrix lock`, then `image-matrix render`, and commit what they change",
    "A locked value never floats again. An entry of the lock is for one value of the matrix: the digest of a reference, the "
    "checksum of an address, the files of a variant's packages. If the matrix changes the value (another version, tag, name, "
    "index, platform or parent), nothing is rendered until the lock has an entry for the new one. New values, and values that "
    "cannot be locked, are still rendered, with a note. A value that an overlay changes floats at that site only.",
)  # fmt: skip
PLATFORM_NOT_IN_SOURCE = Rule(
    "IM607", "platform-not-in-source", "{what} has no {missing}, it has {offers}: {images}", "{advice}",
    "If a source is a single image and not an index, the engine takes it for every platform, and the result is an image of the wrong "
    "architecture. `image-matrix lock` reads from the registry which platforms each source and the frontend have, and records them.",
    bad="defaults: {images: {platforms: [linux/amd64, linux/arm64]}}\nsources: {deb: registry.example.org/amd64-only:1}\nimages: {base: {from: deb}}\n",
    good="defaults: {images: {platforms: [linux/amd64]}}\nsources: {deb: registry.example.org/amd64-only:1}\nimages: {base: {from: deb}}\n",
)  # fmt: skip
FINISHED_IMAGE = Rule(
    "IM608", "finished-image", "`{source}` is a finished image, which this build would take apart: it {signs}",
    "write `from:` with the distribution that `{source}` is built from, or give the image a `kind` whose template begins with `FROM`",
    "The built-in steps make a notebook image of a bare distribution: they remove the user 1000 and its home, put /opt/venv first on "
    "PATH, and make /init the entry point. An image that already has a user, a start script or a server does not work after that. "
    "`image-matrix lock` reads the user, entry point, command, working directory and PATH of each source, and records them.",
    bad="sources: {stacks: quay.io/jupyter/scipy-notebook:2026-08-03}\nimages: {mine: {from: stacks, kind: base}}\n",
    good="sources: {ubuntu: docker.io/library/ubuntu:24.04}\nimages: {mine: {from: ubuntu, kind: base}}\n",
)  # fmt: skip
SOURCE_UNKNOWN = Rule(
    "IM609", "source-unknown", "the lock does not know {facts} of {what}",
    "run `image-matrix lock`, which asks the registry; if the registry no longer has the locked digest, run "
    "`image-matrix lock --upgrade {name}`",
    "Only the registry knows which platforms a source has, and whether it is a finished image. `check --locked` refuses a lock "
    "without these facts, because no other check can use them.",
)  # fmt: skip
OTHER_MACHINE = Rule(
    "IM610", "other-machine", "the file of {what} is a program for {machine}, but it is downloaded for {archs}",
    "write `{{arch}}` or `{{machine}}` where the address names the architecture; `arch:` translates the publisher's names",
    "`image-matrix lock` reads from the header of a program which architecture it is for. A program for another architecture installs "
    "without an error and fails when it starts.",
    bad='downloads:\n  tool: {version: "1", url: "https://example.org/tool-amd64", to: /usr/local/bin/tool}\n',
    good='downloads:\n  tool: {version: "1", url: "https://example.org/tool-{arch}", to: /usr/local/bin/tool}\n',
)  # fmt: skip

BAD_SLUG = Rule(
    "IM701", "bad-slug", "`{slug}` is not a valid slug", "{advice}",
    "A profile's key is its slug: JupyterHub stores it with every user's last choice. It has lower-case letters, digits and "
    "single hyphens. The name that users read is `display_name`.",
    bad="profiles:\n  Data Science: {display_name: Data Science, images: [jupyter-scipy]}\n",
    good="profiles:\n  data-science: {display_name: Data Science, images: [jupyter-scipy]}\n",
)  # fmt: skip
SAME_SLUG = Rule(
    "IM702", "same-slug", "{first} and {second} are both the slug `{slug}`", "rename one of them",
    "KubeSpawner always uses the first profile with a slug: nobody can start the second one.",
    bad="profiles:\n  old: {display_name: Old, images: [a]}\n  new: {display_name: New, images: [b], aliases: [old]}\n",
    good="profiles:\n  new: {display_name: New, images: [b], aliases: [old]}\n",
)  # fmt: skip
SLUG_VANISHED = Rule(
    "IM703", "slug-vanished", "the profile `{slug}` of {revision} was removed", "{advice}",
    "JupyterHub stores the slug of a user's last choice. After the profile is removed, starts with the stored choice or by API fail "
    "with `No such profile`. Keep the slug as a hidden alias of another profile, or announce a successor in one release and remove "
    "the profile in the next. You can remove an alias when no user can have it stored.",
    good="profiles:\n  data-science: {display_name: Data science, images: [jupyter-scipy], aliases: [scipy]}\n",
)  # fmt: skip
CHOICE_VANISHED = Rule(
    "IM704", "choice-vanished", "profile `{slug}`: `{option}` lacks `{keys}` of {revision}", "{advice}",
    "JupyterHub stores the keys of a user's last choices. A start with a removed key fails with a KeyError. "
    "A key under `retired` starts its replacement, and users do not see it. You can remove it when no user can have it stored.",
    good="profiles:\n  data-science:\n    images: {scipy: jupyter-scipy}\n    retired: {images: {old-scipy: scipy}}\n",
)  # fmt: skip
SECOND_DEFAULT = Rule(
    "IM705", "second-default", "`{first}` and `{second}` are both the default profile", "keep `default: true` in one of them",
    "With two defaults, the server uses the first one and the browser's form shows the last one.",
)  # fmt: skip
HELM_ORDER = Rule(
    "IM706", "helm-order", "users see {after} before {before}: Helm sorts keys", "{advice}",
    "Helm loses the order of mappings and sorts their keys (digits as numbers). Keys that you write must be in that "
    "order. In a list, image-matrix numbers them.",
    bad="sizes: {small: small, large: large}\n", good="sizes: {1-small: small, 2-large: large}\n",
)  # fmt: skip
BAD_CHOICE_KEY = Rule(
    "IM707", "bad-choice-key", "profile `{profile}`: the choice key `{key}` {problem}", "{advice}",
    "The chart's pre-puller names a container `image-pull-profile-INDEX-option-image-KEY`: lower-case letters, digits and hyphens, "
    "at most 63 characters. One invalid key makes the DaemonSet invalid, and the whole upgrade fails.",
    bad="images: {Py3.13: jupyter-scipy}\n", good="images: {py3-13: jupyter-scipy}\n",
)  # fmt: skip
CPU_NOT_NUMBER = Rule(
    "IM708", "cpu-not-number", "{where}: `{value}` is not a number of cores", "{advice}",
    "KubeSpawner accepts CPU as a number. It refuses `500m` and \"0.5\" when a user clicks Start.",
    bad="cpu: {limit: 500m}\n", good="cpu: {limit: 0.5}\n",
)  # fmt: skip
BAD_MEMORY = Rule(
    "IM709", "bad-memory", "{where}: `{value}` is not {what}", "{advice}",
    "A size accepts bytes, or Ki, Mi, Gi and Ti as in Kubernetes. An override has KubeSpawner's syntax: bytes, or K, M, G and T, "
    "which are powers of 1024. KubeSpawner refuses Gi when a user clicks Start.",
    bad="memory: {limit: 4G}\n", good="memory: {limit: 4Gi}\n",
)  # fmt: skip
UNKNOWN_TRAIT = Rule(
    "IM710", "unknown-trait", "KubeSpawner has no setting `{name}` for profiles", "{suggestion}",
    "KubeSpawner ignores a misspelt number or text without a warning; a misspelt mapping makes the start fail.",
    bad="kubespawner_override: {cpu_limt: 2}\n", good="kubespawner_override: {cpu_limit: 2}\n",
)  # fmt: skip
REPLACES_LIST = Rule(
    "IM711", "replaces-list", "{what} replaces {lost}", "{advice}",
    "An override merges mappings and replaces lists. The chart's tolerations make user nodes reachable, its volumes contain users' "
    "homes, its init containers block the cloud's metadata server: an override would remove them. `extra_pod_config` and "
    "`extra_container_config` replace even more: a field in them replaces everything that KubeSpawner sets in that field.",
    bad="kubespawner_override: {volumes: [{name: data, emptyDir: {}}]}\n",
    good="kubespawner_override: {volumes: {data: {name: data, emptyDir: {}}}}\n",
)  # fmt: skip
FIELD_TWICE = Rule(
    "IM712", "field-twice", "profile `{profile}`: {first} and {second} both set `{field}`", "keep one of them",
    "If two parts of a choice set the same field, the one whose key sorts last wins.",
)  # fmt: skip
REQUEST_WITHOUT_LIMIT = Rule(
    "IM713", "request-without-limit", "`{name}` is requested without a limit", "set it under `extra_resource_limits` too, or use `devices:` of a size",
    "Devices and huge pages cannot be overcommitted: Kubernetes refuses a pod that requests them without the same limit.",
    bad="kubespawner_override: {extra_resource_guarantees: {nvidia.com/gpu: \"1\"}}\n", good="devices: {nvidia.com/gpu: 1}\n",
)  # fmt: skip
EXPANDED_TEXT = Rule(
    "IM714", "expanded-text", "{where}: {who} expands `{text}`", "{advice}",
    "KubeSpawner applies Python's str.format to environment values and volumes, and Flux replaces ${…} in every text of a "
    "Kustomization with postBuild. Both fail on an unknown name.",
    bad="env: {JSON: '{\"a\": 1}'}\n", good="env: {JSON_FILE: /etc/settings.json}\n",
)  # fmt: skip
HTML_TEXT = Rule(
    "IM715", "html-text", "{where}: `{text}` is an HTML tag", "write plain text",
    "JupyterHub prints names and descriptions of profiles without escaping: a tag becomes part of the page.",
    bad="description: <b>Fast</b>\n", good="description: Fast\n",
)  # fmt: skip
DEVICE_MISMATCH = Rule(
    "IM716", "device-mismatch", "profile `{profile}` offers `{image}` ({image_device}) with {size} ({size_device})", "{advice}",
    "Users choose image and size independently, so every image of a profile must fit every size. An image for GPUs starts on a pod "
    "without a GPU, but fails later; the reverse wastes a GPU.",
)  # fmt: skip
NO_HUB_PACKAGE = Rule(
    "IM717", "no-jupyterhub", "profile `{profile}`: `{image}` has no jupyterhub package", "{advice}",
    "KubeSpawner starts `jupyterhub-singleuser` in the image; without the package jupyterhub, the pod stops at once.",
    bad="images:\n  base: {from: debian}\n", good="images:\n  base: {from: debian, pip: [jupyterhub==5.5.0]}\n",
)  # fmt: skip
HUB_VERSION = Rule(
    "IM718", "hub-version", "profile `{profile}`: `{image}` has jupyterhub {version}, the hub has {hub}", "{advice}",
    "The image and the hub must have the same major version of jupyterhub; otherwise users get redirect loops and rejected tokens.",
)  # fmt: skip
NOT_FOR_NODES = Rule(
    "IM719", "not-for-nodes", "profile `{profile}`: `{image}` is not built for {platform}, which the site's nodes have", "{advice}",
    "A pod on a node of another platform cannot pull the image.",
)  # fmt: skip
TOO_MANY_PROFILES = Rule(
    "IM720", "configmap-size", "the profiles need {size} KiB of values; a ConfigMap can hold 1024 KiB", "offer fewer choices, or split the hub",
    "Kubernetes refuses a ConfigMap over 1 MiB, and the chart copies all values into a Secret. image-matrix refuses more than 900 KiB.",
)  # fmt: skip
GUARANTEE_OVER_LIMIT = Rule(
    "IM722", "guarantee-over-limit", "{where}: the guarantee {guarantee} is over the limit {limit}", "raise the limit, or lower the guarantee",
    "Kubernetes refuses a pod that requests more than its limit.",
)  # fmt: skip
INLINE_WINS = Rule(
    "IM723", "inline-wins", "{who} also sets `{path}`, and overrides {ours}", "remove this value: the profiles come from matrix.yaml",
    "Flux merges `valuesFrom` in their order, then `spec.values`. Lists are replaced as a whole, and a `targetPath` overrides nearly "
    "everything. The value of the ConfigMap does not reach the hub, and Flux does not report that.",
    severity="warning",
)  # fmt: skip
NOTHING_OFFERED = Rule(
    "IM724", "nothing-offered", "{what} has nothing to offer: {problem}", "{advice}",
    "With a profile without images, or without any profile, users get the chart's sample image.",
)  # fmt: skip
BAD_TOLERATION = Rule(
    "IM725", "bad-toleration", "{where}: {problem}, which Kubernetes refuses", "{advice}",
    "Kubernetes refuses every pod with such a toleration: nobody can start a server.",
    bad="tolerations: [{key: sku, operator: Exists, value: gpu}]\n", good="tolerations: [{key: sku, operator: Equal, value: gpu}]\n",
)  # fmt: skip
NEEDS_CHART = Rule(
    "IM726", "needs-chart", "{where} needs the JupyterHub chart 4.3 (JupyterHub 5.4) or later; {problem}", "{advice}",
    "Since the chart 4.3, volumes of a profile are added to those of the chart. In older charts they replace them: users' homes "
    "are not mounted, and their work is lost when a server stops. JupyterHub 4 does not start "
    "such a server at all. Shared memory (`shm`) is a volume too. The hub's page at /hub/admin shows the version of JupyterHub.",
    bad="sites: {hub: {jupyterhub: 5.3.0}}\nsizes: {large: {display_name: Large, shm: 4Gi}}\n",
    good="sites: {hub: {jupyterhub: 5.5.0}}\nsizes: {large: {display_name: Large, shm: 4Gi}}\n",
)  # fmt: skip
CHART_CONTRADICTS = Rule(
    "IM727", "chart-contradicts", "the chart {chart} has JupyterHub {has}, and `jupyterhub` of the site is {hub}", "{advice}",
    "The outputs are for the JupyterHub version of the site. If the release installs another version, profiles may fail to "
    "start, or lose settings.",
    severity="warning",
)  # fmt: skip
KUBERNETES_TEXT = Rule(
    "IM728", "kubernetes-text", "{where}: `{value}` is not {what}, and Kubernetes refuses the pod", "{advice}",
    "Kubernetes has rules for names, labels and quantities, and refuses an object that breaks one: nobody can start a server. "
    "KubeSpawner passes texts on unchanged.",
    bad="kubespawner_override: {extra_labels: {team: data science}}\n",
    good="kubespawner_override: {extra_labels: {team: data-science}}\n",
)  # fmt: skip
UNUSED_DEVICE = Rule(
    "IM729", "unused-device", "the site has settings for `{device}`, which no size uses", "{suggestion}",
    "`devices` of a site has the further settings of pods with a device; a name that no size uses is often misspelt.",
)  # fmt: skip

WORKFLOW_LIMIT = Rule(
    "IM801", "workflow-limit", "{problem}", "{advice}",
    "GitHub has limits: 256 jobs per matrix, 500 KB per workflow file, about 1 MB of outputs per job. A workflow over a limit does not "
    "start, or fails halfway, so it is not written.",
)  # fmt: skip
NO_LOGIN = Rule(
    "IM802", "no-login", "the workflow has no login for {host}, which does not accept GitHub's token", "{advice}",
    "GitHub's token is for ghcr.io, and is not sent to other registries. For another registry, the workflow logs in with the secrets "
    "in `network.logins`; without them it pushes without a login, which few registries allow.",
    severity="warning",
    bad="registry: quay.io/example\n",
    good="registry: quay.io/example\nnetwork: {logins: {quay.io: {username: REGISTRY_USERNAME, password: REGISTRY_PASSWORD}}}\n",
)  # fmt: skip
NO_GENERATOR = Rule(
    "IM803", "no-generator", "`workflow` has no `generator`, so the workflow's jobs do not know what to install",
    'add `generator: "image-matrix[locked] @ git+https://github.com/OWNER/NAME@COMMIT"` to `workflow:`, with the repository of image-matrix '
    "and the 40 digits of the commit that you use; if GitHub does not build your images, write `workflow: none`",
    "The jobs of the workflow run image-matrix with permission to write packages and to sign. There is no default, because anybody "
    "can register a name on a package index that the project does not own. Name a commit of a repository that runners can read "
    "without a login, a path in your repository (`./vendor/image-matrix[locked]`), an absolute path on your runners, or a version on "
    "your package index.",
    bad="workflow: {max_parallel: 4}\n",
    good='workflow:\n  generator: "image-matrix[locked] @ git+https://github.com/OWNER/NAME@0123456789abcdef0123456789abcdef01234567"\n',
)  # fmt: skip
UNLOCKED_GENERATOR = Rule(
    "IM804", "unlocked-generator", "the jobs install `{generator}` with the newest versions of everything that it needs", "write `{better}`",
    "The extra `locked` installs the dependencies of image-matrix at the versions that it was tested with. Without it, any new release "
    "of these packages runs at once in jobs that can write packages and sign.",
    severity="warning",
    bad="workflow: {generator: .}\n", good='workflow: {generator: ".[locked]"}\n',
)  # fmt: skip
EXAMPLE_REGISTRY = Rule(
    "IM805", "example-registry", "`{registry}` is the example of the documentation, not your registry",
    "write the address to push your images to, such as `ghcr.io/OWNER/notebooks` with the owner of your repository in lower case",
    "The workflow builds the images, but then the push fails: the address belongs to somebody else.",
    severity="warning",
    bad="registry: ghcr.io/example/notebooks\n", good="registry: ghcr.io/my-team/notebooks\n",
)  # fmt: skip
UNPUBLISHED_GENERATOR = Rule(
    "IM806", "unpublished-generator", "GitHub's runners install `{generator}` from PyPI, where the project does not publish it",
    "name a commit: `image-matrix[locked] @ git+https://github.com/OWNER/NAME@COMMIT`, with the repository of image-matrix and the commit's "
    "40 digits",
    "Anybody can register an unused name on PyPI; from then on, the jobs run that package with permission to write packages and to "
    "sign. This does not concern your own runners if they use your package index.",
    severity="warning",
    bad='workflow: {generator: "image-matrix[locked]==0.1.0"}\n',
    good='workflow:\n  generator: "image-matrix[locked] @ git+https://github.com/OWNER/NAME@0123456789abcdef0123456789abcdef01234567"\n',
)  # fmt: skip

RETIRED: dict[str, str] = {
    "IM308": "It was `axis-twice`. An image may name an axis of its parent again, to narrow it.",
    "IM721": "It was `nothing-offered` before the first release. It is IM724 now.",
}
"""Codes that are no longer reported, and why; they are never used again."""
RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in sorted((v for v in globals().values() if isinstance(v, Rule)), key=lambda r: r.code)
}
"""All rules by code."""
