"""EKS add-ons, as far as a cluster needs them to run pods.

https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
"""

import contextlib
import http.client
import json
from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import SandboxError
from sandbox.kubernetes import addon_state, images, kube_proxy, pod_identity_agent, pod_identity_webhook
from sandbox.kubernetes.client import UNREACHABLE, Client
from sandbox.kubernetes.control_plane import ControlPlane
from sandbox.kubernetes.node import nodes
from sandbox.kubernetes.nodes import Nodes
from sandbox.processes import Processes
from sandbox.settings import Settings

# What each does: to the nodes (a process or a file in each), or in the cluster (a Deployment; of the EBS CSI
# driver its CSIDriver alone, since there are no volumes of EBS to attach).
HEALTH_PORTS = {"kube-proxy": kube_proxy.HEALTH_PORT, pod_identity_agent.NAME: pod_identity_agent.HEALTH_PORT}
ON_NODES = ("vpc-cni", *HEALTH_PORTS)
EBS_CSI = "aws-ebs-csi-driver"
IN_CLUSTER = ("coredns", EBS_CSI)
HEALTH_TIMEOUT = 2  # seconds
# https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/deploy/kubernetes/base/csidriver.yaml
EBS_CSI_DRIVER: dict[str, Any] = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "CSIDriver",
    "metadata": {"name": "ebs.csi.aws.com"},
    "spec": {"attachRequired": True, "podInfoOnMount": False},
}


class Addons:
    """The cluster's add-ons; every method may be called again at any time."""

    def __init__(self, settings: Settings, processes: Processes) -> None:
        self.settings = settings
        self.processes = processes
        self.control_plane = ControlPlane(settings, processes)
        self.nodes = Nodes(settings, processes)

    def install(self, name: str, version: str, configuration: str | None = None) -> None:
        """Install the add-on, or change it; `configuration` is EKS's configurationValues, JSON or YAML.

        Raises SandboxError for an add-on or a configuration value that the sandbox does not have, and what
        `client.UNREACHABLE` names while the API server does not answer.
        """
        if name not in (*ON_NODES, *IN_CLUSTER):
            raise SandboxError(
                f"The sandbox has no add-on {name!r}, only {', '.join((*ON_NODES, *IN_CLUSTER))}: leave it"
                " out of the cluster's add-ons in inventories/sandbox."
            )
        manifests = self._manifests(name, yaml.safe_load(configuration or "") or {})
        if self._has_webhook(name):
            self.processes.ensure(pod_identity_webhook.program())
        if manifests:
            Client(self.settings).apply(manifests)
        addon_state.record(self.settings, name, version, configuration)
        self.nodes.apply_addons()

    def healthy(self, name: str) -> bool:
        """Whether the add-on is installed and works now, on every node that there is."""
        if not addon_state.installed(self.settings, name):
            return False
        with contextlib.suppress(*UNREACHABLE):
            if name in HEALTH_PORTS and self.settings.tier == "virtual":
                return True  # a virtual node has no network of its own that would need it
            if port := HEALTH_PORTS.get(name):
                return all(answers(str(node.address), port) for node in nodes(self.settings))
            client = Client(self.settings)
            if name == EBS_CSI:
                return client.get("storage.k8s.io/v1", "CSIDriver", "ebs.csi.aws.com") is not None
            if name == "vpc-cni":
                return all(has_network(node) for node in client.list("v1", "Node"))
            found = client.get("apps/v1", "Deployment", name, "kube-system")
            return found is not None and is_available(found)
        return False

    def remove(self, name: str) -> None:
        """Remove the add-on with all that it brought; nothing happens when it is not installed."""
        addon_state.forget(self.settings, name)
        self.nodes.apply_addons()
        if self._has_webhook(name):
            self.processes.remove(pod_identity_webhook.NAME)
        for manifest in reversed(self._manifests(name, {})):
            metadata = manifest["metadata"]
            Client(self.settings).delete(
                manifest["apiVersion"], manifest["kind"], metadata["name"], metadata.get("namespace")
            )

    def _manifests(self, name: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        """The add-on's objects in the cluster, with EKS's configuration `values` where it takes any."""
        if self._has_webhook(name):
            return [pod_identity_webhook.configuration(self.settings)]
        if name == "coredns":
            return coredns(str(self.control_plane.service_network[10]), values)
        if name == EBS_CSI:
            return [EBS_CSI_DRIVER]
        return []

    def _has_webhook(self, name: str) -> bool:
        # The agent's address cannot be had without a node of one's own.
        return name == pod_identity_agent.NAME and self.settings.tier == "node"


def coredns(cluster_address: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    """The add-on's objects with EKS's configuration `values` in their place."""
    path = Path(__file__).parent / "manifests" / "coredns.yaml"
    manifests: list[dict[str, Any]] = list(yaml.safe_load_all(path.read_text()))
    by_kind = {manifest["kind"]: manifest for manifest in manifests}
    deployment = by_kind["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    by_kind["Service"]["spec"]["clusterIP"] = cluster_address
    pod["containers"][0]["image"] = images.COREDNS.reference
    for key, value in values.items():
        match key:
            case "replicaCount":
                deployment["replicas"] = value
            case "nodeSelector" | "tolerations" | "affinity" | "topologySpreadConstraints":
                pod[key] = value
            case "resources":
                pod["containers"][0][key] = value
            case "corefile":
                by_kind["ConfigMap"]["data"]["Corefile"] = value
            case _:
                raise SandboxError(
                    f"The sandbox's coredns add-on has no configuration value {key!r}"
                    f" (of {json.dumps(sorted(values))}): see coredns() in sandbox/kubernetes/addons.py."
                )
    return manifests


def has_network(node: dict[str, Any]) -> bool:
    """Whether the Node is ready, which it is not before its runtime has a network for pods."""
    conditions = node["status"].get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def is_available(deployment: dict[str, Any]) -> bool:
    """Whether all replicas of the Deployment as it is declared now are available."""
    wanted, status = deployment["spec"]["replicas"], deployment["status"]
    is_current = status.get("observedGeneration") == deployment["metadata"]["generation"]
    counts = (status.get("availableReplicas") or 0, status.get("updatedReplicas") or 0)
    return is_current and counts == (wanted, wanted)


def answers(address: str, port: int) -> bool:
    """Whether GET /healthz of the address is answered with 200."""
    connection = http.client.HTTPConnection(address, port, timeout=HEALTH_TIMEOUT)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
