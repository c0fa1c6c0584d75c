"""Removes what a sandbox's Kubernetes leaves outside its folder, however its processes ended."""

import re
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.kubernetes import cgroups, node_network
from sandbox.kubernetes.node import nodes
from sandbox.kubernetes.nodes import remove_traces
from sandbox.settings import Settings


def teardown(settings: Settings) -> list[str]:
    """Remove every node's control groups, network and folder; call it when no process runs any more.

    Returns what was removed, in words. Raises SandboxError for what could not be.
    """
    removed = [f"node {node.name}" for node in nodes(settings)]
    try:
        for node in nodes(settings):
            remove_traces(node)
        removed += leftover_networks(settings)
        cgroups.remove(f"notejam-{settings.name}")
    except OSError as error:
        raise SandboxError(
            f"What the nodes of the sandbox in {settings.folder} left could not be removed: {error}. End what"
            " still uses it, then run `make down` again."
        ) from None
    return removed


def leftover_networks(settings: Settings) -> list[str]:
    """Remove the networks of nodes whose folder is gone; returns what was removed."""
    removed = []
    ours = re.compile(rf"{re.escape(settings.bridge)}-n\d+")
    for folder, kind in (("/sys/class/net", "link"), ("/run/netns", "netns")):
        found = Path(folder).iterdir() if Path(folder).exists() else ()
        for name in [entry.name for entry in found if ours.fullmatch(entry.name)]:
            node_network.ip(kind, "delete", name)
            removed.append(f"{kind} {name}")
    return removed
