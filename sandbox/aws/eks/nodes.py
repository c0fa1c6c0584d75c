"""The nodes of a managed node group: what they are made of, and what they are labelled with."""

from typing import Any

from sandbox.aws.eks.auto_scaling import image_id
from sandbox.aws.eks.records import Record


def labels(group: Record, of: str) -> dict[str, str]:
    """The labels of the group's nodes of a generation, EKS's own included.

    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    """
    release, template, version = of.split("/")
    source = {
        "eks.amazonaws.com/sourceLaunchTemplateId": template,
        "eks.amazonaws.com/sourceLaunchTemplateVersion": version,
    }
    return {
        **group.resource["labels"],
        "eks.amazonaws.com/nodegroup": group.names[-1],
        "eks.amazonaws.com/capacityType": group.resource["capacityType"],
        "eks.amazonaws.com/nodegroup-image": image_id(release, group.resource["amiType"]),
        **(source if template else {}),
    }


def generation(resource: dict[str, Any]) -> str:
    """What nodes are made of that only another node can be made of: AMI release and launch template."""
    template = resource.get("launchTemplate") or {}
    return "/".join([resource["releaseVersion"], template.get("id", ""), template.get("version", "")])


def no_join() -> dict[str, Any]:
    """https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html#worker-node-fail"""
    return {
        "issues": [
            {
                "code": "NodeCreationFailure",
                "message": "Instances failed to join the kubernetes cluster: the node role needs "
                "AmazonEKSWorkerNodePolicy",
                "resourceIds": [],
            }
        ]
    }
