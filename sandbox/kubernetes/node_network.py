"""A node's network: a namespace of its own, a cable to the sandbox's bridge, and the routes to its pods."""

import os
import subprocess
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.kubernetes.node import Node, nodes


def create(node: Node) -> None:
    """Make the node's network anew: what rules and routes an earlier one had are gone."""
    remove(node)
    settings, namespace = node.settings, node.namespace
    ip("netns", "add", namespace)
    ip("link", "add", namespace, "type", "veth", "peer", "name", "eth0", "netns", namespace)
    ip("link", "set", namespace, "master", settings.bridge, "up")
    inside = ("-n", namespace)
    ip(*inside, "link", "set", "lo", "up")
    ip(*inside, "addr", "add", f"{node.address}/{settings.subnet.prefixlen}", "dev", "eth0")
    ip(*inside, "link", "set", "eth0", "up")
    ip(*inside, "route", "add", "default", "via", settings.address(1))
    # The host and the other nodes reach its pods by way of it, as a VPC's routes do.
    ip("route", "replace", str(node.pod_network), "via", str(node.address))
    for other in nodes(settings):
        if other.number == node.number or not exists(other):
            continue
        ip(*inside, "route", "replace", str(other.pod_network), "via", str(other.address))
        ip("-n", other.namespace, "route", "replace", str(node.pod_network), "via", str(node.address))


def remove(node: Node) -> None:
    """Remove the node's namespace, cable and route, as far as they are there."""
    if os.path.exists(f"/sys/class/net/{node.namespace}"):
        ip("link", "delete", node.namespace)
    if exists(node):
        ip("netns", "delete", node.namespace)
    ip("route", "flush", "root", str(node.pod_network))
    for other in nodes(node.settings):
        if other.number != node.number and exists(other):
            ip("-n", other.namespace, "route", "flush", "root", str(node.pod_network))


def exists(node: Node) -> bool:
    return path(node).exists()


def path(node: Node) -> Path:
    return Path("/run/netns") / node.namespace


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SandboxError(f"`ip {' '.join(words)}` failed: {done.stderr.strip()}.")
