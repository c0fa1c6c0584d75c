"""`make down`: stops a sandbox, removes what it made on the machine, and looks whether that worked."""

import contextlib
import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

from sandbox import claims, lock, supervisor
from sandbox.errors import SandboxError
from sandbox.kubernetes.teardown import teardown
from sandbox.machine import bridge
from sandbox.settings import SETTINGS_FILE, Settings, runtime_folder, sandbox_folder

MOUNTS = Path("/proc/self/mountinfo")


def down() -> list[str]:
    """Take the sandbox down and return what was removed; nothing is there to do the second time.

    Works on a sandbox that is half made or whose processes were killed. Raises SandboxError that names what
    could not be removed.
    """
    folder = sandbox_folder()
    with lock.exclusive(folder, "make down") as lock_file:
        removed = _remove(folder)
        lock_file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # other sandboxes have theirs in it
        runtime_folder().rmdir()
    return removed


def _remove(folder: Path) -> list[str]:
    settings = _settings(folder)
    if settings is None:
        if folder.exists() and any(folder.iterdir()):
            raise SandboxError(f"{folder} holds no sandbox, so its files are left alone.")
        return []
    removed = [f"{len(list(supervisor.processes(folder)))} processes"]
    supervisor.stop(settings)
    if settings.tier == "node":
        removed += teardown(settings)
    removed += [f"mount {mount}" for mount in _unmount(folder)]
    if bridge.remove(settings):
        removed.append(f"bridge {settings.bridge}")
    if left := leftovers(settings):
        raise SandboxError(
            f"Something of the sandbox in {folder} could not be removed: {'; '.join(left)}. "
            "Remove it yourself, then run `make down` again; the folder stays until then."
        )
    shutil.rmtree(settings.socket("supervisor.sock").parent, ignore_errors=True)
    shutil.rmtree(folder)
    for claim in claims.claims():
        if folder in (claim.folder, *claim.folder.parents):  # its own, and those of its further clusters
            claims.release(claim.folder)
    return [*removed, f"folder {folder}"]


def leftovers(settings: Settings) -> list[str]:
    """What of the sandbox is still on the machine, its folder aside."""
    found = [f"process {process}" for process in supervisor.processes(settings.folder)]
    found += [f"mount {mount}" for mount in _mounts(settings.folder)]
    if bridge.exists(settings):
        found.append(f"bridge {settings.bridge}")
    if settings.tier == "node" and shutil.which("iptables-save"):
        rules = subprocess.run(["iptables-save"], capture_output=True, text=True, check=False).stdout
        names = (f"{settings.bridge} ", str(settings.subnet), str(settings.pod_network))
        found += [
            f"iptables rule {rule}" for rule in rules.splitlines() if any(n in f"{rule} " for n in names)
        ]
    return found


def _settings(folder: Path) -> Settings | None:
    """The sandbox's settings; where they cannot be read, what its claim tells of them."""
    if (folder / SETTINGS_FILE).exists():
        with contextlib.suppress(SandboxError):
            return Settings.load(folder)
    claim = claims.claimed(folder)
    if claim is None:
        return None
    unreadable = Settings(
        name=claim.name,
        folder=folder,
        index=claim.index,
        tier="node",
        notejam_port=0,
        access_key_id="",
        secret_access_key="",
        git_token="",
    )
    has_node = os.geteuid() == 0 and bridge.exists(unreadable)
    return unreadable if has_node else dataclasses.replace(unreadable, tier="virtual")


def _unmount(folder: Path) -> list[str]:
    """Unmount what is mounted below the folder, the deepest first: removing files must not reach through."""
    mounts = _mounts(folder)
    for mount in mounts:
        subprocess.run(["umount", "--lazy", mount], capture_output=True, check=False)
    return mounts


def _mounts(folder: Path) -> list[str]:
    points = [line.split()[4].encode().decode("unicode_escape") for line in MOUNTS.read_text().splitlines()]
    return sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True)
