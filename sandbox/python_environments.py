"""Environments of Python programs whose dependencies exclude the project's own, in the cache."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox import cache, lock
from sandbox.errors import SandboxError
from sandbox.settings import cache_folder

COMPLETE = "complete"  # written last into an environment, so that one that was cut short is made anew


def ensure(requirements: Path, *options: str, python: str = sys.executable) -> Path:
    """The folder of an environment's programs, made when it is not there yet.

    `requirements` pins every package with its digest (`uv pip compile --generate-hashes`); `options` are
    more of `uv pip install`, `python` a program or a version. Raises SandboxError when the packages cannot
    be had.
    """
    content = requirements.read_bytes()
    digest = hashlib.sha256(content + sys.version.encode()).hexdigest()[:12]
    folder = cache.ensure() / "environments" / f"{requirements.stem}-{digest}"
    with lock.waiting(folder.with_suffix(".lock")):
        if not (folder / COMPLETE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run("venv", "--python", python, str(folder), requirements=requirements)
            place = ("--python", str(folder / "bin" / "python"))
            install = ("pip", "install", *place, *options, "--require-hashes", "--requirement")
            _run(*install, str(requirements), requirements=requirements)
            (folder / COMPLETE).touch()
    return folder / "bin"


def uv() -> str:
    """The `uv` program: the one that set this environment up (`UV`), the one on PATH, or the cache's own."""
    return os.environ.get("UV") or shutil.which("uv") or str(cache_folder() / "uv" / "bin" / "uv")


def _run(*arguments: str, requirements: Path) -> None:
    try:
        done = subprocess.run([uv(), *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        raise SandboxError(f"uv, which installs {requirements.name}, cannot be run: {error}.") from None
    if done.returncode:
        raise SandboxError(
            f"What {requirements} names cannot be installed: {done.stderr.strip() or 'uv says no reason'}. "
            "Mend the network or the package registry (UV_DEFAULT_INDEX), and run this again."
        )
