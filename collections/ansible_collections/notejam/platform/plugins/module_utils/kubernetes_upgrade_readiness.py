# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether what runs in a Kubernetes cluster can bear an upgrade: asked of its own API server."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_cluster import Cluster
from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_versions import (
    OLDER_AT_MOST,
    behind,
    minor,
)
from ansible_collections.notejam.platform.plugins.module_utils.upgrade_finding import Finding

# 1 for each deprecated API that was asked for since the API server started:
# https://kubernetes.io/docs/reference/using-api/deprecation-policy/#deprecating-parts-of-the-api
DEPRECATED = re.compile(r"^apiserver_requested_deprecated_apis\{(?P<labels>[^}]*)\} 1$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')


def deprecated_apis(cluster: Cluster, target: str) -> list[Finding]:
    """APIs that clients of the cluster ask for and that the target no longer serves."""
    findings = []
    for found in DEPRECATED.finditer(cluster.metrics()):
        labels = dict(LABEL.findall(found["labels"]))
        removed = labels.get("removed_release")
        if removed and minor(removed) <= minor(target):
            api = "/".join(filter(None, (labels.get("group"), labels.get("version"), labels.get("resource"))))
            findings.append(
                Finding(
                    "removed_apis",
                    f"Somebody asks the API server for {api}, which Kubernetes {removed} no longer serves. "
                    "The audit log says who (annotation k8s.io/deprecated); have them ask for its "
                    "successor. The API server forgets who asked when it starts anew.",
                )
            )
    return findings


def nodes(cluster: Cluster, target: str | None) -> list[Finding]:
    """Nodes that are not ready, and kubelets that `target` would leave too far behind."""
    findings = []
    for node in cluster.every("v1", "Node"):
        name, status = node["metadata"]["name"], node.get("status", {})
        ready = _condition(status, "Ready")
        if ready.get("status") != "True":
            said = ready.get("message") or "its kubelet has not reported"
            findings.append(
                Finding(
                    "nodes_ready", f"Node {name} is not ready: {said}. Mend or remove it first.", passing=True
                )
            )
        kubelet = status.get("nodeInfo", {}).get("kubeletVersion")
        if target and kubelet and behind(kubelet, target) > OLDER_AT_MOST:
            findings.append(
                Finding(
                    "skew",
                    f"Node {name} runs kubelet {kubelet}, which may be {OLDER_AT_MOST} minor versions "
                    f"behind the API server and would be {behind(kubelet, target)} behind {target}. Replace "
                    "it first.",
                )
            )
    return findings


def disruption_budgets(cluster: Cluster) -> list[Finding]:
    """PodDisruptionBudgets because of which no node with one of their pods can be drained."""
    findings = []
    for budget in cluster.every("policy/v1", "PodDisruptionBudget"):
        status, metadata = budget.get("status", {}), budget["metadata"]
        pods, needed = status.get("expectedPods", 0), status.get("desiredHealthy", 0)
        if not pods or status.get("disruptionsAllowed", 0):
            continue
        title = f"PodDisruptionBudget {metadata['namespace']}/{metadata['name']} allows no disruption"
        if needed >= pods:
            message = (
                f"{title}, and never will: it wants {needed} of its {pods} pods healthy, so their nodes "
                "cannot be drained. Run one pod more, or lower its minAvailable."
            )
        else:
            message = (
                f"{title}: {status.get('currentHealthy', 0)} of its {pods} pods are healthy and {needed} "
                "must be. Mend the pods that are not ready."
            )
        findings.append(Finding("disruption_budgets", message, passing=needed < pods))
    return findings


def _condition(status: dict[str, Any], kind: str) -> dict[str, Any]:
    return next((each for each in status.get("conditions", []) if each["type"] == kind), {})


def findings_of(cluster: Cluster, target: str | None, draining: bool) -> list[Finding]:
    """All of them. `target` is None once the control plane is there.

    While EKS drains nodes, their pods are on their way and nothing is said of them.
    """
    found = deprecated_apis(cluster, target) if target else []
    if not draining:
        found += nodes(cluster, target) + disruption_budgets(cluster)
    return found
