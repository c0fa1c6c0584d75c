# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The site's VPC with everything in it, whoever made it, and what of EC2's is outside of any VPC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.leftovers.found import (
    COMPONENT,
    ENVIRONMENT,
    Found,
    Scope,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session

GONE = ("deleted", "deleting", "terminated", "failed")
# What a VPC holds: the list call, its list and its id, the word in the ARN, and how to ask for one VPC's.
INSIDE = (
    ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", "network-interface", "vpc-id"),
    ("describe_security_groups", "SecurityGroups", "GroupId", "security-group", "vpc-id"),
    ("describe_subnets", "Subnets", "SubnetId", "subnet", "vpc-id"),
    ("describe_route_tables", "RouteTables", "RouteTableId", "route-table", "vpc-id"),
    ("describe_network_acls", "NetworkAcls", "NetworkAclId", "network-acl", "vpc-id"),
    (
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        "internet-gateway",
        "attachment.vpc-id",
    ),
    ("describe_nat_gateways", "NatGateways", "NatGatewayId", "natgateway", "vpc-id"),
    ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", "vpc-endpoint", "vpc-id"),
    ("describe_flow_logs", "FlowLogs", "FlowLogId", "vpc-flow-log", "resource-id"),
)
# What is in no VPC, or may be in another one.
OUTSIDE = (
    ("describe_volumes", "Volumes", "VolumeId", "volume"),
    ("describe_snapshots", "Snapshots", "SnapshotId", "snapshot"),
    ("describe_addresses", "Addresses", "AllocationId", "elastic-ip"),
    ("describe_launch_templates", "LaunchTemplates", "LaunchTemplateId", "launch-template"),
    ("describe_security_groups", "SecurityGroups", "GroupId", "security-group"),
    ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", "network-interface"),
    ("describe_egress_only_internet_gateways", "EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId",
     "egress-only-internet-gateway"),
    ("describe_vpc_peering_connections", "VpcPeeringConnections", "VpcPeeringConnectionId",
     "vpc-peering-connection"),
)  # fmt: skip


def find(session: Session, scope: Scope) -> Iterator[Found]:
    """Everything of EC2's."""
    ec2 = session.client("ec2")
    asked = [{"Name": f"tag:{ENVIRONMENT}", "Values": [scope.environment]}]
    for vpc in _all(ec2, "describe_vpcs", "Vpcs", Filters=asked):
        if found := scope.claim(scope.arn("ec2", f"vpc/{vpc['VpcId']}"), as_dict(vpc["Tags"]), "network"):
            yield found
            yield from _inside(ec2, vpc["VpcId"], scope)
    for operation, key, identifier, word in OUTSIDE:
        own = {"OwnerIds": ["self"]} if operation == "describe_snapshots" else {}
        for each in _all(ec2, operation, key, **own):
            if identifier in each and not _is_gone(each):
                yield from _claimed(scope, word, each[identifier], each)
    for each in _instances(ec2):
        yield from _claimed(scope, "instance", each["InstanceId"], each)


def _inside(ec2: Any, vpc: str, scope: Scope) -> Iterator[Found]:
    """What has no tags of the platform's is somebody's by hand, and keeps the VPC from being deleted."""
    for operation, key, identifier, word, asked in INSIDE:
        # Only this one call has its filters in another word.
        option = "Filter" if operation in ("describe_nat_gateways", "describe_flow_logs") else "Filters"
        for each in _all(ec2, operation, key, **{option: [{"Name": asked, "Values": [vpc]}]}):
            if not (_is_gone(each) or _is_the_vpc_s_own(each)):
                yield _in_vpc(scope, word, each[identifier], each, vpc)
    for each in _instances(ec2, Filters=[{"Name": "vpc-id", "Values": [vpc]}]):
        yield _in_vpc(scope, "instance", each["InstanceId"], each, vpc)


def _in_vpc(scope: Scope, word: str, identifier: str, each: Mapping[str, Any], vpc: str) -> Found:
    tags = as_dict(each.get("Tags") or each.get("TagSet"))
    arn = scope.arn("ec2", f"{word}/{identifier}")
    made = "" if ENVIRONMENT in tags else "; no role made it"
    name = each.get("GroupName") or each.get("Description") or tags.get("Name") or ""
    called = f" ({name})" if name else ""
    return Found(arn, tags.get(COMPONENT, "network"), f"is in {vpc}, the VPC of {scope.name}{called}{made}")


def _claimed(scope: Scope, word: str, identifier: str, each: Mapping[str, Any]) -> Iterator[Found]:
    tags = as_dict(each.get("Tags") or each.get("TagSet"))
    if found := scope.claim(scope.arn("ec2", f"{word}/{identifier}"), tags, "cluster"):
        yield found


def _instances(ec2: Any, **asked: Any) -> Iterator[dict[str, Any]]:
    for reservation in _all(ec2, "describe_instances", "Reservations", **asked):
        for each in reservation["Instances"]:
            if each["State"]["Name"] != "terminated":
                yield each


def _all(ec2: Any, operation: str, key: str, **asked: Any) -> Iterator[dict[str, Any]]:
    """Every page; the few operations without pages answer at once."""
    if ec2.can_paginate(operation):
        for page in ec2.get_paginator(operation).paginate(**asked):
            yield from page[key]
    else:
        yield from getattr(ec2, operation)(**asked)[key]


def _is_gone(each: Mapping[str, Any]) -> bool:
    state = each.get("State") or each.get("Status") or ""
    code = state.get("Code", "") if isinstance(state, Mapping) else state
    return str(code).lower() in GONE


def _is_the_vpc_s_own(each: Mapping[str, Any]) -> bool:
    """The default security group, the main route table and the default network ACL go with their VPC."""
    main = any(association.get("Main") for association in each.get("Associations") or ())
    return each.get("GroupName") == "default" or bool(each.get("IsDefault")) or main
