"""Environments of the real consumers.

Of Python: NAME.in says what they need, NAME.txt pins it (`make pins`). Of Node: a folder with package-lock.json.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


class InstallError(Exception):
    """The packages of an environment cannot be had here; the text is the last line that pip prints."""


def python_of(name: str) -> Path:
    """Return an environment's Python. Made once in the user's cache: in a folder aside and moved, so never half.

    Programs are to be started with ``-m``: the first lines of scripts name the folder aside. Raises
    :class:`InstallError`.
    """
    pins = HERE / f"{name}.txt"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "image-matrix-tests"
    content = pins.read_bytes() + repr(sys.version_info[:2]).encode()
    folder = cache / f"{name}-{hashlib.sha256(content).hexdigest()[:16]}"
    if not (folder / "bin" / "python").exists():
        cache.mkdir(parents=True, exist_ok=True)
        aside = cache / f"{folder.name}.{os.getpid()}"
        subprocess.run([sys.executable, "-m", "venv", aside], check=True)
        install = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes")
        command = [str(aside / "bin" / "python"), *install, "--requirement", str(pins)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            shutil.rmtree(aside)
            last = [name, *done.stderr.splitlines()][-1]
            raise InstallError(f"{name}: {last}")
        try:
            aside.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(aside)
    return folder / "bin" / "python"


def node_folder(name: str) -> Path:
    """Return a copy of a folder with its packages from npm, made once in the user's cache."""
    source = HERE / name
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "image-matrix-tests"
    content = b"".join(path.read_bytes() for path in sorted(source.iterdir()) if path.is_file())
    folder = cache / f"{name}-{hashlib.sha256(content).hexdigest()[:16]}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        aside = cache / f"{folder.name}.{os.getpid()}"
        shutil.copytree(source, aside)
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(install, cwd=aside, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        try:
            aside.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(aside)
    return folder
