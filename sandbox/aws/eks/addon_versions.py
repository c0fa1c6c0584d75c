"""The add-ons that EKS offers, and their versions.

Source: https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html; for the
versions, each add-on's page there. The first of a list is the default.
"""

import json
from dataclasses import dataclass
from typing import Any

# What every add-on's configuration may hold; the charts' full schemas are theirs to change.
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "additionalProperties": True,
    "properties": {
        "affinity": {"type": "object"},
        "nodeSelector": {"type": "object"},
        "podAnnotations": {"type": "object"},
        "podLabels": {"type": "object"},
        "resources": {"type": "object"},
        "tolerations": {"type": "array"},
    },
}


@dataclass(frozen=True)
class AddonKind:
    """`daemon_set` add-ons are healthy before there is a node; the others need one to run on."""

    name: str
    type: str
    versions: dict[str, list[str]]  # by Kubernetes version
    daemon_set: bool
    needs_permissions: bool = False

    def offered(self, kubernetes_version: str) -> list[str]:
        return self.versions.get(kubernetes_version, [])

    def information(self, kubernetes_version: str | None) -> dict[str, Any]:
        """The add-on as DescribeAddonVersions tells it."""
        known: dict[str, list[tuple[str, bool]]] = {}
        for cluster_version, versions in self.versions.items():
            for version in versions:
                if kubernetes_version in (None, cluster_version):
                    known.setdefault(version, []).append((cluster_version, version == versions[0]))
        return {
            "addonName": self.name,
            "type": self.type,
            "publisher": "eks",
            "owner": "aws",
            "defaultNamespace": "kube-system",
            "addonVersions": [
                {
                    "addonVersion": version,
                    "architecture": ["amd64", "arm64"],
                    "computeTypes": ["ec2", "auto", "hybrid"],
                    "compatibilities": [
                        {"clusterVersion": cluster, "platformVersions": ["*"], "defaultVersion": default}
                        for cluster, default in clusters
                    ],
                    "requiresConfiguration": False,
                    "requiresIamPermissions": self.needs_permissions,
                }
                for version, clusters in known.items()
            ],
        }


ADDONS = {
    kind.name: kind
    for kind in (
        AddonKind(
            "vpc-cni",
            "networking",
            {
                "1.33": ["v1.20.4-eksbuild.2"],
                "1.34": ["v1.20.4-eksbuild.2"],
                "1.35": ["v1.21.1-eksbuild.1", "v1.20.4-eksbuild.2"],
            },
            daemon_set=True,
            needs_permissions=True,
        ),
        AddonKind(
            "kube-proxy",
            "networking",
            {
                "1.33": ["v1.33.5-eksbuild.2"],
                "1.34": ["v1.34.1-eksbuild.2", "v1.33.5-eksbuild.2"],
                "1.35": ["v1.35.0-eksbuild.2", "v1.34.1-eksbuild.2", "v1.33.5-eksbuild.2"],
            },
            daemon_set=True,
        ),
        AddonKind(
            "coredns",
            "networking",
            {
                "1.33": ["v1.12.4-eksbuild.1"],
                "1.34": ["v1.12.4-eksbuild.1"],
                "1.35": ["v1.13.1-eksbuild.1", "v1.12.4-eksbuild.1"],
            },
            daemon_set=False,
        ),
        AddonKind(
            "eks-pod-identity-agent",
            "security",
            {version: ["v1.3.10-eksbuild.2", "v1.3.9-eksbuild.5"] for version in ("1.33", "1.34", "1.35")},
            daemon_set=True,
        ),
        AddonKind(
            "aws-ebs-csi-driver",
            "storage",
            {version: ["v1.54.0-eksbuild.1"] for version in ("1.33", "1.34", "1.35")},
            daemon_set=False,
            needs_permissions=True,
        ),
    )
}


def configuration_schema() -> str:
    return json.dumps(SCHEMA)
