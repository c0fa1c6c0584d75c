# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether a cluster can be upgraded, and in which steps: asked of EKS.

What EKS wants of a cluster: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
"""

from __future__ import annotations

from typing import Any

from ansible_collections.notejam.platform.plugins.module_utils import eks, eks_updates
from ansible_collections.notejam.platform.plugins.module_utils.eks_upgrade import (
    addon_not_offered,
    default_version,
    not_offered,
    somebody_elses,
)
from ansible_collections.notejam.platform.plugins.module_utils.kubernetes_versions import (
    OLDER_AT_MOST,
    behind,
    minor,
    step_problem,
)
from ansible_collections.notejam.platform.plugins.module_utils.upgrade_finding import Finding

Description = dict[str, Any]
# Pods find the network by the first two, names by the last: https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html
ADDON_ORDER = ("eks-pod-identity-agent", "vpc-cni", "kube-proxy", "coredns")
ADDRESSES = 5  # that EKS wants free in the control plane's subnets


class EksReadiness:
    """A cluster as EKS describes it at one moment, on its way to a Kubernetes version."""

    def __init__(self, client: Any, name: str, target: str, addon_versions: dict[str, str]) -> None:
        self._client = client
        self.name, self.target, self.wanted = name, target, addon_versions
        cluster = eks.describe_cluster(client, name)
        if cluster is None:
            raise eks.AnsibleEksError(
                message=f"There is no cluster {name} to upgrade: site.yml makes it, at the version declared."
            )
        self.cluster: Description = cluster
        self.nodegroups = _described(
            eks.list_nodegroups(client, name), lambda each: eks.describe_nodegroup(client, name, each)
        )
        addons = _described(
            eks_updates.list_addons(client, name), lambda each: eks.describe_addon(client, name, each)
        )
        self.addons = dict(sorted(addons.items(), key=_place))
        self.draining = False
        """Whether EKS replaces nodes at this moment, on our behalf; told by findings()."""

    @property
    def version(self) -> str:
        return str(self.cluster["version"])

    @property
    def control_plane_behind(self) -> bool:
        return minor(self.version) != minor(self.target)

    def addons_behind(self) -> list[str]:
        """Names of the add-ons that have another version than is wanted, in the order of their upgrades."""
        return [
            name
            for name, addon in self.addons.items()
            if name in self.wanted and addon["addonVersion"] != self.wanted[name]
        ]

    def nodegroups_behind(self) -> list[str]:
        return [
            name
            for name, group in self.nodegroups.items()
            if group.get("version", self.target) != self.target
        ]

    def steps(self) -> list[str]:
        """What is left to do, in this order."""
        steps = []
        if self.control_plane_behind:
            steps.append(f"control plane: Kubernetes {self.version} -> {self.target}")
        for name in self.addons_behind():
            steps.append(f"add-on {name}: {self.addons[name]['addonVersion']} -> {self.wanted[name]}")
        for name in self.nodegroups_behind():
            group = self.nodegroups[name]
            steps.append(
                f"node group {name}: Kubernetes {group['version']} -> {self.target}, by new nodes for all "
                f"{group['scalingConfig']['desiredSize']}, {_at_a_time(group)}"
            )
        return steps

    def findings(self) -> list[Finding]:
        """What EKS would refuse, or would do half."""
        found = self._under_way() + self._versions() + self._health() + self._addon_versions()
        if self.control_plane_behind and not found:
            found += self._insights()
        return found

    def warnings(self) -> list[str]:
        """What is worth a look, and stops nothing."""
        said = [
            f"Add-on {name} is in cluster_addon_versions and not installed: site.yml installs it."
            for name in sorted(self.wanted.keys() - self.addons.keys())
        ]
        said += [
            f"Node group {name} has an image of its own, of which EKS knows no version: it is left as it is."
            for name, group in self.nodegroups.items()
            if not group.get("version")
        ]
        if self.control_plane_behind:
            said += [_insight(each) for each in self._described_insights(["WARNING", "UNKNOWN"])]
        return said

    def subnet_findings(self, ec2: Any) -> list[Finding]:
        """https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-subnets"""
        if not self.control_plane_behind:
            return []
        ids = self.cluster["resourcesVpcConfig"]["subnetIds"]
        subnets = ec2.describe_subnets(SubnetIds=ids)["Subnets"]
        free = sum(subnet["AvailableIpAddressCount"] for subnet in subnets)
        if free >= ADDRESSES:
            return []
        return [
            Finding(
                "addresses",
                f"The subnets of cluster {self.name} ({', '.join(ids)}) have {free} free addresses, and EKS "
                f"may need {ADDRESSES} for the new control plane. Free some, or give the cluster larger "
                "subnets.",
            )
        ]

    def _under_way(self) -> list[Finding]:
        """Updates that are not ours; ours are followed."""
        found = []
        if self.cluster["status"] == "UPDATING":
            found += self._others(f"cluster {self.name}", eks_updates.CLUSTER_PARAMETER, self.target)
        elif self.cluster["status"] != "ACTIVE":
            found.append(
                Finding(
                    "health",
                    f"Cluster {self.name} is {self.cluster['status']}; it must be ACTIVE to be upgraded.",
                )
            )
        for name, group in self.nodegroups.items():
            if group["status"] == "UPDATING":
                others = self._others(
                    f"node group {name}", eks_updates.CLUSTER_PARAMETER, self.target, nodegroupName=name
                )
                self.draining = self.draining or not others
                found += others
        for name, addon in self.addons.items():
            if addon["status"] == "UPDATING" and name in self.wanted:
                parameter = eks_updates.ADDON_PARAMETER
                found += self._others(f"add-on {name}", parameter, self.wanted[name], addonName=name)
        return found

    def _others(self, title: str, parameter: str, version: str, **of: str) -> list[Finding]:
        running = eks_updates.running_update(self._client, self.name, **of)
        if running is None or eks_updates.goes_to(running, parameter, version):
            return []
        return [Finding("under_way", somebody_elses(title, running, version))]

    def _versions(self) -> list[Finding]:
        if not self.control_plane_behind:
            return []
        problem = step_problem(self.name, self.version, self.target) or not_offered(self._client, self.target)
        found = [Finding("version", problem)] if problem else []
        # https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html
        for name, group in self.nodegroups.items():
            if group.get("version", self.version) != self.version:
                found.append(
                    Finding(
                        "skew",
                        f"Node group {name} runs Kubernetes {group['version']} and its control plane "
                        f"{self.version}: EKS upgrades a control plane when its node groups have caught up. "
                        f"Upgrade to {self.version} first.",
                    )
                )
        proxy = self.addons.get("kube-proxy")
        if proxy and behind(proxy["addonVersion"], self.target) > OLDER_AT_MOST:
            found.append(
                Finding(
                    "skew",
                    f"Add-on kube-proxy is {proxy['addonVersion']}, which may be {OLDER_AT_MOST} minor "
                    f"versions behind the API server and would be more behind {self.target}. Upgrade it "
                    "first.",
                )
            )
        return found

    def _health(self) -> list[Finding]:
        """Of what is not to be replaced in this run, and of all before the first step."""
        mended = [] if self.control_plane_behind else [*self.nodegroups_behind(), *self.addons_behind()]
        parts = [("Node group", self.nodegroups), ("Add-on", self.addons)]
        return [
            Finding(
                "health",
                f"{word} {name} of cluster {self.name} is {part['status']}{_issues(part)}. Mend that first.",
                passing=part["status"] == "CREATING",
            )
            for word, described in parts
            for name, part in described.items()
            if name not in mended and (part["status"] not in ("ACTIVE", "UPDATING") or _issues(part))
        ]

    def _addon_versions(self) -> list[Finding]:
        found = []
        for name, addon in self.addons.items():
            offered = eks.describe_addon_versions(self._client, name, self.target)
            version = self.wanted.get(name) or str(addon["addonVersion"])
            if problem := addon_not_offered(name, version, self.target, offered):
                undeclared = (
                    "" if name in self.wanted else "It is installed and not in cluster_addon_versions. "
                )
                found.append(Finding("addons", undeclared + problem))
            elif name == "vpc-cni" and behind(addon["addonVersion"], version) > 1:
                # https://docs.aws.amazon.com/eks/latest/userguide/managing-vpc-cni.html
                found.append(
                    Finding(
                        "addons",
                        f"Add-on vpc-cni is {addon['addonVersion']} and {version} is asked for, but it goes "
                        "up by one minor version at a time. Set its version to one of the next minor "
                        "version first.",
                    )
                )
        return found

    def _insights(self) -> list[Finding]:
        again = "EKS looks again once a day, and at once on `aws eks start-insights-refresh`."
        return [
            Finding("insights", f"{_insight(each)} {again}") for each in self._described_insights(["ERROR"])
        ]

    def _described_insights(self, statuses: list[str]) -> list[Description]:
        found = eks_updates.list_upgrade_insights(self._client, self.name, self.target, statuses)
        return [eks_updates.describe_insight(self._client, self.name, each["id"]) for each in found]

    def defaults(self) -> dict[str, str]:
        """EKS's own choice of version for each add-on that is installed, to pin in the inventory."""
        chosen = {}
        for name in self.addons:
            if offered := eks.describe_addon_versions(self._client, name, self.target):
                chosen[name] = default_version(offered, self.target)
        return chosen


