"""The base of Notejam's image where no registry can be reached: Debian with Python.

debootstrap makes it of the machine's own release, from apt's mirror; the cache keeps it as an OCI archive.
"""

import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from sandbox.buildah import LAST_LINES, Buildah
from sandbox.errors import SandboxError
from sandbox.machine.packages import SYSTEM_PATH
from sandbox.settings import cache_folder

PACKAGES = ("ca-certificates", "python3", "python3-venv")
# What nothing reads in a container. Copyright files stay, as the licences ask.
UNUSED = (
    "usr/share/locale/*",
    "usr/share/man/*",
    "usr/share/info/*",
    "usr/share/lintian",
    "var/cache/apt/*",
    "var/cache/debconf/*-old",
    "var/lib/apt/lists/*",
    "var/lib/dpkg/*-old",
    "var/log/*",
)


def archive(buildah: Buildah, progress: Callable[[str], None]) -> Path:
    """The base image as an OCI archive in the cache, made when it is not there."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    recipe = "\n".join([release, platform.machine(), *PACKAGES, *UNUSED])
    path = cache_folder() / "images" / f"base-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.tar"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        tree = buildah.folder / "debian"
        progress(f"base image: debootstrap of {release}")
        _debootstrap(release, tree)
        remove_unused(tree)
        progress("base image: packing")
        _pack(buildah, tree, path)
        shutil.rmtree(tree)
    return path


def apt_mirror(release: str) -> str:
    """The URL from which apt gets the packages of `release`; SandboxError when it has none."""
    listing = output("apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)")
    for line in listing.splitlines():
        codename, component, url = line.split(" ", 2)
        if (codename, component) == (release, "main"):
            return url
    raise SandboxError(
        f"apt has no source of {release or 'this system'} to make a base image from: add its mirror to "
        "/etc/apt/sources.list and run `apt-get update`, or name another base by NOTEJAM_BASE_IMAGE."
    )


def output(*command: str) -> str:
    """What a command prints, or nothing where there is no such command."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def remove_unused(tree: Path) -> None:
    """Remove from the Debian in `tree` what a container does not need."""
    for pattern in UNUSED:
        for path in tree.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    for document in (tree / "usr/share/doc").rglob("*"):
        if document.name != "copyright" and not document.is_dir():
            document.unlink()
    for compiled in tree.rglob("__pycache__"):
        shutil.rmtree(compiled)


def _debootstrap(release: str, tree: Path) -> None:
    if shutil.which("debootstrap", path=_path()) is None or os.geteuid() != 0:
        raise SandboxError(
            "Making a base image needs root and debootstrap (on Debian `apt-get install debootstrap`); "
            "or name an image that can be reached by NOTEJAM_BASE_IMAGE."
        )
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", release]
    done = subprocess.run(
        [*command, tree, apt_mirror(release)],
        env={**os.environ, "PATH": _path()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-LAST_LINES:])
        raise SandboxError(f"debootstrap of {release} ended with {done.returncode}:\n{said}")


def _pack(buildah: Buildah, tree: Path, path: Path) -> None:
    container = buildah.run("from", "scratch")
    buildah.run("add", "--quiet", container, tree, "/")
    search = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    buildah.run("config", "--env", search, "--cmd", "python3", container)
    temporary = path.with_name(f".{path.name}")
    temporary.unlink(missing_ok=True)
    buildah.run("commit", "--quiet", "--rm", container, f"oci-archive:{temporary}")
    temporary.rename(path)


def _path() -> str:
    return os.environ.get("PATH", os.defpath) + os.pathsep + SYSTEM_PATH
