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


def planned(group: Record, taken: set[str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The nodes that the group should have, and the names of those that it should lose, the newest first.

    Zones take turns. A node's name is its private DNS name, as on EC2; `taken` are the names in use.
    """
    current: dict[str, dict[str, str]] = group.state["nodes"]
    size = group.resource["scalingConfig"]["desiredSize"]
    names = list(current)
    kept = {name: current[name] for name in names[:size]}
    zones, networks = group.state["zones"], group.state["networks"]
    instance_type = (group.resource["instanceTypes"] or ["t3.medium"])[0]
    for number in range(len(kept), size):
        place = number % len(zones)
        name = free_name(networks[place], group.region, taken | kept.keys())
        kept[name] = {"zone": zones[place], "instance_type": instance_type}
    return kept, list(reversed(names[size:]))


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
