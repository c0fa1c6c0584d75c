"""Clusters: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html and its siblings."""

import re
from typing import Any

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.eks import access_entries, networking
from sandbox.aws.eks.cluster_config import (
    check_changes,
    check_encryption,
    check_unsupported,
    complete_logging,
    endpoint_access,
)
from sandbox.aws.eks.errors import in_use, invalid_parameter, invalid_request, limit_exceeded
from sandbox.aws.eks.records import ADDON, CLUSTER, NODEGROUP, Record
from sandbox.aws.eks.service import Service, check_enumerations, check_role
from sandbox.aws.eks.versions import PLATFORM, Versions, minor
from sandbox.aws.errors import NotImplementedByEmulator
from sandbox.aws.pages import page

NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")
VERSION = re.compile(r"1\.\d{1,3}")
ZONES = 2
PLACES = [f"k{number}" for number in range(1, 10)]


class Clusters:
    """`own_account` is the sandbox's: its first cluster is the sandbox's own Kubernetes, with real nodes."""

    def __init__(self, service: Service, versions: Versions, own_account: str) -> None:
        self._service = service
        self._records = service.records
        self._versions = versions
        self._own_account = own_account

    def handlers(self) -> Handlers:
        return {
            ("eks", "CreateCluster"): self.create_cluster,
            ("eks", "DescribeCluster"): self.describe_cluster,
            ("eks", "ListClusters"): self.list_clusters,
            ("eks", "UpdateClusterConfig"): self.update_cluster_config,
            ("eks", "UpdateClusterVersion"): self.update_cluster_version,
            ("eks", "DeleteCluster"): self.delete_cluster,
        }

    def create_cluster(self, call: Call) -> Result:
        parameters = call.parameters
        name = parameters["name"]
        check_enumerations(parameters, call.operation.model.input_shape)
        check_unsupported(parameters)
        if not NAME.fullmatch(name):
            raise invalid_parameter(
                "The name can contain only alphanumeric characters (case-sensitive), hyphens, and "
                "underscores. "
                "It must start with an alphanumeric character and can't be longer than 100 characters.",
                clusterName=name,
            )
        existing = self._records.get(CLUSTER, call.account, call.region, name)
        if existing:
            if existing.state["token"] and existing.state["token"] == parameters.get("clientRequestToken"):
                return {"cluster": existing.described()}
            raise in_use(f"Cluster already exists with name: {name}", clusterName=name)
        record = self._new_record(call, parameters)
        with self._records.transaction():
            self._records.save(record)
            if parameters.get("accessConfig", {}).get("bootstrapClusterCreatorAdminPermissions", True):
                access_entries.add_creator(self._service, call, record)
        return {"cluster": record.described()}

    def _free_place(self, account: str) -> str:
        """Where a new cluster's control plane is. Raises ResourceLimitExceededException without room."""
        taken = {record.state["place"] for record in self._records.all(CLUSTER)}
        if account == self._own_account and "" not in taken:
            return ""
        for place in PLACES:
            if place not in taken:
                return place
        raise limit_exceeded(
            f"A sandbox has room for {len(PLACES)} clusters beside its own: delete one first"
        )

    def _new_record(self, call: Call, parameters: dict[str, Any]) -> Record:
        name = parameters["name"]
        version = self._versions.check(parameters.get("version") or self._versions.current)
        check_role(call, parameters["roleArn"], "eks.amazonaws.com", "roleArn")
        requested = parameters["resourcesVpcConfig"]
        subnets = networking.check_subnets(call, requested.get("subnetIds") or [], ZONES)
        vpc_id = subnets[0]["VpcId"]
        networking.check_security_groups(call, requested.get("securityGroupIds") or [], vpc_id)
        network = parameters.get("kubernetesNetworkConfig") or {}
        service_cidr = networking.service_cidr(call, network.get("serviceIpv4Cidr"), vpc_id)
        access = endpoint_access({}, requested)
        encryption = check_encryption(call, parameters.get("encryptionConfig") or [])
        tags = parameters.get("tags") or {}
        resource = {
            "name": name,
            "arn": f"arn:aws:eks:{call.region}:{call.account}:cluster/{name}",
            "createdAt": clock.now(),
            "version": version,
            "roleArn": parameters["roleArn"],
            "resourcesVpcConfig": {
                "subnetIds": requested["subnetIds"],
                "securityGroupIds": requested.get("securityGroupIds") or [],
                "vpcId": vpc_id,
                **access,
            },
            "kubernetesNetworkConfig": {
                "serviceIpv4Cidr": service_cidr,
                "ipFamily": network.get("ipFamily", "ipv4"),
                "elasticLoadBalancing": {"enabled": False},
            },
            "logging": complete_logging(parameters.get("logging") or {}),
            "status": "CREATING",
            "certificateAuthority": {},
            "platformVersion": PLATFORM,
            "tags": tags,
            "health": {"issues": []},
            "accessConfig": {
                "authenticationMode": parameters.get("accessConfig", {}).get(
                    "authenticationMode", "CONFIG_MAP"
                )
            },
            "upgradePolicy": {
                "supportType": parameters.get("upgradePolicy", {}).get("supportType", "EXTENDED")
            },
            "deletionProtection": bool(parameters.get("deletionProtection", False)),
            "zonalShiftConfig": {"enabled": bool(parameters.get("zonalShiftConfig", {}).get("enabled"))},
        }
        if encryption:
            resource["encryptionConfig"] = encryption
        state = {
            "token": parameters.get("clientRequestToken"),
            # Told by DescribeCluster once the cluster is there, as on AWS.
            "security_group": networking.cluster_security_group(call, name, vpc_id, tags),
            "place": self._free_place(call.account),
            "self_managed_addons": bool(parameters.get("bootstrapSelfManagedAddons", True)),
        }
        done_at = self._service.times.done_at("eks-cluster")
        return Record(CLUSTER, call.account, call.region, [name], resource, done_at, state)

    def describe_cluster(self, call: Call) -> Result:
        return {"cluster": self._service.cluster(call, call.parameters["name"]).described()}

    def list_clusters(self, call: Call) -> Result:
        names = [record.cluster for record in self._records.all(CLUSTER, call.account, call.region)]
        return page(names, call.parameters, "clusters")

    def update_cluster_config(self, call: Call) -> Result:
        parameters = call.parameters
        check_enumerations(parameters, call.operation.model.input_shape)
        check_unsupported(parameters)
        record = self._service.cluster(call, parameters["name"])
        if record.status != "ACTIVE":
            raise in_use(
                f"Cluster currently has an update or is not ACTIVE: {record.status}",
                clusterName=record.cluster,
            )
        kind, changed, shown = check_changes(call, record.resource, parameters)
        record.resource |= changed
        done_at = self._service.times.done_at("eks-cluster-update")
        return {"update": self._service.begin_update(record, kind, shown, done_at)}

    def update_cluster_version(self, call: Call) -> Result:
        """https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html"""
        parameters = call.parameters
        record = self._service.cluster(call, parameters["name"])
        if parameters.get("rollbackConfig"):
            raise NotImplementedByEmulator("eks", "UpdateClusterVersion with rollbackConfig")
        wanted, now = parameters["version"], record.resource["version"]
        if record.status != "ACTIVE":
            raise in_use(
                f"Cluster {record.cluster} cannot be updated: its status is {record.status}",
                clusterName=record.cluster,
            )
        if wanted == now:
            raise invalid_parameter(
                f"Cluster is already at the desired version: {now}", clusterName=record.cluster
            )
        if not VERSION.fullmatch(wanted) or minor(wanted) != minor(now) + 1:
            raise invalid_parameter(
                f"Unsupported Kubernetes minor version update from {now} to {wanted}",
                clusterName=record.cluster,
            )
        self._versions.check(wanted)
        self._check_nodes(record)
        done_at = self._service.times.done_at("eks-cluster-version-update")
        shown = {"Version": wanted, "PlatformVersion": PLATFORM}
        update = self._service.begin_update(record, "VersionUpdate", shown, done_at, {"version": wanted})
        return {"update": update}

    def _check_nodes(self, record: Record) -> None:
        """https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html: all node groups
        must be of the cluster's version.
        """
        groups = self._records.all(NODEGROUP, record.account, record.region, record.cluster)
        now = record.resource["version"]
        behind = [group.names[-1] for group in groups if group.resource["version"] != now]
        if behind:
            raise invalid_request(
                f"Nodegroups {', '.join(behind)} must be updated to match cluster version {now} before "
                "updating cluster version",
                clusterName=record.cluster,
            )

    def delete_cluster(self, call: Call) -> Result:
        record = self._service.cluster(call, call.parameters["name"])
        scope = (call.account, call.region, record.cluster)
        # https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html
        if record.resource["deletionProtection"] and record.status in ("ACTIVE", "UPDATING"):
            raise invalid_request(
                f"Cluster {record.cluster} has deletion protection enabled: disable it before you delete it",
                clusterName=record.cluster,
            )
        if next(self._records.all(NODEGROUP, *scope), None):
            raise in_use("Cluster has nodegroups attached", clusterName=record.cluster)
        if record.status == "UPDATING":
            raise in_use("Cluster has an update in progress", clusterName=record.cluster)
        record.status = "DELETING"
        record.done_at = self._service.times.done_at("eks-cluster-delete")
        with self._records.transaction():
            self._records.save(record)
            for addon in list(self._records.all(ADDON, *scope)):
                self._records.delete(addon)  # its objects go with the cluster
        return {"cluster": record.described()}
