"""The node's container runtime: containerd with its own folders, as a program of the node's supervisord."""

import json
import shutil
from pathlib import Path
from typing import Any

import tomli_w

from sandbox.errors import SandboxError
from sandbox.kubernetes.images import PAUSE
from sandbox.kubernetes.node import Node
from sandbox.processes import Program

SOCKET = "/run/containerd/containerd.sock"  # /run is the node's own
CNI_PROGRAMS = (Path("/opt/cni/bin"), Path("/usr/lib/cni"), Path("/usr/libexec/cni"))
CRI = "io.containerd.grpc.v1.cri"


def write(node: Node) -> None:
    """Write containerd's configuration, and that of the registry, into the node's folder."""
    folder = node.folder / "containerd.d"
    registry = folder / "certs.d" / node.settings.registry
    registry.mkdir(parents=True, exist_ok=True)
    url = f"http://{node.settings.registry}"  # the registry speaks plain HTTP, which has to be said
    hosts = {"server": url, "host": {url: {"capabilities": ["pull", "resolve"]}}}
    (registry / "hosts.toml").write_text(tomli_w.dumps(hosts))
    (folder / "config.toml").write_text(tomli_w.dumps(configuration(node)))


def configuration(node: Node) -> dict[str, Any]:
    """https://github.com/containerd/containerd/blob/release/1.6/docs/cri/config.md"""
    runtime = {"runtime_type": "io.containerd.runc.v2", "options": {"SystemdCgroup": False}}
    cri = {
        "sandbox_image": PAUSE.reference,
        "disable_apparmor": True,
        "restrict_oom_score_adj": True,  # lowering it needs a capability that containers seldom have
        "cni": {"bin_dir": str(cni_programs()), "conf_dir": str(node.folder / "cni")},
        "containerd": {"snapshotter": "overlayfs", "runtimes": {"runc": runtime}},
        "registry": {"config_path": str(node.folder / "containerd.d" / "certs.d")},
    }
    return {
        "version": 2,
        "root": str(node.folder / "containerd"),
        "state": "/run/containerd",
        "oom_score": 0,
        "grpc": {"address": SOCKET},
        "disabled_plugins": [
            f"io.containerd.snapshotter.v1.{name}" for name in ("aufs", "btrfs", "devmapper", "zfs")
        ],
        "plugins": {CRI: cri},
    }


def program(node: Node) -> Program:
    configuration_file = str(node.folder / "containerd.d" / "config.toml")
    return Program(
        name="containerd",
        command=["containerd", "--config", configuration_file],
        environment={"GOMEMLIMIT": "100MiB"},
        priority=100,
    )


def cni_programs() -> Path:
    """The folder of the CNI plugins; SandboxError where there are none."""
    for folder in CNI_PROGRAMS:
        if (folder / "host-local").exists():
            return folder
    raise SandboxError(
        f"The CNI plugins are in none of {', '.join(map(str, CNI_PROGRAMS))}: install Debian's"
        " containernetworking-plugins, or set NOTEJAM_SANDBOX_TIER=virtual."
    )


def cni_configuration(node: Node) -> str:
    """What the vpc-cni add-on writes: each pod gets an address of the node's network, routed, not bridged."""
    plugins = [
        {
            "type": "ptp",
            "ipMasq": False,  # pods are seen by their own addresses, as in a VPC
            "ipam": {
                "type": "host-local",
                "dataDir": "/run/cni",  # pods do not outlive the node's start, nor do their addresses
                "ranges": [[{"subnet": str(node.pod_network)}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ]
    return json.dumps({"cniVersion": "1.0.0", "name": "aws-cni", "plugins": plugins}, indent=2) + "\n"


def missing_program() -> str | None:
    """The first program that a node needs and the machine does not have; None when all are there."""
    needed = ("containerd", "ctr", "runc", "iptables", "conntrack", "ip", "nsenter", "unshare", "mount")
    return next((name for name in needed if shutil.which(name) is None), None)