def _described(names: list[str], describe: Any) -> dict[str, Description]:
    found = ((name, describe(name)) for name in names)
    return {name: description for name, description in found if description}


def _place(item: tuple[str, Description]) -> tuple[int, str]:
    name = item[0]
    # What a person has added needs the network and names, and comes after them.
    return (ADDON_ORDER.index(name) if name in ADDON_ORDER else len(ADDON_ORDER), name)


def _at_a_time(group: Description) -> str:
    config = group.get("updateConfig", {})
    if share := config.get("maxUnavailablePercentage"):
        return f"{share}% at a time"
    return f"{config.get('maxUnavailable', 1)} at a time"


def _issues(part: Description) -> str:
    said = [
        f"{issue.get('code')}: {issue.get('message')}" for issue in part.get("health", {}).get("issues", [])
    ]
    return f" (EKS says: {'; '.join(said)})" if said else ""


def _insight(insight: Description) -> str:
    """https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html"""
    details = []
    for detail in insight.get("categorySpecificSummary", {}).get("deprecationDetails", []):
        agents = ", ".join(
            stats["userAgent"] for stats in detail.get("clientStats", []) if stats.get("userAgent")
        )
        details.append(
            f"{detail.get('usage')} -> {detail.get('replacedWith')}" + (f" (by {agents})" if agents else "")
        )
    status = insight.get("insightStatus", {})
    reason = status.get("reason", "").rstrip(".")
    return " ".join(
        part
        for part in (
            f'EKS finds in "{insight["name"]}" ({status.get("status")}): {reason}.',
            f"In use: {'; '.join(details)}." if details else "",
            insight.get("recommendation", ""),
        )
        if part
    )
