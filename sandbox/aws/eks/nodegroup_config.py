"""What a node group is made of, checked as EKS checks it.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
"""

from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.calls import Call
from sandbox.aws.eks.errors import invalid_parameter
from sandbox.aws.eks.service import ask

# A node whose role has neither cannot join the cluster:
# https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
NODE_ROLE_POLICIES = {"AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"}
DEFAULT_SCALING = {"minSize": 1, "maxSize": 2, "desiredSize": 2}
RESERVED_LABELS = ("eks.amazonaws.com/", "kubernetes.io/", "k8s.io/")
LONGEST_LABEL = 63
MOST_TAINTS = 50


def check_scaling(requested: dict[str, int]) -> dict[str, int]:
    """Raises InvalidParameterException unless 0 <= min <= desired <= max and max >= 1."""
    scaling = DEFAULT_SCALING | requested
    if scaling["minSize"] < 0 or scaling["maxSize"] < 1:
        raise invalid_parameter("Minimum capacity must be at least 0, and maximum capacity at least 1")
    if scaling["minSize"] > scaling["maxSize"]:
        raise invalid_parameter(
            f"Minimum capacity {scaling['minSize']} can't be greater than maximum capacity "
            f"{scaling['maxSize']}"
        )
    if scaling["desiredSize"] > scaling["maxSize"]:
        raise invalid_parameter(
            f"desired capacity {scaling['desiredSize']} can't be greater than max size {scaling['maxSize']}"
        )
    if scaling["desiredSize"] < scaling["minSize"]:
        raise invalid_parameter(
            f"Minimum capacity {scaling['minSize']} can't be greater than desired size "
            f"{scaling['desiredSize']}"
        )
    return scaling


def check_instance_types(call: Call, parameters: dict[str, Any], default: list[str]) -> list[str]:
    types = parameters.get("instanceTypes")
    if not types:
        return [] if parameters.get("launchTemplate") else default
    ask(call.client("ec2").describe_instance_types, InstanceTypes=types)
    return list(types)


def check_labels(labels: dict[str, str]) -> dict[str, str]:
    for key, value in labels.items():
        if key.startswith(RESERVED_LABELS):
            raise invalid_parameter(f"Label cannot contain reserved prefixes {list(RESERVED_LABELS)}: {key}")
        if len(value) > LONGEST_LABEL:
            raise invalid_parameter(f"The value of label {key} is longer than {LONGEST_LABEL} characters")
    return labels


def check_taints(taints: list[dict[str, str]]) -> list[dict[str, str]]:
    if len(taints) > MOST_TAINTS:
        raise invalid_parameter(f"A node group can have up to {MOST_TAINTS} taints")
    if len({(taint.get("key"), taint.get("effect")) for taint in taints}) != len(taints):
        raise invalid_parameter("Taints must be unique by key and effect")
    return taints


def check_update_config(requested: dict[str, Any]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html"""
    if "maxUnavailable" in requested and "maxUnavailablePercentage" in requested:
        raise invalid_parameter("maxUnavailable and maxUnavailablePercentage can't be set together")
    number, percentage = requested.get("maxUnavailable", 1), requested.get("maxUnavailablePercentage", 1)
    if not 1 <= number <= 100 or not 1 <= percentage <= 100:
        raise invalid_parameter("maxUnavailable and maxUnavailablePercentage must be from 1 to 100")
    if "maxUnavailable" in requested or "maxUnavailablePercentage" in requested:
        return requested
    return {"maxUnavailable": 1, **requested}


def check_launch_template(call: Call, parameters: dict[str, Any]) -> dict[str, str] | None:
    """https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html: what it holds is set nowhere
    else.
    """
    requested = parameters.get("launchTemplate")
    if not requested:
        return None
    for name, what in (("diskSize", "Disk size"), ("remoteAccess", "Remote access configuration")):
        if parameters.get(name):
            raise invalid_parameter(f"{what} must be specified within the launch template.")
    if ("id" in requested) == ("name" in requested):
        raise invalid_parameter("Specify the launch template's id or its name, not both")
    by = (
        {"LaunchTemplateId": requested["id"]}
        if "id" in requested
        else {"LaunchTemplateName": requested["name"]}
    )
    wanted = requested.get("version", "$Default")
    found = ask(call.client("ec2").describe_launch_template_versions, Versions=[wanted], **by)
    if not found["LaunchTemplateVersions"]:
        raise invalid_parameter(f"The launch template has no version {wanted}")
    version = found["LaunchTemplateVersions"][0]
    return {
        "id": version["LaunchTemplateId"],
        "name": version["LaunchTemplateName"],
        "version": str(version["VersionNumber"]),
    }


def has_any_policy(call: Call, role_arn: str, names: set[str]) -> bool:
    """Whether one of AWS's managed policies of these names is attached to the role."""
    try:
        attached = call.client("iam").list_attached_role_policies(RoleName=role_arn.rsplit("/", 1)[-1])
    except ClientError:
        return False
    return any(policy["PolicyName"] in names for policy in attached["AttachedPolicies"])
