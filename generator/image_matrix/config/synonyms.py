"""Lists words of Docker, Compose, bake, KubeSpawner and other matrices, each with what to write instead.

A word stands in lower case, with ``_`` between its parts. :mod:`image_matrix.config.foreign_words` reads the table.
"""

from __future__ import annotations

from dataclasses import dataclass

TOP = ("",)
IMAGE = ("images.*",)
OF_IMAGE = ("images.*", "images.*.overrides.*")
SETTINGS = (*OF_IMAGE, "defaults.images")
PACKAGES = (*OF_IMAGE, "bundles.*")
PROFILE = ("profiles.*", "defaults.profiles")
POD = ("sizes.*", *PROFILE)
CHOICE = ("profiles.*.images.*", "profiles.*.sizes.*")
OPTION = ("profiles.*.profile_options.image", "profiles.*.profile_options.size")
SITE_OVERRIDE = (
    "sizes.*.overrides.*",
    "profiles.*.overrides.*",
    *(f"{choice}.overrides.*" for choice in CHOICE),
)
SITE = ("sites.*", "defaults.sites")
BUILDKIT = ("sites.*.buildkit",)
SCAN = ("release.scan",)
"""Places: paths in the matrix, with ``*`` for a name or a position."""

TEMPLATE = "write a template, `templates/dockerfiles/NAME.Dockerfile.j2`, and `kind: NAME`"
DONE_FOR_YOU = "remove it: `image-matrix build` and the workflow take care of it"


@dataclass(frozen=True, slots=True)
class Word:
    """Words that are not ours at some places, and what to write there instead."""

    words: tuple[str, ...]
    where: tuple[str, ...]
    ours: str
    """The field as YAML: ``{value}`` is what is written, ``{list}`` a list of it, ``{name}`` one name of it and so on
    (:func:`image_matrix.config.foreign_words.forms`). What starts with another word than a field and a colon is advice,
    with the same placeholders in ``<…>``."""
    under: str = ""
    """Where the field belongs, from the top of the matrix if it starts with a dot, else from the same mapping."""
    of: str = ""
    """The only type that it answers: ``text``, ``list`` or ``mapping``."""
    has: str = ""
    """A key of its mapping, without which it does not answer; a slash is any key with one, as devices have."""


