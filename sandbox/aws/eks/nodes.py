"""The nodes of a managed node group: how many, where, and what they are called."""

import ipaddress
from typing import Any

from sandbox.aws.eks.records import Record

# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html: AWS keeps a subnet's first four
# addresses.
FIRST_HOST = 10


def labels(group: Record) -> dict[str, str]:
    """The labels of the group's nodes, EKS's own included.

    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
    """
    return {
        **group.resource["labels"],
        "eks.amazonaws.com/nodegroup": group.names[-1],
        "eks.amazonaws.com/capacityType": group.resource["capacityType"],
        "eks.amazonaws.com/nodegroup-image": "ami-0000000000000000",
    }


def generation(resource: dict[str, Any]) -> str:
    """What nodes are made of that only another node can be made of: AMI release and launch template."""
    template = resource.get("launchTemplate") or {}
    return "/".join([resource["releaseVersion"], template.get("id", ""), template.get("version", "")])


def additional(group: Record, number: int, of: str, taken: set[str]) -> dict[str, dict[str, Any]]:
    """So many new nodes of a generation, in the zones that have the fewest of it.

    A node's name is its private DNS name, as on EC2; `taken` are the names in use.
    """
    zones, networks = group.state["zones"], group.state["networks"]
    instance_type = (group.resource["instanceTypes"] or ["t3.medium"])[0]
    there = [node["zone"] for node in group.state["nodes"].values() if node["generation"] == of]
    made: dict[str, dict[str, Any]] = {}
    for _ in range(number):
        place = min(range(len(zones)), key=lambda each: (there.count(zones[each]), each))
        name = free_name(networks[place], group.region, taken | made.keys())
        made[name] = {"zone": zones[place], "instance_type": instance_type, "generation": of}
        there.append(zones[place])
    return made


def free_name(network: str, region: str, taken: set[str]) -> str:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html"""
    for number in range(FIRST_HOST, ipaddress.ip_network(network).num_addresses - 1):
        address = str(ipaddress.ip_network(network)[number]).replace(".", "-")
        name = f"ip-{address}.{region}.compute.internal"
        if name not in taken:
            return name
    raise ValueError(f"The subnet {network} has no address left")


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
