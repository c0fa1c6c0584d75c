"""The part of a VPC that a cluster gets: checks of its subnets, and the cluster's own security group."""

import ipaddress
import zlib
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.calls import Call
from sandbox.aws.eks.errors import invalid_parameter
from sandbox.aws.eks.service import ask

# https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
PRIVATE_NETWORKS = [ipaddress.IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
SERVICE_PREFIXES = range(12, 25)
DEFAULT_SERVICE_CIDR = "172.20.0.0/16"
OTHER_SERVICE_CIDR = "10.100.0.0/16"


def check_subnets(call: Call, subnet_ids: list[str], zones: int = 1) -> list[dict[str, Any]]:
    """The subnets, in the order of their ids given. Raises InvalidParameterException unless all exist in one
    VPC
    and cover as many availability zones as said.

    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    if not subnet_ids:
        raise invalid_parameter("subnetIds can't be empty")
    if len(set(subnet_ids)) != len(subnet_ids):
        raise invalid_parameter("Duplicate subnets are not allowed")
    found = ask(call.client("ec2").describe_subnets, SubnetIds=subnet_ids)["Subnets"]
    subnets = {subnet["SubnetId"]: subnet for subnet in found}
    if len({subnet["VpcId"] for subnet in found}) != 1:
        raise invalid_parameter("Subnets must belong to the same VPC")
    if len({subnet["AvailabilityZone"] for subnet in found}) < zones:
        raise invalid_parameter("Subnets specified must be in at least two different AZs")
    return [subnets[subnet_id] for subnet_id in subnet_ids]


def check_security_groups(call: Call, group_ids: list[str], vpc_id: str) -> None:
    """Raises InvalidParameterException unless all are groups of the VPC."""
    if not group_ids:
        return
    groups = ask(call.client("ec2").describe_security_groups, GroupIds=group_ids)["SecurityGroups"]
    for group in groups:
        if group["VpcId"] != vpc_id:
            raise invalid_parameter(
                f"Security group(s) [{group['GroupId']}] are not in the same VPC as the subnets ({vpc_id})"
            )


def service_cidr(call: Call, requested: str | None, vpc_id: str) -> str:
    """The network of the cluster's services. Raises InvalidParameterException as EKS does for one it cannot
    be.
    """
    vpc = ask(call.client("ec2").describe_vpcs, VpcIds=[vpc_id])["Vpcs"][0]
    associations = vpc.get("CidrBlockAssociationSet") or [{"CidrBlock": vpc["CidrBlock"]}]
    blocks = [ipaddress.ip_network(block["CidrBlock"]) for block in associations]
    if requested is None:
        default = ipaddress.ip_network(DEFAULT_SERVICE_CIDR)
        taken = any(block.overlaps(default) for block in blocks)
        return OTHER_SERVICE_CIDR if taken else DEFAULT_SERVICE_CIDR
    try:
        network = ipaddress.IPv4Network(requested)
    except ValueError:
        raise invalid_parameter(f"The service CIDR {requested} is not a CIDR block") from None
    if network.prefixlen not in SERVICE_PREFIXES or not any(network.subnet_of(n) for n in PRIVATE_NETWORKS):
        raise invalid_parameter(
            f"The service CIDR {requested} must lie in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, "
            "with a prefix between /24 and /12"
        )
    if any(block.overlaps(network) for block in blocks):
        raise invalid_parameter(f"The service CIDR {requested} overlaps with a CIDR block of VPC {vpc_id}")
    return requested


def check_public_cidrs(cidrs: list[str]) -> None:
    for cidr in cidrs:
        try:
            ipaddress.ip_network(cidr)
        except ValueError:
            raise invalid_parameter(
                f"The following CIDRs are invalid in publicAccessCidrs: [{cidr}]"
            ) from None


def cluster_security_group(call: Call, cluster: str, vpc_id: str, tags: dict[str, str]) -> str:
    """Make the cluster's security group, or find the one a killed gateway had made; returns its id.

    https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
    """
    ec2 = call.client("ec2")
    tag = {"Name": "tag:aws:eks:cluster-name", "Values": [cluster]}
    found = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}, tag])[
        "SecurityGroups"
    ]
    if found:
        return str(found[0]["GroupId"])
    name = f"eks-cluster-sg-{cluster}-{zlib.crc32(f'{vpc_id} {cluster}'.encode())}"
    group_id = ec2.create_security_group(
        GroupName=name,
        Description=(
            "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
            "as well as any managed workloads."
        ),
        VpcId=vpc_id,
    )["GroupId"]
    ec2.create_tags(
        Resources=[group_id],
        Tags=[
            {"Key": "Name", "Value": name},
            {"Key": f"kubernetes.io/cluster/{cluster}", "Value": "owned"},
            {"Key": "aws:eks:cluster-name", "Value": cluster},
            *({"Key": key, "Value": value} for key, value in tags.items() if key != "Name"),
        ],
    )
    ec2.authorize_security_group_ingress(
        GroupId=group_id, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group_id}]}]
    )
    return str(group_id)


def delete_security_group(ec2: Any, group_id: str) -> None:
    """Remove the cluster's security group; one that is in use stays, as on AWS."""
    try:
        ec2.delete_security_group(GroupId=group_id)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("InvalidGroup.NotFound", "DependencyViolation"):
            raise
