"""Profiles, sizes and sites that are valid, as the text of an overlay."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from image_matrix.profiles import traits

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,4})?", fullmatch=True)
TEXTS = st.text(
    st.characters(exclude_categories=["C", "Zl", "Zp"], exclude_characters="{}<>&"), min_size=1, max_size=30
).filter(lambda text: text != "=")
LABELS = st.dictionaries(
    st.from_regex(r"[a-z]{1,5}/[a-z]{1,5}", fullmatch=True), st.sampled_from(["a", "true", "1"]), max_size=2
)
TOLERATIONS = st.lists(
    st.fixed_dictionaries(
        {"key": st.sampled_from(["sku", "gpu", "1"]), "operator": st.just("Exists")},
        optional={"effect": st.sampled_from(["NoSchedule", "NoExecute"])},
    ),
    max_size=2,
    unique_by=json.dumps,
)
MEMORY = st.one_of(
    st.integers(2**20, 2**40),
    st.builds("{}Ki".format, st.integers(1024, 9999)),
    st.builds("{}{}".format, st.integers(1, 999), st.sampled_from(["Mi", "Gi", "Ti"])),
)
CPU = st.one_of(st.integers(1, 64), st.floats(0.05, 64, allow_nan=False).map(lambda value: round(value, 2)))


def _of(names: frozenset[str], values: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return dict.fromkeys(sorted(names), values)


WORDS = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
ENTRY = {
    "volumes": {"name": "more", "emptyDir": {}},
    "volume_mounts": {"name": "more", "mountPath": "/more"},
    "init_containers": {"name": "more", "image": "more:1"},
    "extra_containers": {"name": "more", "image": "more:1", "image_pull_policy": "Always"},
}
OVERRIDES = st.fixed_dictionaries(
    {},
    optional={
        **_of(traits.TEXTS - {"storage_capacity", "image_pull_policy"}, WORDS),
        "storage_capacity": st.sampled_from(["10Gi", "1T", "500M"]),
        "image_pull_policy": st.sampled_from(["Always", "IfNotPresent", "Never"]),
        **_of(traits.INTEGERS, st.integers(1, 60000)),
        **_of(traits.BOOLEANS, st.booleans()),
        **_of(
            traits.LISTS - {"supplemental_gids", "storage_access_modes"},
            st.lists(WORDS, min_size=1, max_size=2),
        ),
        "storage_access_modes": st.lists(
            st.sampled_from(["ReadWriteOnce", "ReadWriteMany"]), min_size=1, max_size=2, unique=True
        ),
        "supplemental_gids": st.lists(st.integers(1, 1000), min_size=1, max_size=2),
        "extra_labels": st.dictionaries(WORDS, WORDS, max_size=2),
        "environment": st.dictionaries(
            st.from_regex(r"Y_[A-Z]{1,5}", fullmatch=True),
            st.one_of(WORDS, st.just({"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}})),
            max_size=2,
        ),
        "extra_pod_config": st.fixed_dictionaries(
            {}, optional={"host_ipc": st.booleans(), "hostname": WORDS}
        ),
        "container_security_context": st.fixed_dictionaries({"capabilities": st.just({"add": ["SYS_NICE"]})}),
        **{name: st.just({"more": entry}) for name, entry in ENTRY.items()},
    },
)
"""What a profile may set beside its fields; of sizes' fields nothing, which would be set twice."""


def size(device: bool) -> st.SearchStrategy[dict[str, Any]]:
    side = st.sampled_from(["limit", "guarantee"])
    amounts = {
        "cpu": st.dictionaries(side, CPU, max_size=1),
        "memory": st.dictionaries(side, MEMORY, max_size=1),
        "shm": st.sampled_from(["64Mi", "1Gi", "8Gi"]),
        "node_selector": LABELS,
        "tolerations": TOLERATIONS,
    }
    devices = {"devices": st.fixed_dictionaries({"nvidia.com/gpu": st.integers(1, 8)})} if device else {}
    return st.fixed_dictionaries({"display_name": TEXTS, **devices}, optional=amounts)


@st.composite
def catalogs(draw: st.DrawFn) -> str:
    """An overlay of tests/profiles/base.yaml in JSON, which is YAML."""
    made: dict[str, Any] = {"sizes": {}, "profiles": {"gpu": None}}
    for device in (False, True):
        sizes = draw(
            st.dictionaries(NAMES.map(f"s{int(device)}{{}}".format), size(device), min_size=1, max_size=3)
        )
        made["sizes"] |= sizes
        slugs = draw(st.lists(NAMES.map(f"p{int(device)}{{}}".format), min_size=1, max_size=3, unique=True))
        for slug in slugs:
            made["profiles"][slug] = draw(profile(device, list(sizes), slug))
    slugs = [slug for slug, item in made["profiles"].items() if item]
    if draw(st.booleans()):
        made["profiles"][draw(st.sampled_from(slugs))]["default"] = True
    return json.dumps(made, ensure_ascii=False)


@st.composite
def profile(draw: st.DrawFn, device: bool, sizes: list[str], slug: str) -> dict[str, Any]:
    images = ["jupyter-cuda"] if device else draw(st.permutations(["jupyter", "jupyter-scipy"]))
    offered = images[: draw(st.integers(1, len(images)))]
    chosen = draw(st.lists(st.sampled_from(sizes), min_size=1, unique=True))
    return {
        "display_name": draw(TEXTS),
        "images": offered,
        "sizes": chosen,
        **draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "description": TEXTS,
                    "order": st.integers(-100, 100),
                    "axes": st.sampled_from([["python"], {"python": ["3.11", "3.13"]}, {"python": "3.11"}]),
                    "groups": st.lists(NAMES, min_size=1, max_size=2, unique=True),
                    "aliases": st.just([f"was-{slug}"]),
                    "env": st.dictionaries(st.from_regex(r"X_[A-Z]{1,5}", fullmatch=True), TEXTS, max_size=2),
                    "tolerations": TOLERATIONS,
                    "kubespawner_override": OVERRIDES,
                },
            )
        ),
    }
