"""EKS kept in memory, with what an upgrade asks of it: a version is there when its update has ended."""

from __future__ import annotations

from typing import Any

from .fake_eks import FakeEks, State

LOOKS = 6  # descriptions during which an update is under way
OFFERED = {
    "vpc-cni": {"1.34": ["v1.20.4-eksbuild.2"], "1.35": ["v1.21.1-eksbuild.1", "v1.20.4-eksbuild.2"]},
    "kube-proxy": {
        "1.34": ["v1.34.1-eksbuild.2"],
        "1.35": ["v1.35.0-eksbuild.2", "v1.34.1-eksbuild.2"],
    },
}


class UpgradableEks(FakeEks):
    def __init__(self) -> None:
        super().__init__()
        self.of: dict[str, str] = {}
        self.then: dict[str, State] = {}
        self.insights: dict[str, State] = {}

    def built(self, version: str, addons: dict[str, str]) -> None:
        """Have the cluster `notejam-test` with its node group `system` and these add-ons."""
        self.resources["notejam-test"] = {
            "name": "notejam-test",
            "roleArn": "arn:role",
            "version": version,
            "status": "ACTIVE",
            "resourcesVpcConfig": {"subnetIds": ["subnet-a", "subnet-b"]},
        }
        self.resources["notejam-test/system"] = {
            "clusterName": "notejam-test",
            "nodegroupName": "system",
            "version": version,
            "status": "ACTIVE",
            "scalingConfig": {"desiredSize": 3},
            "updateConfig": {"maxUnavailable": 1},
        }
        for name, addon_version in addons.items():
            self.resources[f"notejam-test/{name}"] = {
                "clusterName": "notejam-test",
                "addonName": name,
                "addonVersion": addon_version,
                "status": "ACTIVE",
                "configurationValues": '{"enableNetworkPolicy": "true"}',
            }

    def DescribeUpdate(self, name: str, updateId: str, **_of: str) -> State:
        update = self._described(updateId)
        if update["status"] != "InProgress":
            resource = self.resources[self.of[updateId]]
            resource["status"] = "ACTIVE"
            if update["status"] == "Successful":
                resource.update(self.then[updateId])
        return {"update": update}

    def ListUpdates(self, name: str, nodegroupName: str = "", addonName: str = "") -> State:
        key = "/".join(filter(None, (name, nodegroupName or addonName)))
        return {"updateIds": [number for number, of in self.of.items() if of == key]}

    def ListAddons(self, clusterName: str) -> State:
        found = self.resources.values()
        return {"addons": [state["addonName"] for state in found if "addonName" in state]}

    def DescribeClusterVersions(self) -> State:
        return {"clusterVersions": [{"clusterVersion": f"1.{number}"} for number in (36, 35, 34, 33)]}

    def DescribeAddonVersions(self, addonName: str, kubernetesVersion: str) -> State:
        offered = OFFERED.get(addonName, {}).get(kubernetesVersion, [])
        versions = [
            {
                "addonVersion": version,
                "compatibilities": [
                    {"clusterVersion": kubernetesVersion, "defaultVersion": version == offered[0]}
                ],
            }
            for version in offered
        ]
        return {"addons": [{"addonName": addonName, "addonVersions": versions}] if versions else []}

    def UpdateClusterVersion(self, name: str, version: str) -> State:
        self._ready(name)
        return self._begin(name, "VersionUpdate", "Version", {"version": version})

    def UpdateNodegroupVersion(
        self, clusterName: str, nodegroupName: str, force: bool, **request: Any
    ) -> State:
        key = f"{clusterName}/{nodegroupName}"
        self._ready(key)
        self.forced = force
        return self._begin(key, "VersionUpdate", "Version", {"version": request["version"]})

    def UpdateAddon(
        self, clusterName: str, addonName: str, addonVersion: str, resolveConflicts: str, **request: Any
    ) -> State:
        key = f"{clusterName}/{addonName}"
        state = self._ready(key)
        for setting in ("configurationValues", "serviceAccountRoleArn"):
            state.pop(setting, None)
        return self._begin(key, "AddonUpdate", "AddonVersion", {"addonVersion": addonVersion, **request})

    def ListInsights(self, clusterName: str, filter: State) -> State:
        assert filter["categories"] == ["UPGRADE_READINESS"]
        found = [
            insight
            for insight in self.insights.values()
            if insight["insightStatus"]["status"] in filter["statuses"]
            and insight["kubernetesVersion"] in filter["kubernetesVersions"]
        ]
        return {"insights": [{"id": insight["id"], "name": insight["name"]} for insight in found]}

    def DescribeInsight(self, clusterName: str, id: str) -> State:
        return {"insight": self.insights[id]}

    def DescribeSubnets(self, SubnetIds: list[str]) -> State:
        return {"Subnets": [{"SubnetId": each, "AvailableIpAddressCount": 100} for each in SubnetIds]}

    def _begin(self, key: str, kind: str, parameter: str, then: State) -> State:
        """An update during which the resource is as before."""
        update = self._update(key, kind)
        self.steps[key], self.steps[update["id"]] = [], ["InProgress"] * LOOKS + ["Successful"]
        update["params"] = [{"type": parameter, "value": next(iter(then.values()))}]
        self.of[update["id"]], self.then[update["id"]] = key, then
        return {"update": update}
