"""What the messages about values and names call them; titles of the schema are headings, not words for a sentence."""

from __future__ import annotations

TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "empty",
}
"""Types of JSON Schema."""

PACKAGES = {
    "aptPackage": ("apt package", "write `name` or `name=version` in lower case, one package an entry"),
    "pipPackage": (
        "Python requirement",
        "write `name==version`, one package an entry, without options and addresses; an index belongs to `pip_index`",
    ),
    "condaPackage": ("conda package", "write `name=version`, one package an entry"),
    "cranPackage": (
        "CRAN package",
        "write the package's name alone; its version comes from the snapshot in the lock",
    ),
    "npmPackage": ("npm package", "write `name@version`"),
    "extension": ("extension", "write `publisher.name@version`"),
}
"""Definition in the schema to what an entry is, and what to write."""

NAMES = {
    "env": "an environment variable",
    "labels": "a label",
    "commands": "a command",
    "versions": "a Python distribution",
    "http": "an HTTP path",
    "node_selector": "a node's label",
    "hugepages": "a huge page resource",
}
"""Field to what its keys are names of."""

VALUES = {
    "AWS region": "an AWS region",
    "AWS role": "the ARN of an AWS role",
    "Address": "an http or https address",
    "Amount": "an amount of huge pages",
    "CRAN": "an http or https address",
    "Default branch": "a branch's name",
    "Finding": "the id of a finding",
    "Generator": "image-matrix with a version or a commit, `.` or an absolute path",
    "Image": "an image reference with a digest",
    "Key": "the id of a key",
    "Label": "a runner's label",
    "Largest image": "a size in whole MB or GB",
    "Lock refresh": "a schedule of five cron fields",
    "Mirror": "an http or https address",
    "Module": "a Python module",
    "Namespace": "the name of a Kubernetes namespace",
    "Open VSX": "an http or https address",
    "Package index": "an http or https address",
    "Password": "the name of a secret",
    "Path": "a path that starts with `/` or `~/`",
    "Plugin": "the name of a plugin",
    "Put to": "an absolute path of a file",
    "Release branch": "a branch's name",
    "Resource key": "a Kubernetes resource with its domain",
    "Runtime class": "the name of a Kubernetes runtime class",
    "SHA-256": "a SHA-256 of 64 lower-case hexadecimal digits",
    "Size of shared memory": "a size with K, M, G or T",
    "Unpack to": "the path of a folder below `/`",
    "Until": "a date as year-month-day",
    "User": "the name of a secret",
    "Value": "a value that a node's label can have",
    "Version": "a version",
    "Version of the hub": "a version of JupyterHub",
    "architecture name": "an architecture's name",
    "axis value": "a value of letters, digits, `.` and `_`",
    "conda": "an http or https address",
    "npm": "an http or https address",
}
"""Title of a sub-schema with a pattern to what its values are; free text in one line has none."""


def type_name(value: object) -> str:
    """Return what a value is, in words."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "a mapping"
