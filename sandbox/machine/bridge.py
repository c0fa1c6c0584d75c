"""The host bridge that a sandbox with a real node listens on, and the databases' addresses on it."""

import os
import subprocess

from sandbox.errors import SandboxError
from sandbox.settings import Settings

DATABASES = range(64, 128)  # the host numbers of database instances and their endpoints: a /26


def ensure(settings: Settings) -> bool:
    """Have the bridge up with the gateway's and the databases' addresses; needs root.

    Returns whether it had to be made, so that nodes of an earlier one have lost their cable to it. They have
    their addresses in network namespaces of their own.
    """
    if settings.tier != "node":
        return False
    missing = not exists(settings)
    if missing:
        _ip("link", "add", settings.bridge, "type", "bridge")
    # Without one of its own it takes that of a node's cable, and another one when that node goes: those that
    # stay would send to the old address until they ask anew, some ten seconds later.
    _ip("link", "set", settings.bridge, "address", f"02:6e:6a:73:00:{settings.index:02x}")
    _ip("addr", "replace", f"{settings.address(1)}/{settings.subnet.prefixlen}", "dev", settings.bridge)
    _ip("link", "set", settings.bridge, "up")
    # A local route makes every address of the block one to listen on, also after a reboot of the machine.
    _ip("route", "replace", "local", f"{settings.address(DATABASES[0])}/26", "dev", settings.bridge)
    return missing


def remove(settings: Settings) -> bool:
    """Remove the bridge with its addresses and routes; returns whether there was one."""
    if not exists(settings):
        return False
    _ip("link", "delete", settings.bridge)
    return True


def exists(settings: Settings) -> bool:
    """Whether the sandbox's bridge is there; one of that name is another user's where ours has no node."""
    return settings.tier == "node" and os.path.exists(f"/sys/class/net/{settings.bridge}")


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxError(f"`ip {' '.join(words)}` failed: {done.stderr.strip()}.")
