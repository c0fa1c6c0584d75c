"""Removes what a sandbox's Kubernetes leaves outside its folder, however its processes ended."""

import contextlib
import re
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.kubernetes import cgroups, node_network
from sandbox.kubernetes.node import nodes
from sandbox.kubernetes.nodes import KUBELET_FOLDER, remove_traces
from sandbox.settings import Settings


def teardown(settings: Settings) -> list[str]:
    """Remove every node's control groups, network and folder; call it when no process runs any more.

    Returns what could not be removed, each with its reason: an empty list when nothing is left.
    """
    left: list[str] = []
    for node in nodes(settings):
        try:
            remove_traces(node)
        except (SandboxError, OSError) as error:
            left.append(f"node {node.name}: {error}")
    left += leftover_networks(settings)
    try:
        cgroups.remove(f"notejam-{settings.name}")
    except OSError as error:
        left.append(str(error))
    with contextlib.suppress(OSError):  # a kubelet of the machine's own, or another sandbox, uses it
        KUBELET_FOLDER.rmdir()
    return left


def leftover_networks(settings: Settings) -> list[str]:
    """Remove the networks of nodes whose folder is gone; returns those that could not be."""
    left: list[str] = []
    ours = re.compile(rf"{re.escape(settings.bridge)}-n\d+")
    for folder, command in (("/sys/class/net", "link"), ("/run/netns", "netns")):
        found = Path(folder).iterdir() if Path(folder).exists() else ()
        for name in [entry.name for entry in found if ours.fullmatch(entry.name)]:
            try:
                node_network.ip(command, "delete", name)
            except SandboxError as error:
                left.append(f"network {name}: {error}")
    return left