WORDS: tuple[Word, ...] = (
    # what images are built on
    Word(("parent", "base", "base_image", "baseimage", "from_image", "source", "image", "upstream"), OF_IMAGE,
         "from: {name}"),
    Word(("depends_on", "needs"), OF_IMAGE, "from: {name}"),
    Word(("inherits", "extends"), OF_IMAGE,
         "write `from: <name>` to build on it, or `bundles: [<name>]` to share its packages"),
    Word(("template", "type", "recipe"), SETTINGS, "kind: {name}"),
    # variants of images
    Word(("only", "matrix", "strategy", "variants"), IMAGE, "axes: {axes}"),
    Word(("if", "when", "where", "only", "axes"), ("images.*.overrides.*",), "match: {value}"),
    Word(("python",), SETTINGS, "python_provider: {provider}", of="mapping"),
    Word(("python", "python_version"), IMAGE, "axes: {{python: {texts}}}"),
    Word(("platform", "arch", "architecture", "architectures"), SETTINGS, "platforms: {platforms}"),
    Word(("gpu", "cuda", "device", "devices", "accelerators"), SETTINGS, "accelerator: {name}"),
    # packages of images and bundles
    Word(("requirements", "python_packages", "pip_packages", "python_requirements", "pypi"), PACKAGES,
         "pip: {list}", of="list"),
    Word(("requirements", "requirements_file"), PACKAGES,
         "name the file: `pip: {files: <list>}`", of="text"),
    Word(("apt_packages", "apt_get", "system_packages", "debs"), PACKAGES, "apt: {list}"),
    Word(("conda_packages", "mamba", "dependencies"), PACKAGES, "conda: {list}", of="list"),
    Word(("r", "r_packages", "cran_packages"), PACKAGES, "cran: {list}"),
    Word(("node", "npm_packages", "node_packages"), PACKAGES, "npm: {list}"),
    Word(("vscode", "vscode_extensions", "code_extensions"), PACKAGES, "extensions: {list}"),
    Word(("packages",), PACKAGES, "name the installer: `apt: <list>`, `pip: <list>` or `conda: <list>`"),
    Word(("pip_index", "index_url", "pip_index_url", "default_index"),
         (*SETTINGS, "bundles.*", "accelerators.*"), "index_url: {value}", under="pip"),
    Word(("extra_index_url", "extra_index_urls"),
         (*SETTINGS, "bundles.*", "accelerators.*"), "extra_index_urls: {list}", under="pip"),
    Word(("index", "default_index"),
         ("images.*.pip", "images.*.overrides.*.pip", "defaults.images.pip", "accelerators.*.pip", "bundles.*.pip"),
         "index_url: {value}"),
    Word(("index_urls", "extra_index_url"),
         ("images.*.pip", "images.*.overrides.*.pip", "defaults.images.pip", "accelerators.*.pip", "bundles.*.pip"),
         "extra_index_urls: {list}"),
    Word(("conda_file", "conda_files", "conda_environment", "environment_file", "environment_yml"), PACKAGES,
         "files: {list}", under="conda"),
    Word(("lock", "locks", "lockfile", "lock_file", "conda_lock", "file", "environment_file", "env_file"),
         ("images.*.conda", "images.*.overrides.*.conda", "bundles.*.conda"), "files: {list}"),
    Word(("conda_channels",), (*SETTINGS, "bundles.*", "accelerators.*"), "channels: {list}", under="conda"),
    Word(("channel",), ("images.*.conda", "images.*.overrides.*.conda", "defaults.images.conda", "accelerators.*.conda",
                        "bundles.*.conda"),
         "channels: {list}"),
    # what images set
    Word(("environment", "environment_variables", "env_vars", "variables", "envs"),
         (*SETTINGS, "accelerators.*", *PROFILE), "env: {mapping}"),
    Word(("label", "annotations"), SETTINGS, "labels: {mapping}"),
    Word(("versions", "has"), PACKAGES, "provides: {mapping}"),
    Word(("versions",), ("images.*.tests", "images.*.overrides.*.tests", "bundles.*.tests"),
         "write `provides: <mapping>` beside `tests`, not in it"),
    Word(("size", "size_limit", "max_image_size"), SETTINGS, "max_size: {value}"),
    Word(("arg", "build_args", "buildargs"), SETTINGS, "args: {mapping}"),
    Word(("build_contexts", "additional_contexts"), SETTINGS, "contexts: {mapping}"),
    Word(("build",), SETTINGS, "context: {value}", of="text"),
    Word(("build",), SETTINGS, "name the folder as `context`; `dockerfile`, `args` and `target` are beside it",
         of="mapping"),
    Word(("stage",), SETTINGS, "target: {name}"),
    Word(("tag", "image_tags", "tag_names"), SETTINGS, "tags: {list}"),
    Word(("repo", "image_repository"), SETTINGS, "repository: {name}"),
    Word(("name", "image_name"), IMAGE, "remove it: the key below `images` is the name of the image"),
    Word(("runners", "timeout_minutes", "free_disk"), IMAGE,
         "overrides: [{{match: {{image: {owner}}}, {word}: {value}}}]", under=".workflow"),
    # what a Dockerfile does in images
    Word(("run", "cmd", "command", "entrypoint", "user", "workdir", "working_dir", "copy", "add", "expose", "ports",
          "volume", "volumes", "healthcheck", "shell", "dockerfile_inline"), OF_IMAGE, TEMPLATE),
    Word(("cache_from", "cache_to", "no_cache", "no_cache_filter", "pull", "output", "outputs", "push", "attest",
          "cache"), OF_IMAGE, DONE_FOR_YOU),
    Word(("lang", "language", "locales"), SETTINGS, "locale: {value}"),
    # bundles, sources, downloads, accelerators
    Word(("ref", "reference", "from", "name", "url"), ("sources.*",), "image: {name}"),
    Word(("uri", "address", "link", "source"), ("downloads.*",), "url: {value}"),
    Word(("path", "dest", "destination", "target", "file", "bin"), ("downloads.*",), "to: {value}"),
    Word(("extract", "unarchive", "untar"), ("downloads.*",), "unpack: {value}"),
    Word(("strip_components",), ("downloads.*",), "strip: {value}"),
    Word(("checksum", "checksums", "sha", "hash", "digest"), ("downloads.*",), "sha256: {value}"),
    Word(("sha_512", "sha512sum"), ("downloads.*",), "sha512: {value}"),
    Word(("arches", "architectures"), ("downloads.*",), "arch: {value}"),
    Word(("resource", "resource_name"), ("accelerators.*",), "device: {name}"),
    Word(("cuda_version",), ("accelerators.*",), "version: {text}"),
    Word(("driver", "driver_version", "minimum_driver"), ("accelerators.*",), "min_driver: {text}"),
    Word(("platform", "arch", "architectures"), ("accelerators.*", *SITE), "platforms: {platforms}"),
    # sections
    Word(("services", "targets", "target"), TOP, "images: {value}", of="mapping"),
    Word(("matrix", "variants", "strategy"), TOP, "axes: {axes}"),
    Word(("base", "bases", "base_images", "upstreams", "parents"), TOP, "sources: {value}", of="mapping"),
    Word(("from", "base", "base_image", "parent"), TOP, "sources: {{NAME: {name}}}", of="text"),
    Word(("registries", "repository", "prefix", "image_prefix"), TOP, "registry: {name}"),
    Word(("binaries", "artifacts", "tools"), TOP, "downloads: {value}", of="mapping"),
    Word(("devices",), TOP, "write it for a site, `sites: {NAME: {devices: <value>}}`", of="mapping", has="/"),
    Word(("devices", "gpus", "cuda"), TOP, "accelerators: {value}", of="mapping"),
    Word(("package_sets", "package_lists", "packages"), TOP, "bundles: {value}", of="mapping"),
    Word(("apt",), TOP, "apt: {{snapshot: {snapshot}}}", under=".defaults.images", of="mapping", has="snapshot"),
    Word(("apt", "pip", "conda", "cran", "npm", "extensions"), TOP, "bundles: {{NAME: {{{word}: {value}}}}}"),
    Word(("resources", "flavors", "flavours", "instance_types"), TOP, "sizes: {value}", of="mapping"),
    Word(("profile_list",), TOP,
         "write each entry below `profiles:`, with its slug as the key, `profiles: {NAME: {display_name: TEXT}}`; "
         "`image-matrix import profiles FILE` does it for you"),
    Word(("site", "hub", "cluster"), TOP, "sites: {{hub: {value}}}", of="mapping"),
    Word(("includes", "import", "imports"), TOP, "include: {list}"),
    Word(("hubs", "clusters"), TOP, "sites: {value}", of="mapping"),
    Word(("templates", "kinds"), TOP,
         "remove it: kinds are files, `templates/dockerfiles/NAME.Dockerfile.j2`, and an image names one"),
    Word(("group", "groups", "function"), TOP, "remove it: `image-matrix build NAME` builds what you name"),
    # what has moved into a section
    Word(("platform", "platforms", "arch", "architectures"), TOP, "platforms: {platforms}", under=".defaults.images"),
    Word(("env", "environment"), TOP, "env: {mapping}", under=".defaults.images"),
    Word(("labels", "max_size", "python_provider", "system_site_packages", "accelerator", "kind"), TOP,
         "{word}: {value}", under=".defaults.images"),
    Word(("template",), TOP, "kind: {value}", under=".defaults.images"),
    Word(("apt_snapshot",), (*TOP, *SETTINGS), "snapshot: {snapshot}", under=".defaults.images.apt"),
    Word(("frontend", "mirrors", "ca_bundle", "trusted_hosts", "proxy", "netrc", "logins", "builtin_frontend"),
         (*TOP, "workflow"), "{word}: {value}", under=".network"),
    Word(("docker_config",), (*TOP, "workflow"), "{word}: {value}", under=".network"),
    Word(("dockerconfigjson", "docker_auth_config"), (*TOP, "workflow", "network"), "docker_config: {value}",
         under=".network"),
    Word(("login",), (*TOP, "workflow", "network"), "logins: {{{host}: {value}}}", under=".network"),
    Word(("generator", "default_branch", "staging", "runners", "timeout_minutes", "max_parallel",
          "lock_schedule", "free_disk", "commit_generated"), TOP, "{word}: {value}", under=".workflow"),
    Word(("prune", "cleanup", "clean_up", "garbage_collection", "retention"), (*TOP, "release"), "prune: {{}}",
         under=".workflow"),
    Word(("cleanup", "clean_up", "garbage_collection"), ("workflow",), "prune: {{}}"),
    Word(("keep", "keep_last", "releases"), ("workflow.prune",), "keep_releases: {value}"),
    Word(("days", "older", "older_than", "min_age"), ("workflow.prune",), "older_days: {value}"),
    Word(("cron",), ("workflow.prune",), "schedule: {value}"),
    Word(("dry_run",), ("workflow.prune",), "a dry run is the default; `delete: true` deletes"),
    Word(("ci", "github", "actions"), TOP, "workflow: {value}"),
    Word(("build",), TOP,
         "name the section of each field: `workflow` for jobs, `release` for signing, `network` for logins"),
    Word(("sign", "scan", "sbom", "compression"), (*TOP, "workflow", "network"), "{word}: {value}", under=".release"),
    Word(("release_branch",), (*TOP, "workflow"), "branch: {value}", under=".release"),
    # network, workflow, release
    Word(("ca", "ca_cert", "ca_certificate", "ca_certificates", "certificates"), ("network",), "ca_bundle: {name}"),
    Word(("insecure", "insecure_registries", "insecure_hosts", "trusted_host", "tls_verify", "verify_ssl"),
         ("network", "network.mirrors"), "trusted_hosts: {list}", under=".network"),
    Word(("http_proxy",), (*TOP, "network"), "proxy: {{http: {value}}}", under=".network"),
    Word(("https_proxy",), (*TOP, "network"), "proxy: {{https: {value}}}", under=".network"),
    Word(("no_proxy",), (*TOP, "network"), "proxy: {{no_proxy: {list}}}", under=".network"),
    Word(("proxies",), (*TOP, "network"), "proxy: {value}", under=".network"),
    Word(("pip_indexes", "pip_index_urls", "extra_index_urls"), ("network.mirrors",), "index_urls: {value}"),
    Word(("frontend",), ("network.mirrors",), "builtin_frontend: true", under=".network"),
    Word(("pypi", "index_url"), ("network.mirrors",), "pip: {name}"),
    Word(("docker", "dockerhub", "docker_hub", "docker.io"), ("network.mirrors",), "registries: {{docker.io: {name}}}"),
    Word(("r",), ("network.mirrors",), "cran: {name}"),
    Word(("openvsx", "open_vsx"), ("network.mirrors",), "extensions: {name}"),
    Word(("conda_forge", "channel_alias"), ("network.mirrors",), "conda: {name}"),
    Word(("branch", "main_branch"), ("workflow",), "default_branch: {name}"),
    Word(("timeout",), ("workflow", "workflow.overrides.*"), "timeout_minutes: {value}"),
    Word(("parallel", "concurrency", "max_jobs"), ("workflow",), "max_parallel: {value}"),
    Word(("schedule", "cron"), ("workflow",), "lock_schedule: {value}"),
    Word(("runs_on", "runner"), ("workflow", "workflow.overrides.*"), "runners: {{linux/amd64: {value}}}"),
    Word(("images",), ("workflow",), "overrides: {overrides}", of="mapping"),
    Word(("image", "platform"), ("workflow.overrides.*",), "{word}: {value}", under="match"),
    Word(("max_size",), ("workflow.overrides.*",), "write `max_size: <value>` at the image, below `images`"),
    Word(("release_branch",), ("release",), "branch: {value}"),
    Word(("signing", "signer"), ("release",), "sign: {value}"),
    Word(("scanning", "scanner"), ("release",), "scan: {value}"),
    Word(("only_fixed", "ignore_unfixed"), SCAN, "fixed_only: {value}"),
    Word(("fail_on", "fail_on_severity", "severities", "threshold"), SCAN,
         "write `severity: HIGH` for the lowest one that stops a release: LOW, MEDIUM, HIGH or CRITICAL"),
    Word(("exceptions", "ignored", "ignores", "ignorefile", "ignore_file"), SCAN,
         "write `ignore: [{id: CVE-2026-0001, until: \"2026-12-31\", reason: TEXT}]`"),
    Word(("auto_update", "cache_dir", "database", "db", "db_repository", "java_db_repository", "skip_db_update",
          "update_url"), SCAN,
         "write the scanner's own variable, as in `env: {TRIVY_DB_REPOSITORY: registry.example.org/trivy-db:2}` or "
         "`env: {GRYPE_DB_UPDATE_URL: \"https://files.example.org/grype/v6/latest.json\"}`"),
    # sizes, profiles, sites
    Word(("mem_limit", "memory_limit"), ("sizes.*",), "limit: {memory}", under="memory"),
    Word(("mem_guarantee", "memory_guarantee"), ("sizes.*",), "guarantee: {memory}", under="memory"),
    Word(("cpu_limit",), ("sizes.*",), "limit: {value}", under="cpu"),
    Word(("cpu_guarantee",), ("sizes.*",), "guarantee: {value}", under="cpu"),
    Word(("limits", "max"), ("sizes.*.cpu", "sizes.*.memory"), "limit: {value}"),
    Word(("request", "requests", "min"), ("sizes.*.cpu", "sizes.*.memory"), "guarantee: {value}"),
    Word(("mem", "ram"), ("sizes.*",), "memory: {value}", of="mapping"),
    Word(("mem", "ram"), ("sizes.*",), "limit: {memory}", under="memory", of="text"),
    Word(("cpus",), ("sizes.*",), "limit: {value}", under="cpu"),
    Word(("accelerator", "accelerators"), ("sizes.*",), "devices: {devices}"),
    Word(("gpu", "gpus"), ("sizes.*",), "devices: {{nvidia.com/gpu: {count}}}"),
    Word(("extra_resource_limits", "extra_resource_guarantees"), ("sizes.*",), "devices: {devices}"),
    Word(("shm_size", "shared_memory"), ("sizes.*",), "shm: {memory}"),
    Word(("resources", "limits", "requests"), ("sizes.*",),
         "write amounts as in `cpu: {limit: 2, guarantee: 0.5}`, `memory: {limit: 4Gi, guarantee: 1Gi}` and "
         "`devices: {nvidia.com/gpu: 1}`"),
    Word(("name", "title", "label"), ("sizes.*", "profiles.*"), "display_name: {name}"),
    Word(("image", "image_spec"), PROFILE[:1], "images: [{name}]"),
    Word(("choices", "image_options"), PROFILE[:1], "images: {value}"),
    Word(("resources", "size", "resource"), PROFILE, "sizes: {names}"),
    Word(("resources",), ("profiles.*.retired",), "sizes: {value}"),
    Word(("options",), PROFILE[:1], "profile_options: {value}", of="mapping"),
    Word(("slug",), PROFILE[:1], "remove it: the key below `profiles` is the slug"),
    Word(("display_order",), PROFILE[:1], "remove it: users see profiles, and the options of each, in the order of the "
         "matrix"),
    Word(("display_order",), (*OPTION, *CHOICE), "remove it: users see options and choices in the order of the matrix"),
    Word(("unlisted_choice",), PROFILE[:1], "unlisted_choice: {value}", under="profile_options.image", of="mapping"),
    Word(("group", "allowed_groups"), (*PROFILE, *CHOICE), "groups: {list}"),
    Word(("mem_limit", "mem_guarantee", "cpu_limit", "cpu_guarantee", "memory", "cpu", "devices", "shm"), PROFILE,
         "write amounts in a size, `sizes: {NAME: {display_name: TEXT}}` at the top of the matrix, and name it here: "
         "`sizes: [NAME]`"),
    Word(("cmd", "default_url", "extra_annotations", "extra_containers", "extra_labels", "extra_pod_config", "fs_gid",
          "gid", "http_timeout", "init_containers", "lifecycle_hooks", "notebook_dir", "priority_class_name",
          "service_account", "storage_capacity", "storage_class", "uid", "volume_mounts", "volumes"),
         (*POD, *CHOICE), "{word}: {value}", under="kubespawner_override"),
    Word(("env", "environment"), CHOICE, "environment: {mapping}", under="kubespawner_override"),
    Word(("image_pull_policy", "working_dir", "node_selector"), CHOICE, "{word}: {value}",
         under="kubespawner_override"),
    Word(("title", "label"), (*CHOICE, "profiles.*.profile_options.*"), "display_name: {name}"),
    Word(("slug", "key"), CHOICE, "remove it: the key of the choice is what the hub stores"),
    Word(("mem_limit", "mem_guarantee", "cpu_limit", "cpu_guarantee", "memory", "cpu", "devices", "shm", "tolerations"),
         CHOICE, "remove it: a size sets that, below `sizes:` at the top of the matrix"),
    Word(("axes", "python", "variant", "variants"), CHOICE[:1],
         "remove it: `axes` of the profile makes a choice of each variant of its images"),
    Word(("size", "sizes"), CHOICE[:1], "remove it: users choose image and size apart; images with other sizes are "
         "another profile"),
    Word(("image", "images"), CHOICE[1:], "remove it: users choose image and size apart; sizes for other images are "
         "in another profile"),
    Word(("choices",), OPTION[:1], "remove it: the choices are the `images:` of the profile"),
    Word(("choices",), OPTION[1:], "remove it: the choices are the `sizes:` of the profile"),
    Word(("unlisted",), OPTION, "unlisted_choice: {value}", of="mapping"),
    Word(("site", "sites"), SITE_OVERRIDE, "site: {value}", under="match"),
    Word(("runtime_class", "runtime_class_name"), POD,
         "write it for the device of a site: `sites: {NAME: {devices: {nvidia.com/gpu: {runtime_class: <value>}}}}` at "
         "the top of the matrix"),
    Word(("start_timeout",), POD, "remove it, and set `singleuser.startTimeout` in the chart's values"),
    Word(("node_affinity", "nodeselector"), POD, "node_selector: {mapping}"),
    Word(("accelerators",), SITE, "devices: {devices}"),
    Word(("hub_version", "jupyterhub_version", "version"), SITE, "jupyterhub: {text}"),
    Word(("chart_version", "helm_chart"), SITE, "chart: {text}"),
    Word(("image_pull_secrets", "pull_secret", "image_pull_secret"), SITE, "pull_secrets: {list}"),
    Word(("target_namespace",), SITE, "namespace: {name}"),
    Word(("type", "kind"), SITE, "spawner: {name}"),
    Word(("storage_class", "storageclass", "storage_class_name"), BUILDKIT, "storage_class: {value}", under="cache"),
    Word(("size", "storage", "capacity", "storage_size"), BUILDKIT, "size: {value}", under="cache", of="text"),
    Word(("persistence", "volume", "pvc", "persistent_volume_claim", "gc", "garbage_collection"), BUILDKIT,
         "write it as in `cache: {size: 100Gi, storage_class: NAME, max_used_space: 80%}`"),
    Word(("storage_class_name", "storageclass"), ("sites.*.buildkit.cache",), "storage_class: {value}"),
    Word(("resources", "limits", "requests"), BUILDKIT,
         "write amounts as in `cpu: {limit: 8, guarantee: 2}` and `memory: {limit: 16Gi, guarantee: 4Gi}`"),
    Word(("limits", "max"), ("sites.*.buildkit.cpu", "sites.*.buildkit.memory"), "limit: {value}"),
    Word(("request", "requests", "min"), ("sites.*.buildkit.cpu", "sites.*.buildkit.memory"), "guarantee: {value}"),
    Word(("rootless", "security_context"), BUILDKIT,
         "remove it: BuildKit is rootless, or root of a user namespace with `host_users: false`"),
    Word(("image", "version", "tag"), BUILDKIT,
         "remove it: the image is pinned; a kustomization of yours can set another one with `images`"),
    Word(("replicas", "replica_count"), BUILDKIT,
         "remove it: each replica would have a cache of its own; more `cpu` and `memory` make it faster"),
    Word(("mirrors", "registries", "registry_mirrors"), BUILDKIT,
         "write it for all builds: `network: {mirrors: {registries: {docker.io: HOST}}}` at the top of the matrix"),
    Word(("insecure", "insecure_registries"), BUILDKIT,
         "write it for all builds: `network: {trusted_hosts: [HOST]}` at the top of the matrix"),
    Word(("proxy",), BUILDKIT,
         "write it for all builds: `network: {proxy: {https: ADDRESS}}` at the top of the matrix"),
    Word(("certificates", "tls_secret", "mtls", "certs"), BUILDKIT, "tls: {value}", of="text"),
    Word(("address", "url", "host"), BUILDKIT, "endpoint: {value}", of="text"),
    Word(("ca", "ca_bundle", "ca_certificates"), BUILDKIT, "ca_configmap: {value}", of="text"),
    Word(("otel", "tracing", "opentelemetry"), BUILDKIT, "telemetry: {value}", of="mapping"),
    Word(("network_policy", "allowed", "allow"), BUILDKIT, "clients: {value}", of="list"),
    Word(("jobs", "build", "builds", "cron_job", "cronjob"), BUILDKIT, "job: {value}", of="mapping"),
    Word(("image_pull_secrets", "pull_secret", "image_pull_secret"), BUILDKIT, "pull_secrets: {list}"),
    Word(("extra_profiles", "extra_profile"), TOP,
         "write them for a site, `sites: {NAME: {extra_profiles: [{display_name: TEXT}]}}` at the top of the matrix"),
    Word(("accelerator_optional",), PROFILE, "write `accelerator_optional: true` at the image, below `images`"),
)  # fmt: skip
