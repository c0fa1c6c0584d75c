"""The cluster's nodes: each a machine of its own to Kubernetes, namespaces and control groups to this one."""

import contextlib
import shutil
import sys

from sandbox.errors import SandboxError
from sandbox.kubernetes import (
    addon_state,
    cgroups,
    containerd,
    draining,
    kube_proxy,
    kubelet,
    node_network,
    pod_identity_agent,
    preload,
)
from sandbox.kubernetes.client import UNREACHABLE, Client
from sandbox.kubernetes.control_plane import ControlPlane
from sandbox.kubernetes.node import NODES_AT_MOST, Node, nodes
from sandbox.kubernetes.virtual_nodes import VirtualNodes
from sandbox.processes import Processes, Program
from sandbox.settings import CHECKOUT, Settings


class Nodes:
    """Real nodes; every method may be called again at any time."""

    def __init__(self, settings: Settings, processes: Processes) -> None:
        self.settings = settings
        self.processes = processes
        self.virtual = VirtualNodes(settings, processes) if settings.tier == "virtual" else None

    def create(
        self,
        name: str,
        labels: dict[str, str],
        taints: list[dict[str, str]],
        zone: str,
        instance_type: str,
        instance: str,
    ) -> None:
        """Start the node `name`, or go on starting it; it registers itself, and is ready after its add-ons.

        `taints` are EKS's, `instance` is EC2's id. Raises SandboxError when the machine lacks a program that
        a node needs.
        """
        node = self._node(name) or Node(
            self.settings,
            name,
            self._free_number(),
            zone,
            instance_type,
            dict(labels),
            list(taints),
            instance,
        )
        if self.virtual:
            self.virtual.create(node)
        else:
            self._start(node)

    def _start(self, node: Node) -> None:
        if missing := containerd.missing_program():
            raise SandboxError(
                f"A node needs `{missing}`, which is not on PATH: run `make up`, which installs it, or set"
                " NOTEJAM_SANDBOX_TIER=virtual."
            )
        node.folder.mkdir(parents=True, exist_ok=True)
        control_plane = ControlPlane(self.settings, self.processes)
        containerd.write(node)
        kubelet.write(node, control_plane.endpoint, control_plane.service_network)
        for program in (containerd.program(node), kubelet.program(node), preload.program(node)):
            node.processes.declare(program)
        apply_addons(node, control_plane.endpoint)
        node.save()  # from here on it is one of `names`
        self.processes.ensure(
            Program(
                name=node.program,
                command=[sys.executable, "-m", "sandbox.kubernetes.node_start", "outside", node.name],
                directory=CHECKOUT,
                environment={"NOTEJAM_SANDBOX": str(self.settings.folder)},
                stop_signal="KILL",  # nothing in it is worth a goodbye, and its process 1 hears no other
                priority=600,
            )
        )

    def ready(self, name: str) -> bool:
        """Whether the Node object says so; False too while the API server does not answer."""
        with contextlib.suppress(*UNREACHABLE):
            found = Client(self.settings).get("v1", "Node", name)
            conditions = found["status"].get("conditions", []) if found else []
            return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
        return False

    def cordon(self, name: str, unschedulable: bool) -> None:
        draining.cordon(self.settings, name, unschedulable)

    def drain(self, name: str) -> list[str]:
        return draining.drain(self.settings, name)

    def names(self) -> list[str]:
        return [node.name for node in nodes(self.settings)]

    def delete(self, name: str) -> None:
        """Remove the node with its pods, without draining it, and every trace of it on this machine."""
        node = self._node(name)
        if node is None:
            return
        if self.virtual:
            self.virtual.delete(node)
        else:
            self.processes.remove(node.program)
            remove_traces(node)
        with contextlib.suppress(*UNREACHABLE):
            client = Client(self.settings)
            client.delete("v1", "Node", name)
            for pod in client.list("v1", "Pod", field_selector=f"spec.nodeName={name}"):
                metadata = pod["metadata"]
                client.delete("v1", "Pod", metadata["name"], metadata["namespace"], gracePeriodSeconds=0)

    def apply_addons(self) -> None:
        """Have in every node what the installed add-ons bring to it."""
        endpoint = ControlPlane(self.settings, self.processes).endpoint
        for node in nodes(self.settings):
            if self.virtual:
                self.virtual.apply_addons(node)
            else:
                apply_addons(node, endpoint)

    def _node(self, name: str) -> Node | None:
        return next((node for node in nodes(self.settings) if node.name == name), None)

    def _free_number(self) -> int:
        taken = {node.number for node in nodes(self.settings)}
        free = next((number for number in range(NODES_AT_MOST) if number not in taken), None)
        if free is None:
            raise SandboxError(
                f"The sandbox has {NODES_AT_MOST} nodes, which is all it can have: ask for a smaller"
                " desired size of the node groups."
            )
        return free


def apply_addons(node: Node, endpoint: str) -> None:
    """Have in the node what the installed add-ons bring to every node, and nothing of the others."""
    network = node.folder / "cni" / "10-aws.conflist"
    if addon_state.installed(node.settings, "vpc-cni"):
        network.parent.mkdir(exist_ok=True)
        network.write_text(containerd.cni_configuration(node))
    else:
        network.unlink(missing_ok=True)
    if addon_state.installed(node.settings, "kube-proxy"):
        kube_proxy.write(node, endpoint)
        node.processes.declare(kube_proxy.program(node))
    else:
        node.processes.withdraw(kube_proxy.NAME)
    if addon_state.installed(node.settings, pod_identity_agent.NAME):
        node.processes.declare(pod_identity_agent.program(node))
    else:
        node.processes.withdraw(pod_identity_agent.NAME)
    node.processes.refresh()


def remove_traces(node: Node) -> None:
    """Remove what the stopped node leaves: control groups, network, certificate and folder."""
    cgroups.remove(node.cgroup)
    node_network.remove(node)
    kubelet.remove_certificate(node)
    shutil.rmtree(node.folder, ignore_errors=True)
    shutil.rmtree(node.processes.logs, ignore_errors=True)
    node.processes.socket.unlink(missing_ok=True)
