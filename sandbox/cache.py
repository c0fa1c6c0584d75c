"""The cache outside the checkout: built tools, kept over sandboxes until `make clean`."""

import os
import shutil
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.settings import CHECKOUT, cache_folder

# Backups leave a folder with this file out, and `clean` knows its own by it: https://bford.info/cachedir/.
TAG = CHECKOUT / "sandbox" / "CACHEDIR.TAG"


def ensure() -> Path:
    """The cache's folder, made and marked as one."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / TAG.name).exists():
        shutil.copyfile(TAG, folder / TAG.name)
    return folder


def remove() -> bool:
    """Remove the cache; False when there is none. SandboxError when the folder is not marked as ours."""
    folder = cache_folder()
    if not folder.exists():
        return False
    tag = folder / TAG.name
    if not tag.exists() or tag.read_text() != TAG.read_text():
        raise SandboxError(
            f"{folder} is not marked as this project's cache ({TAG.name} is missing or another's): "
            "look what it is and remove it yourself, or set NOTEJAM_CACHE."
        )
    _make_writable(folder)
    shutil.rmtree(folder)
    return True


def _make_writable(folder: Path) -> None:
    """Go keeps the modules of an unfinished build in folders that nobody may write to."""
    for path, _folders, _files in os.walk(folder):
        os.chmod(path, 0o755)  # noqa: S103
