"""Upgrade insights: https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html

EKS looks once a day; here each question has a look of its own. Of EKS's checks there are those that the
account's own resources answer: how far nodes lag behind, and whether add-ons go with the next version.
"""

import datetime
import uuid
from typing import Any

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.eks.addon_versions import ADDONS
from sandbox.aws.eks.errors import not_found
from sandbox.aws.eks.records import ADDON, NODEGROUP, Record
from sandbox.aws.eks.service import Service, check_enumerations
from sandbox.aws.eks.versions import minor
from sandbox.aws.pages import page

CATEGORY = "UPGRADE_READINESS"
OLDER_AT_MOST = 3  # minor versions: https://kubernetes.io/releases/version-skew-policy/#kubelet
TOLD_IN_LISTS = (
    "id",
    "name",
    "category",
    "kubernetesVersion",
    "lastRefreshTime",
    "lastTransitionTime",
    "description",
    "insightStatus",
)


class Insights:
    def __init__(self, service: Service) -> None:
        self._service = service

    def handlers(self) -> Handlers:
        return {
            ("eks", "ListInsights"): self.list_insights,
            ("eks", "DescribeInsight"): self.describe_insight,
        }

    def list_insights(self, call: Call) -> Result:
        parameters = call.parameters
        check_enumerations(parameters, call.operation.model.input_shape)
        wanted = parameters.get("filter") or {}
        found = [
            {name: insight[name] for name in TOLD_IN_LISTS}
            for insight in self._looked(self._service.cluster(call, parameters["clusterName"]))
            if insight["category"] in wanted.get("categories", [insight["category"]])
            and insight["kubernetesVersion"]
            in wanted.get("kubernetesVersions", [insight["kubernetesVersion"]])
            and insight["insightStatus"]["status"]
            in wanted.get("statuses", [insight["insightStatus"]["status"]])
        ]
        return page(found, parameters, "insights")

    def describe_insight(self, call: Call) -> Result:
        cluster = self._service.cluster(call, call.parameters["clusterName"])
        for insight in self._looked(cluster):
            if insight["id"] == call.parameters["id"]:
                return {"insight": insight}
        raise not_found(f"No insight found for ID: {call.parameters['id']}", clusterName=cluster.cluster)

    def _looked(self, cluster: Record) -> list[dict[str, Any]]:
        return [self._nodes(cluster), self._addons(cluster)]

    def _nodes(self, cluster: Record) -> dict[str, Any]:
        """Nodes may be three minor versions behind; EKS warns of any that are behind at all."""
        now = minor(cluster.resource["version"])
        groups = self._of(cluster, NODEGROUP)
        behind = max((now + 1 - minor(group.resource["version"]) for group in groups), default=1)
        if behind <= 1:
            status, reason = "PASSING", "Node kubelet versions match the cluster control plane version."
        else:
            status = "WARNING" if behind <= OLDER_AT_MOST else "ERROR"
            reason = "Node kubelet versions are behind the cluster control plane version."
        return insight(
            cluster,
            "Kubelet version skew",
            "Checks for kubelet versions of worker nodes in the cluster to see if upgrade would cause "
            "noncompliance with supported Kubernetes kubelet version skew policy.",
            (status, reason),
            "Upgrade your worker nodes to match the Kubernetes version of your cluster control plane.",
        )

    def _addons(self, cluster: Record) -> dict[str, Any]:
        following = next_version(cluster)
        incompatible = [
            {"name": addon.names[-1], "compatibleVersions": ADDONS[addon.names[-1]].offered(following)}
            for addon in self._of(cluster, ADDON)
            if addon.resource["addonVersion"] not in ADDONS[addon.names[-1]].offered(following)
        ]
        if incompatible:
            result = (
                "ERROR",
                "Some installed EKS add-on versions are not compatible with next Kubernetes version.",
            )
        else:
            result = (
                "PASSING",
                "All installed EKS add-on versions are compatible with next Kubernetes version.",
            )
        return insight(
            cluster,
            "EKS add-on version compatibility",
            "Checks version of installed EKS add-ons to ensure they are compatible with the next version of "
            "Kubernetes.",
            result,
            "Upgrade your EKS add-ons to a version that is compatible with the next version of Kubernetes.",
            addonCompatibilityDetails=incompatible,
        )

    def _of(self, cluster: Record, kind: str) -> list[Record]:
        return list(self._service.records.all(kind, cluster.account, cluster.region, cluster.cluster))


def insight(
    cluster: Record,
    name: str,
    description: str,
    result: tuple[str, str],
    recommendation: str,
    **summary: Any,
) -> dict[str, Any]:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_Insight.html"""
    status, reason = result
    version = next_version(cluster)
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{cluster.resource['arn']}/{version}/{name}")),
        "name": name,
        "category": CATEGORY,
        "kubernetesVersion": version,
        "lastRefreshTime": datetime.datetime.fromtimestamp(clock.now(), tz=datetime.UTC),
        "lastTransitionTime": cluster.described()["createdAt"],
        "description": description,
        "insightStatus": {"status": status, "reason": reason},
        "recommendation": recommendation,
        "additionalInfo": {},
        "resources": [],
        "categorySpecificSummary": {"deprecationDetails": [], **summary},
    }


def next_version(cluster: Record) -> str:
    return f"1.{minor(cluster.resource['version']) + 1}"
