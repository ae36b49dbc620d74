"""A package index, a registry and a download site on this machine, and a repository that is locked against them."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from image_matrix.cli import run
from image_matrix.lock import text as texts
from image_matrix.registry.reference import digest_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

MATRIX = (Path(__file__).parent / "fixtures" / "matrix.yaml").read_text(encoding="utf-8")
ARCHS = ("amd64", "arm64", "s390x")
BARE: dict[str, Any] = {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Entrypoint": [], "Cmd": ["bash"]}
"""The configuration of a distribution's image."""
PYTHONS = ("cp311", "cp312", "cp313")
MACHINES = ("x86_64", "aarch64")
TAGS = {
    "any": ("py3-none-any",),
    "both": tuple(
        f"{python}-{python}-manylinux_2_28_{machine}" for python in PYTHONS for machine in MACHINES
    ),
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class has it
        pass

    def send_head(self) -> Any:  # a folder of the index is its page; a manifest is no folder
        self.path = f"{self.path}index.html" if self.path.endswith("/") else self.path
        return super().send_head()


@dataclass(frozen=True)
class Site:
    """A package index, a registry and files, all of them below one folder that is served."""

    folder: Path
    port: int

    def package(
        self, name: str, version: str, *requires: str, tags: str = "any", index: str = "simple"
    ) -> None:
        page = self.folder / index / name / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        for tag in TAGS[tags]:
            file = page.parent / f"{name}-{version}-{tag}.whl"
            write_wheel(file, name, version, requires, tag)
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            with page.open("a", encoding="utf-8") as stream:
                stream.write(f'<a href="{file.name}#sha256={digest}">{file.name}</a>\n')

    def source(
        self,
        reference: str,
        content: str,
        *,
        archs: tuple[str, ...] = ARCHS,
        config: Mapping[str, Any] = BARE,
        index: bool = True,
    ) -> str:
        """Hold an image for some architectures, in an index or as a manifest of its own; return its digest."""
        name, _, tag = reference.partition(":")
        images = [self.image(name, content, arch, config) for arch in archs]
        if not index:
            (manifest,) = images
            return self.blob(name, "manifests", manifest, tag)
        entries = [
            {"digest": digest_of(image), "platform": {"os": "linux", "architecture": arch}}
            for arch, image in zip(archs, images, strict=True)
        ]
        text = json.dumps({"manifests": entries, "annotations": {"content": content}})
        return self.blob(name, "manifests", text.encode(), tag)

    def image(self, name: str, content: str, arch: str, config: Mapping[str, Any]) -> bytes:
        """Hold one platform's manifest and configuration; return the manifest."""
        top = {"os": "linux", "architecture": arch, "config": config, "history": [{"comment": content}]}
        blob = json.dumps(top).encode()
        self.blob(name, "blobs", blob)
        manifest = json.dumps(
            {"config": {"digest": digest_of(blob), "size": len(blob)}, "layers": []}
        ).encode()
        self.blob(name, "manifests", manifest)
        return manifest

    def blob(self, name: str, kind: str, content: bytes, tag: str | None = None) -> str:
        """Hold a manifest or blob under its digest and, perhaps, a tag."""
        folder = self.folder / "v2" / name / kind
        folder.mkdir(parents=True, exist_ok=True)
        for version in (digest_of(content), *([tag] if tag else [])):
            (folder / version).write_bytes(content)
        return digest_of(content)

    def platform_digest(self, reference: str, arch: str) -> str:
        """Return the digest of one platform's image in an index."""
        name, _, tag = reference.partition(":")
        index = json.loads((self.folder / "v2" / name / "manifests" / tag).read_bytes())
        return next(
            str(item["digest"]) for item in index["manifests"] if item["platform"]["architecture"] == arch
        )

    def file(self, name: str, content: str) -> str:
        path = self.folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return hashlib.sha256(content.encode()).hexdigest()

    def extension(
        self,
        name: str,
        version: str,
        *,
        targets: tuple[str, ...] = ("universal",),
        beta: bool = False,
        files: Mapping[str, str] | None = None,
        **manifest: Any,
    ) -> None:
        """Hold the files of an extension as Open VSX does, and what it answers about them.

        ``files`` are beside its manifest, by path. Its file for a target platform says which one it is for.
        """
        place = self.folder / "vsx/api" / name.replace(".", "/", 1)
        engines = {"vscode": manifest.pop("engine", "^1.60.0")}
        for target in targets:
            folder = place / version if target == "universal" else place / target / version
            file = f"{name}-{version}{'' if target == 'universal' else f'@{target}'}.vsix"
            (folder / "file").mkdir(parents=True)
            publisher, _, short = name.partition(".")
            known = {"publisher": publisher, "name": short, "version": version, "engines": engines}
            write_vsix(folder / "file" / file, {**known, "for": target, **manifest}, files or {})
        about = {
            "version": version,
            "preRelease": beta,
            "engines": engines,
            "downloads": dict.fromkeys(targets, "unused"),
        }
        for alias in (version, *([] if beta else ["latest"])):
            (place / alias).mkdir(exist_ok=True)
            (place / alias / "index.html").write_text(json.dumps(about))
        self._reference(place / "version-references" / "index.html", about, targets)

    def _reference(self, page: Path, about: dict[str, Any], targets: tuple[str, ...]) -> None:
        versions = json.loads(page.read_text())["versions"] if page.exists() else []
        new = [
            {key: about[key] for key in ("version", "engines")} | {"targetPlatform": one} for one in targets
        ]
        page.parent.mkdir(exist_ok=True)
        page.write_text(json.dumps({"versions": [*new, *versions], "totalSize": len(new) + len(versions)}))


def write_wheel(file: Path, name: str, version: str, requires: tuple[str, ...], tag: str) -> None:
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {item}\n" for item in requires)
    with zipfile.ZipFile(file, "w") as wheel:
        for path, text in {
            f"{name}.py": f"# {version} {tag}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
            f"{info}/RECORD": "",
        }.items():
            wheel.writestr(zipfile.ZipInfo(path), text)  # without the time: the same bytes in every test


def write_vsix(file: Path, manifest: Mapping[str, Any], files: Mapping[str, str]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in {"package.json": json.dumps(manifest), **files}.items():
            archive.writestr(zipfile.ZipInfo(f"extension/{path}"), text)


@contextmanager
def serving(
    folder: Path, handler: type[Quiet] = Quiet, context: ssl.SSLContext | None = None
) -> Iterator[Site]:
    """Serve a folder, with a ``context`` over TLS."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Site(folder, server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Repository:
    folder: Path
    site: Site

    @property
    def lock(self) -> str:
        return (self.folder / texts.FILE).read_text(encoding="utf-8")

    def write(self, text: str) -> None:
        port = self.site.port
        mirrors = {
            "pip": f"http://127.0.0.1:{port}/simple/",
            "registries": {"docker.io": f"127.0.0.1:{port}"},
            "extensions": f"http://127.0.0.1:{port}/vsx",
            "downloads": {"https://files.invalid": f"http://127.0.0.1:{port}/files"},
            "index_urls": {"https://wheels.invalid/cpu": f"http://127.0.0.1:{port}/cpu/"},
        }
        network = json.dumps({"mirrors": mirrors})
        (self.folder / "matrix.yaml").write_text(f"{text}network: {network}\n", encoding="utf-8")

    def change(self, old: str, new: str) -> None:
        path = self.folder / "matrix.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *arguments: str) -> int:
        return run(["-C", str(self.folder), *arguments])

    def packages(self, variant: str, arch: str = "amd64") -> tuple[str, ...]:
        return texts.read(self.lock).python[variant].packages[arch]
