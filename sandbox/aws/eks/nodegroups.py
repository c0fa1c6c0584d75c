"""Managed node groups: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html and its
siblings.
"""

import re
from typing import Any

from sandbox.aws import clock
from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.eks import access_entries, networking, nodes
from sandbox.aws.eks.errors import in_use, invalid_parameter, not_found
from sandbox.aws.eks.nodegroup_config import (
    NODE_ROLE_POLICIES,
    check_instance_types,
    check_labels,
    check_launch_template,
    check_scaling,
    check_taints,
    check_update_config,
    has_any_policy,
)
from sandbox.aws.eks.nodegroup_versions import check_release, check_version_change
from sandbox.aws.eks.records import NODEGROUP, Record, new_id
from sandbox.aws.eks.service import Service, check_enumerations, check_role
from sandbox.aws.pages import page

NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,62}")
DEFAULT_INSTANCE_TYPES = ["t3.medium"]
DEFAULT_DISK_SIZE = 20  # GiB
DEFAULT_AMI_TYPE = "AL2023_x86_64_STANDARD"


class Nodegroups:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._records = service.records

    def handlers(self) -> Handlers:
        return {
            ("eks", "CreateNodegroup"): self.create_nodegroup,
            ("eks", "DescribeNodegroup"): self.describe_nodegroup,
            ("eks", "ListNodegroups"): self.list_nodegroups,
            ("eks", "UpdateNodegroupConfig"): self.update_nodegroup_config,
            ("eks", "UpdateNodegroupVersion"): self.update_nodegroup_version,
            ("eks", "DeleteNodegroup"): self.delete_nodegroup,
        }

    def _get(self, call: Call) -> Record:
        parameters = call.parameters
        cluster = self._service.cluster(call, parameters["clusterName"])
        name = parameters["nodegroupName"]
        record = self._records.get(NODEGROUP, call.account, call.region, cluster.cluster, name)
        if record is None:
            raise not_found(
                f"No node group found for name: {name}.", clusterName=cluster.cluster, nodegroupName=name
            )
        return record

    def create_nodegroup(self, call: Call) -> Result:
        parameters = call.parameters
        check_enumerations(parameters, call.operation.model.input_shape)
        cluster = self._service.active_cluster(call, parameters["clusterName"])
        name = parameters["nodegroupName"]
        if not NAME.fullmatch(name):
            raise invalid_parameter(
                f"nodegroupName {name!r} must start with a letter or digit and hold up to 63 letters, "
                "digits, hyphens and underscores",
                nodegroupName=name,
            )
        existing = self._records.get(NODEGROUP, call.account, call.region, cluster.cluster, name)
        if existing:
            if existing.state["token"] and existing.state["token"] == parameters.get("clientRequestToken"):
                return {"nodegroup": existing.described()}
            raise in_use(
                f"NodeGroup already exists with name {name} and cluster name {cluster.cluster}",
                clusterName=cluster.cluster,
                nodegroupName=name,
            )
        record = self._new_record(call, cluster, parameters)
        self._records.save(record)
        access_entries.add_for_nodes(self._service, call, cluster, parameters["nodeRole"])
        return {"nodegroup": record.described()}

    def _new_record(self, call: Call, cluster: Record, parameters: dict[str, Any]) -> Record:
        name = parameters["nodegroupName"]
        check_role(call, parameters["nodeRole"], "ec2.amazonaws.com", "nodeRole")
        subnets = networking.check_subnets(call, parameters["subnets"])
        if subnets[0]["VpcId"] != cluster.resource["resourcesVpcConfig"]["vpcId"]:
            raise invalid_parameter("Subnets are not in the cluster's VPC", clusterName=cluster.cluster)
        version = parameters.get("version") or cluster.resource["version"]
        if version != cluster.resource["version"]:
            raise invalid_parameter(
                f"Requested Nodegroup kubernetes version {version} is not that of the cluster, "
                f"{cluster.resource['version']}"
            )
        ami_type = parameters.get("amiType", DEFAULT_AMI_TYPE)
        if ami_type.startswith("AL2_"):
            raise invalid_parameter(
                f"Requested AMI type {ami_type} is not available for Kubernetes {version}"
            )
        template = check_launch_template(call, parameters)
        identifier = new_id()
        base = f"arn:aws:eks:{call.region}:{call.account}:nodegroup/{cluster.cluster}/{name}"
        resource = {
            "nodegroupName": name,
            "nodegroupArn": f"{base}/{identifier}",
            "clusterName": cluster.cluster,
            "version": version,
            "releaseVersion": check_release(parameters.get("releaseVersion"), version),
            "createdAt": clock.now(),
            "modifiedAt": clock.now(),
            "status": "CREATING",
            "capacityType": parameters.get("capacityType", "ON_DEMAND"),
            "scalingConfig": check_scaling(parameters.get("scalingConfig") or {}),
            "instanceTypes": check_instance_types(call, parameters, DEFAULT_INSTANCE_TYPES),
            "subnets": parameters["subnets"],
            "amiType": ami_type,
            "nodeRole": parameters["nodeRole"],
            "labels": check_labels(parameters.get("labels") or {}),
            "taints": check_taints(parameters.get("taints") or []),
            "resources": {"autoScalingGroups": [{"name": f"eks-{name}-{identifier}"}]},
            "health": {"issues": []},
            "updateConfig": check_update_config(parameters.get("updateConfig") or {}),
            "nodeRepairConfig": parameters.get("nodeRepairConfig") or {"enabled": False},
            "tags": parameters.get("tags") or {},
        }
        if template:
            resource["launchTemplate"] = template
        else:
            resource["diskSize"] = parameters.get("diskSize") or DEFAULT_DISK_SIZE
        if remote_access := parameters.get("remoteAccess"):
            resource["remoteAccess"] = remote_access
        state: dict[str, Any] = {
            "token": parameters.get("clientRequestToken"),
            "zones": [subnet["AvailabilityZone"] for subnet in subnets],
            "nodes": {},  # by name, which is the private DNS name of its instance
            "templates": {},  # versions of EKS's own launch template, by what nodes are launched of
            "launches": None,
            "joins": has_any_policy(call, parameters["nodeRole"], NODE_ROLE_POLICIES),
        }
        done_at = self._service.times.done_at("eks-nodegroup")
        names = [cluster.cluster, name]
        return Record(NODEGROUP, call.account, call.region, names, resource, done_at, state)

    def describe_nodegroup(self, call: Call) -> Result:
        return {"nodegroup": self._get(call).described()}

    def list_nodegroups(self, call: Call) -> Result:
        cluster = self._service.cluster(call, call.parameters["clusterName"])
        groups = self._records.all(NODEGROUP, call.account, call.region, cluster.cluster)
        return page([record.names[-1] for record in groups], call.parameters, "nodegroups")

    def update_nodegroup_config(self, call: Call) -> Result:
        parameters = call.parameters
        check_enumerations(parameters, call.operation.model.input_shape)
        record = self._get(call)
        shown: dict[str, Any] = {}
        resource = record.resource
        if labels := parameters.get("labels"):
            added, removed = labels.get("addOrUpdateLabels") or {}, labels.get("removeLabels") or []
            kept = {key: value for key, value in resource["labels"].items() if key not in removed}
            resource["labels"] = kept | check_labels(added)
            shown |= {"LabelsToAdd": added, "LabelsToRemove": removed}
        if taints := parameters.get("taints"):
            resource["taints"] = changed_taints(resource["taints"], taints)
            shown |= {
                "TaintsToAdd": taints.get("addOrUpdateTaints") or [],
                "TaintsToRemove": taints.get("removeTaints") or [],
            }
        if scaling := parameters.get("scalingConfig"):
            resource["scalingConfig"] = check_scaling(resource["scalingConfig"] | scaling)
            record.state["resized"] = True
            shown |= {name[0].upper() + name[1:]: value for name, value in scaling.items()}
        if update_config := parameters.get("updateConfig"):
            resource["updateConfig"] = check_update_config(update_config)
            shown |= {name[0].upper() + name[1:]: value for name, value in update_config.items()}
        if repair := parameters.get("nodeRepairConfig"):
            resource["nodeRepairConfig"] = repair
            shown |= {"NodeRepairEnabled": str(repair.get("enabled", False)).lower()}
        done_at = self._service.times.done_at("eks-nodegroup-update")
        return {"update": self._service.begin_update(record, "ConfigUpdate", shown, done_at)}

    def update_nodegroup_version(self, call: Call) -> Result:
        """https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html"""
        parameters = call.parameters
        record = self._get(call)
        cluster = self._service.cluster(call, record.cluster)
        wanted = check_version_change(call, record.resource, cluster.resource["version"], parameters)
        done_at = self._service.times.done_at("eks-nodegroup-version-update")
        shown = {"Version": wanted["version"], "ReleaseVersion": wanted["releaseVersion"]}
        if template := wanted.get("launchTemplate"):
            shown |= {"LaunchTemplateName": template["name"], "LaunchTemplateVersion": template["version"]}
        record.state["replacement"] = {
            "generation": nodes.generation(wanted),
            "resource": wanted,
            "force": bool(parameters.get("force")),
        }
        return {"update": self._service.begin_update(record, "VersionUpdate", shown, done_at, wanted)}

    def delete_nodegroup(self, call: Call) -> Result:
        record = self._get(call)
        if record.status in ("UPDATING", "DELETING"):
            raise in_use(
                f"Nodegroup {record.names[-1]} cannot be deleted: its status is {record.status}",
                clusterName=record.cluster,
                nodegroupName=record.names[-1],
            )
        record.status = "DELETING"
        record.done_at = self._service.times.done_at("eks-nodegroup-delete")
        self._records.save(record)
        return {"nodegroup": record.described()}


def changed_taints(taints: list[dict[str, str]], payload: dict[str, Any]) -> list[dict[str, str]]:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateTaintsPayload.html: known by key and
    effect.
    """
    removed = {(taint["key"], taint["effect"]) for taint in payload.get("removeTaints") or []}
    added = {(taint["key"], taint["effect"]): taint for taint in payload.get("addOrUpdateTaints") or []}
    kept = [taint for taint in taints if (taint["key"], taint["effect"]) not in removed | added.keys()]
    return check_taints([*kept, *added.values()])
