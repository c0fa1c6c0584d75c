"""EKS kept in memory: what the eks_* modules need of it, with its statuses and its refusals.

Each resource is under way for two descriptions before it is what was asked for, as on AWS it is for minutes.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

State = dict[str, Any]
ARN = "arn:aws:eks:eu-west-1:123456789012:"
CONFIG_UPDATES = {
    "accessConfig": "AccessConfigUpdate",
    "deletionProtection": "DeletionProtectionUpdate",
    "logging": "LoggingUpdate",
    "resourcesVpcConfig": "VpcConfigUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "zonalShiftConfig": "ZonalShiftConfigUpdate",
}
# What DescribeCluster never tells: https://docs.aws.amazon.com/eks/latest/APIReference/API_Cluster.html
CREATION_ONLY = ("bootstrapSelfManagedAddons", "clientRequestToken")


class FakeEks:
    """Answers the API's operations by methods of their names."""

    def __init__(self) -> None:
        self.resources: dict[str, State] = {}
        self.updates: dict[str, State] = {}
        self.steps: dict[str, list[str]] = {}
        self.ends: dict[str, tuple[str, list[State]]] = {}
        self.numbers = itertools.count(1)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let every client of this process talk to this EKS, and no wait take time."""

        def answer(client: Any, operation: str, parameters: State) -> State:
            parameters = json.loads(json.dumps(parameters))
            report = ParamValidator().validate(
                parameters, client.meta.service_model.operation_model(operation).input_shape
            )
            assert not report.has_errors(), report.generate_report()
            parameters.pop("clientRequestToken", None)
            self.operation = operation
            return json.loads(json.dumps(getattr(self, operation)(**parameters)))

        patch.setattr("botocore.client.BaseClient._make_api_call", answer)
        patch.setattr("time.sleep", lambda _seconds: None)

    def ends_as(self, key: str, status: str, *issues: State) -> None:
        """The next thing that is under way at this resource ends with the status and the health issues."""
        self.ends[key] = status, list(issues)

    # Clusters

    def DescribeCluster(self, name: str) -> State:
        return {"cluster": self._described(name)}

    def CreateCluster(self, name: str, **request: Any) -> State:
        network = {
            "endpointPublicAccess": True,
            "endpointPrivateAccess": False,
            "publicAccessCidrs": ["0.0.0.0/0"],
            "securityGroupIds": [],
            **request.pop("resourcesVpcConfig"),
            "vpcId": "vpc-1",
            "clusterSecurityGroupId": "sg-1",
        }
        if not network["endpointPublicAccess"]:
            network["publicAccessCidrs"] = []
        access = request.pop("accessConfig", {})
        access.pop("bootstrapClusterCreatorAdminPermissions", None)
        kept = {key: value for key, value in request.items() if key not in CREATION_ONLY}
        cluster = {
            "name": name,
            "resourcesVpcConfig": network,
            "accessConfig": access,
            "health": {"issues": []},
        }
        return {
            "cluster": self._make(name, {"version": "1.35", **cluster, **kept, "arn": f"{ARN}cluster/{name}"})
        }

    def UpdateClusterConfig(self, name: str, **request: Any) -> State:
        if len(request) != 1:
            raise self._refusal("InvalidParameterException", "Only one type of update can be allowed.")
        ((key, value),) = request.items()
        cluster = self._ready(name)
        if key == "resourcesVpcConfig":
            if {"subnetIds", "endpointPublicAccess"} <= value.keys():
                raise self._refusal("InvalidParameterException", "Only one type of update can be allowed.")
            if "publicAccessCidrs" in value and not value["endpointPublicAccess"]:
                raise self._refusal("InvalidParameterException", "Public access is disabled.")
            value = {**cluster[key], **value}
        if cluster.get(key) == value:
            raise self._refusal("InvalidParameterException", "No changes needed for the update.")
        cluster[key] = value
        return {"update": self._update(name, CONFIG_UPDATES[key])}

    def UpdateClusterVersion(self, name: str, version: str) -> State:
        self._ready(name)["version"] = version
        return {"update": self._update(name, "VersionUpdate")}

    def AssociateEncryptionConfig(self, clusterName: str, encryptionConfig: list[State]) -> State:
        self._ready(clusterName)["encryptionConfig"] = encryptionConfig
        return {"update": self._update(clusterName, "AssociateEncryptionConfig")}

    def DeleteCluster(self, name: str) -> State:
        return {"cluster": self._unmake(name)}

    def DescribeUpdate(self, name: str, updateId: str, **_of: str) -> State:
        return {"update": self._described(updateId)}

    def ListClusters(self) -> State:
        return {"clusters": [name for name, state in self.resources.items() if "roleArn" in state]}

    # What EKS and EC2 offer

    def DescribeClusterVersions(self) -> State:
        statuses = {"1.9": "UNSUPPORTED", "1.34": "STANDARD_SUPPORT", "1.35": "STANDARD_SUPPORT"}
        return {
            "clusterVersions": [
                {"clusterVersion": version, "versionStatus": status} for version, status in statuses.items()
            ]
        }

    def DescribeAddonVersions(
        self, kubernetesVersion: str, addonName: str | None = None, owners: list[str] | None = None
    ) -> State:
        """A version for each Kubernetes version, and a newer one that is not the default yet."""
        names = {"coredns", "kube-proxy", "vpc-cni"}
        if addonName is not None and addonName not in names:
            raise self._refusal("ResourceNotFoundException", f"Addon {addonName} is not supported")
        versions = [
            {
                "addonVersion": f"v{kubernetesVersion}.{patch}-eksbuild.1",
                "compatibilities": [{"clusterVersion": kubernetesVersion, "defaultVersion": patch == 1}],
            }
            for patch in (2, 1)
        ]
        return {
            "addons": [
                {"addonName": name, "addonVersions": versions}
                for name in sorted(names)
                if addonName in (None, name)
            ]
        }

    def DescribeInstanceTypes(self, Filters: list[State]) -> State:
        offered = {"m7i.large": "x86_64", "m7a.large": "x86_64", "m7g.large": "arm64"}
        return {
            "InstanceTypes": [
                {"InstanceType": name, "ProcessorInfo": {"SupportedArchitectures": [architecture]}}
                for name, architecture in offered.items()
                if name in Filters[0]["Values"]
            ]
        }

    # Node groups

    def ListNodegroups(self, clusterName: str) -> State:
        found = [
            s["nodegroupName"]
            for s in self.resources.values()
            if s.get("clusterName") == clusterName and "nodegroupName" in s
        ]
        return {"nodegroups": found}

    def DescribeNodegroup(self, clusterName: str, nodegroupName: str) -> State:
        return {"nodegroup": self._described(f"{clusterName}/{nodegroupName}")}

    def CreateNodegroup(self, clusterName: str, nodegroupName: str, **request: Any) -> State:
        self._ready(clusterName)
        key = f"{clusterName}/{nodegroupName}"
        names = {
            "clusterName": clusterName,
            "nodegroupName": nodegroupName,
            "nodegroupArn": f"{ARN}nodegroup/{key}/1",
        }
        given = {
            "version": "1.35",
            "releaseVersion": "1.35.4-20261114",
            "updateConfig": {"maxUnavailable": 1},
        }
        return {"nodegroup": self._make(key, {**given, **names, **request})}

    def UpdateNodegroupConfig(self, clusterName: str, nodegroupName: str, **request: Any) -> State:
        key = f"{clusterName}/{nodegroupName}"
        group = self._ready(key)
        group["scalingConfig"] = {**group["scalingConfig"], **request.get("scalingConfig", {})}
        group["updateConfig"] = request.get("updateConfig", group["updateConfig"])
        labels = request.get("labels", {})
        group["labels"] = {**group.get("labels", {}), **labels.get("addOrUpdateLabels", {})}
        for label in labels.get("removeLabels", []):
            del group["labels"][label]
        taints = request.get("taints", {})
        changed = [*taints.get("addOrUpdateTaints", []), *taints.get("removeTaints", [])]
        gone = [(taint["key"], taint["effect"]) for taint in changed]
        left = [taint for taint in group.get("taints", []) if (taint["key"], taint["effect"]) not in gone]
        group["taints"] = [*left, *taints.get("addOrUpdateTaints", [])]
        return {"update": self._update(key, "ConfigUpdate")}

    def UpdateNodegroupVersion(
        self, clusterName: str, nodegroupName: str, force: bool, **request: Any
    ) -> State:
        key = f"{clusterName}/{nodegroupName}"
        self._ready(key).update(request)
        return {"update": self._update(key, "VersionUpdate")}

    def DeleteNodegroup(self, clusterName: str, nodegroupName: str) -> State:
        return {"nodegroup": self._unmake(f"{clusterName}/{nodegroupName}")}

    # Add-ons

    def DescribeAddon(self, clusterName: str, addonName: str) -> State:
        return {"addon": self._described(f"{clusterName}/{addonName}")}

    def CreateAddon(self, clusterName: str, addonName: str, resolveConflicts: str, **request: Any) -> State:
        self._ready(clusterName)
        key = f"{clusterName}/{addonName}"
        names = {"clusterName": clusterName, "addonName": addonName, "addonArn": f"{ARN}addon/{key}/1"}
        self._own_associations(clusterName, request)
        return {"addon": self._make(key, {"addonVersion": "v1.0.0-eksbuild.1", **names, **request})}

    def UpdateAddon(self, clusterName: str, addonName: str, resolveConflicts: str, **request: Any) -> State:
        key = f"{clusterName}/{addonName}"
        self._own_associations(clusterName, request)
        self._ready(key).update(request)
        return {"update": self._update(key, "AddonUpdate")}

    def DeleteAddon(self, clusterName: str, addonName: str, preserve: bool) -> State:
        return {"addon": self._unmake(f"{clusterName}/{addonName}")}

    # Access entries

    def ListAccessEntries(self, clusterName: str) -> State:
        self._found(clusterName)
        return {"accessEntries": [s["principalArn"] for s in self.resources.values() if "principalArn" in s]}

    def DescribeAccessEntry(self, clusterName: str, principalArn: str) -> State:
        entry = dict(self._found(f"{clusterName}/{principalArn}"))
        entry.pop("policies")
        return {"accessEntry": entry}

    def CreateAccessEntry(self, clusterName: str, principalArn: str, **request: Any) -> State:
        key = f"{clusterName}/{principalArn}"
        names = {
            "clusterName": clusterName,
            "principalArn": principalArn,
            "accessEntryArn": f"{ARN}access-entry/{key}/1",
        }
        given = {"type": "STANDARD", "username": principalArn, "kubernetesGroups": [], "policies": {}}
        self.resources[key] = {**given, **names, **request}
        return self.DescribeAccessEntry(clusterName, principalArn)

    def UpdateAccessEntry(self, clusterName: str, principalArn: str, **request: Any) -> State:
        self._found(f"{clusterName}/{principalArn}").update(request)
        return self.DescribeAccessEntry(clusterName, principalArn)

    def DeleteAccessEntry(self, clusterName: str, principalArn: str) -> State:
        del self.resources[f"{clusterName}/{principalArn}"]
        return {}

    def ListAssociatedAccessPolicies(self, clusterName: str, principalArn: str) -> State:
        policies = self._found(f"{clusterName}/{principalArn}")["policies"]
        return {
            "associatedAccessPolicies": [
                {"policyArn": arn, "accessScope": {"namespaces": [], **scope}}
                for arn, scope in policies.items()
            ]
        }

    def AssociateAccessPolicy(
        self, clusterName: str, principalArn: str, policyArn: str, accessScope: State
    ) -> State:
        self._found(f"{clusterName}/{principalArn}")["policies"][policyArn] = accessScope
        return {}

    def DisassociateAccessPolicy(self, clusterName: str, principalArn: str, policyArn: str) -> State:
        del self._found(f"{clusterName}/{principalArn}")["policies"][policyArn]
        return {}

    # Pod Identity associations

    def ListPodIdentityAssociations(self, clusterName: str, **filters: str) -> State:
        found = [state for state in self.resources.values() if filters.items() <= state.items()]
        words = ("namespace", "serviceAccount", "associationId")
        return {
            "associations": [
                {word: state[word] for word in words} for state in found if "associationId" in state
            ]
        }

    def DescribePodIdentityAssociation(self, clusterName: str, associationId: str) -> State:
        return {"association": self._found(associationId)}

    def CreatePodIdentityAssociation(self, clusterName: str, **request: Any) -> State:
        number = f"a-{next(self.numbers)}"
        arn = f"{ARN}podidentityassociation/{clusterName}/{number}"
        names = {"clusterName": clusterName, "associationId": number, "associationArn": arn}
        self.resources[number] = {**names, **request}
        return {"association": self.resources[number]}

    def UpdatePodIdentityAssociation(self, clusterName: str, associationId: str, **request: Any) -> State:
        self._found(associationId).update(request)
        return {"association": self._found(associationId)}

    def DeletePodIdentityAssociation(self, clusterName: str, associationId: str) -> State:
        return {"association": self.resources.pop(associationId)}

    # Tags

    def TagResource(self, resourceArn: str, tags: dict[str, str]) -> State:
        tagged = self._by_arn(resourceArn)
        tagged["tags"] = {**tagged.get("tags", {}), **tags}
        return {}

    def UntagResource(self, resourceArn: str, tagKeys: list[str]) -> State:
        tags = self._by_arn(resourceArn)["tags"]
        for key in tagKeys:
            del tags[key]
        return {}

    # What they share

    def _refusal(self, code: str, message: str) -> ClientError:
        return ClientError({"Error": {"Code": code, "Message": message}}, self.operation)

    def _found(self, key: str) -> State:
        if key not in self.resources:
            raise self._refusal("ResourceNotFoundException", f"{key} is not there")
        return self.resources[key]

    def _described(self, key: str) -> State:
        """The resource; with each description it comes a step nearer to its end."""
        state = self._found(key)
        if self.steps.get(key):
            state["status"] = self.steps[key].pop(0)
            if state["status"] == "DELETED":
                del self.resources[key]
                raise self._refusal("ResourceNotFoundException", f"{key} is gone")
            if not self.steps[key] and key in self.ends:
                state["status"], issues = self.ends.pop(key)
                state["errors" if key.startswith("update") else "health"] = (
                    issues if key.startswith("update") else {"issues": issues}
                )
        if (
            key in self.resources
            and key.startswith("notejam")
            and "/" not in key
            and state["status"] == "ACTIVE"
        ):
            state.setdefault("endpoint", "https://kubernetes")
        return state

    def _ready(self, key: str) -> State:
        """The resource, for a change. EKS refuses one while it is under way."""
        state = self._found(key)
        if state["status"] != "ACTIVE":
            raise self._refusal("InvalidRequestException", f"{key} is {state['status']}")
        return state

    def _make(self, key: str, state: State) -> State:
        if key in self.resources:
            raise self._refusal("ResourceInUseException", f"{key} is already there")
        self.resources[key] = {**state, "status": "CREATING"}
        self.steps[key] = ["CREATING", "CREATING", "ACTIVE"]
        return self.resources[key]

    def _unmake(self, key: str) -> State:
        state = self._found(key)
        state["status"] = "DELETING"
        self.steps[key] = ["DELETING", "DELETING", "DELETED"]
        return state

    def _update(self, key: str, kind: str) -> State:
        number = f"update-{next(self.numbers)}"
        self.resources[number] = {"id": number, "status": "InProgress", "type": kind, "errors": []}
        self.steps[number] = ["InProgress", "Successful"]
        self.resources[key]["status"] = "UPDATING"
        self.steps[key] = ["ACTIVE"]
        if "update" in self.ends:
            self.ends[number] = self.ends.pop("update")
        return self.resources[number]

    def _own_associations(self, cluster: str, request: State) -> None:
        if "podIdentityAssociations" in request:
            request["podIdentityAssociations"] = [
                self.CreatePodIdentityAssociation(cluster, namespace="kube-system", **wanted)["association"][
                    "associationArn"
                ]
                for wanted in request["podIdentityAssociations"]
            ]

    def _by_arn(self, arn: str) -> State:
        return next(state for state in self.resources.values() if arn in state.values())
