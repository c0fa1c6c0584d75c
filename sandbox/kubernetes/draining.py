"""Cordons nodes and asks their pods to go, as EKS does before it terminates a node.

https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
"""

import http
from typing import Any

import kubernetes

from sandbox.kubernetes.client import Client
from sandbox.settings import Settings

# https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
UNBALANCED = "node.kubernetes.io/exclude-from-external-load-balancers"
MIRROR = "kubernetes.io/config.mirror"
DONE = ("Succeeded", "Failed")


def cordon(settings: Settings, name: str, unschedulable: bool) -> None:
    """Let no new pod come to the node and no load balancer count on it, or both again; nothing without it."""
    client = Client(settings)
    if client.get("v1", "Node", name) is None:
        return
    client.patch(
        "v1",
        "Node",
        name,
        {
            "metadata": {"labels": {UNBALANCED: "true" if unschedulable else None}},
            "spec": {"unschedulable": unschedulable},
        },
    )


def drain(settings: Settings, name: str) -> list[str]:
    """Ask the pods to go, as far as their disruption budgets let them; those that are there yet.

    A pod is named as "<namespace>/<name>". Those of DaemonSets stay, as in `kubectl drain`.
    """
    client = Client(settings)
    pods = [pod for pod in client.list("v1", "Pod", field_selector=f"spec.nodeName={name}") if _is_to_go(pod)]
    for pod in pods:
        if not pod["metadata"].get("deletionTimestamp"):
            _evict(client, pod["metadata"])
    return [f"{pod['metadata']['namespace']}/{pod['metadata']['name']}" for pod in pods]


def _is_to_go(pod: dict[str, Any]) -> bool:
    metadata = pod["metadata"]
    owners = metadata.get("ownerReferences") or []
    is_mirror = MIRROR in (metadata.get("annotations") or {})
    stays = is_mirror or any(owner["kind"] == "DaemonSet" for owner in owners)
    return not stays and pod.get("status", {}).get("phase") not in DONE


def _evict(client: Client, metadata: dict[str, Any]) -> None:
    """https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/: 429 means a budget says no."""
    try:
        client.evict(metadata["name"], metadata["namespace"])
    except kubernetes.client.ApiException as error:
        if error.status not in (http.HTTPStatus.TOO_MANY_REQUESTS, http.HTTPStatus.NOT_FOUND):
            raise
