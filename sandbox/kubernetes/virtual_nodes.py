"""Nodes without rights on the machine: KWOK keeps them alive, and known pods are processes of the host.

https://kwok.sigs.k8s.io
"""

import contextlib
import shutil
import sys

import yaml

from sandbox.errors import SandboxError
from sandbox.kubernetes import addon_state
from sandbox.kubernetes.client import UNREACHABLE, Client
from sandbox.kubernetes.kwok_stages import stages
from sandbox.kubernetes.node import Node, nodes
from sandbox.kubernetes.pki import Pki
from sandbox.processes import Processes, Program
from sandbox.settings import CHECKOUT, Settings

KWOK, RUNNER = "kwok", "pod-runner"
# KWOK manages the nodes with this annotation; another one is not ready, as a node without a network is not.
MANAGED = {"kwok.x-k8s.io/node": "fake"}


class VirtualNodes:
    """What `Nodes` is in the tier `virtual`; every method may be called again at any time."""

    def __init__(self, settings: Settings, processes: Processes) -> None:
        self.settings = settings
        self.processes = processes

    def create(self, node: Node) -> None:
        """Declare the node to Kubernetes, and have running what keeps it alive and runs its pods.

        Returns without effect while KWOK is still being built: it is no node before a later call. Raises
        SandboxError where nobody builds it.
        """
        if not (self.settings.tools / KWOK).exists():
            if self.settings.place:
                raise SandboxError(
                    "The nodes of a cluster beside the sandbox's own are KWOK's, which is not built yet: run "
                    "`python -m sandbox tools build --tier virtual`."
                )
            return
        for program in (self._kwok(), self._runner()):
            self.processes.ensure(program)
        self.apply_addons(node)
        node.save()

    def delete(self, node: Node) -> None:
        """Stop with the last node what ran them; their Node objects are the caller's."""
        shutil.rmtree(node.folder, ignore_errors=True)
        if not nodes(self.settings):
            for name in (RUNNER, KWOK):
                self.processes.remove(name)

    def apply_addons(self, node: Node) -> None:
        """Let the node be ready with the network add-on, and not without."""
        manifest = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": node.name,
                "labels": {
                    **node.all_labels,
                    "kubernetes.io/hostname": node.name,
                    "kubernetes.io/os": "linux",
                },
                "annotations": MANAGED if addon_state.installed(self.settings, "vpc-cni") else {},
            },
            "spec": {"providerID": node.provider_id, "taints": node.kubernetes_taints},
        }
        with contextlib.suppress(*UNREACHABLE):
            Client(self.settings).apply([manifest])

    def _kwok(self) -> Program:
        configuration = self.settings.folder / "nodes" / "kwok.yaml"
        configuration.parent.mkdir(exist_ok=True)
        configuration.write_text(yaml.safe_dump_all(stages(), sort_keys=False))
        flags = {
            "kubeconfig": str(Pki(self.settings).folder / "admin.kubeconfig"),
            "config": str(configuration),
            "manage-nodes-with-annotation-selector": ",".join(f"{k}={v}" for k, v in MANAGED.items()),
            "cidr": str(list(self.settings.pod_network.subnets(new_prefix=24))[-1]),
            "node-ip": self.settings.address(10),
            "node-lease-duration-seconds": "40",  # kubelet's own
        }
        command = [str(self.settings.tools / KWOK), *(f"--{flag}={value}" for flag, value in flags.items())]
        return Program(KWOK, command, environment={"GOMEMLIMIT": "60MiB"}, priority=400)

    def _runner(self) -> Program:
        command = [sys.executable, "-m", "sandbox.kubernetes.pod_runner"]
        return Program(RUNNER, command, directory=CHECKOUT, priority=410, stop_wait=20)
