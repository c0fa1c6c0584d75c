"""What stands in the way of a deletion in a VPC, and what refers to a security group.

Sources: https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html ("terminate or delete all resources
that created a requester-managed network interface"), the pages of DeleteVpc, DeleteSubnet,
DeleteSecurityGroup and DescribeSecurityGroupReferences in https://docs.aws.amazon.com/AWSEC2/latest/APIReference/
"""

from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.responses.security_groups import SecurityGroups
from moto.elbv2.models import elbv2_backends

from sandbox.aws.patching import add, replace


def install() -> None:
    """Patch moto, once in a process."""
    _keep_vpcs_in_use()
    _keep_subnets_in_use()
    _keep_groups_in_use()
    _tell_references()


def _violation(what: str) -> EC2ClientError:
    return EC2ClientError("DependencyViolation", f"{what} has dependencies and cannot be deleted.")


def _balancers(backend: Any) -> Iterator[Any]:
    """The region's load balancers: on AWS they hold network interfaces in their subnets."""
    yield from elbv2_backends[backend.account_id][backend.region_name].load_balancers.values()


def _keep_vpcs_in_use() -> None:
    """All but a VPC's own main route table, default network ACL and default group must be gone."""

    def delete_vpc(self: Any, vpc_id: str) -> Any:
        self.get_vpc(vpc_id)
        attached = (each for each in self.internet_gateways.values() if each.vpc)
        holders = (
            any(each.vpc.id == vpc_id for each in attached),
            any(each.vpc_id == vpc_id for each in self.egress_only_internet_gateways.values()),
            any(each.vpc_id == vpc_id and each.state != "deleted" for each in self.vpc_end_points.values()),
            any(not each.is_default for each in self.groups[vpc_id].values()),
            any(
                each.vpc_id == vpc_id and each.default not in (True, "true")
                for each in self.network_acls.values()
            ),
            any(
                vpc_id in (each.vpc.id, each.peer_vpc.id) and each._status.code == "active"
                for each in self.vpc_pcxs.values()
            ),
        )
        if any(holders):
            raise _violation(f"The vpc '{vpc_id}'")
        return original(self, vpc_id)

    original = replace(EC2Backend, "delete_vpc", delete_vpc)


def _keep_subnets_in_use() -> None:
    def delete_subnet(self: Any, subnet_id: str) -> Any:
        self.get_subnet(subnet_id)
        held = any(eni.subnet.id == subnet_id for eni in self.enis.values())
        if held or any(subnet_id in map(_subnet_id, each.subnets) for each in _balancers(self)):
            raise _violation(f"The subnet '{subnet_id}'")
        subnet = original(self, subnet_id)
        for table in self.route_tables.values():
            # Its association goes with it.
            for association_id, target in list(table._associations.items()):
                if target == subnet_id:
                    del table._associations[association_id]
        return subnet

    original = replace(EC2Backend, "delete_subnet", delete_subnet)


def _subnet_id(subnet: Any) -> str:
    return subnet if isinstance(subnet, str) else str(subnet.id)


def _keep_groups_in_use() -> None:
    def delete_security_group(self: Any, name: str | None = None, group_id: str | None = None) -> Any:
        group = self.get_security_group_by_name_or_id(group_id or name)
        if group is not None and any(group.id in (each.security_groups or []) for each in _balancers(self)):
            raise EC2ClientError("DependencyViolation", f"resource {group.id} has a dependent object")
        return original(self, name, group_id)

    original = replace(EC2Backend, "delete_security_group", delete_security_group)


def _tell_references() -> None:
    """The VPCs behind a peering connection whose groups refer to the asked ones."""

    def describe_security_group_references(self: Any) -> ActionResult:
        backend = self.ec2_backend
        references = []
        for group_id in self._get_param("GroupId", []):
            group = backend.get_security_group_from_id(group_id)
            if group is None:
                raise EC2ClientError(
                    "InvalidGroup.NotFound", f"The security group '{group_id}' does not exist"
                )
            for connection in backend.vpc_pcxs.values():
                ends = [connection.vpc.id, connection.peer_vpc.id]
                if connection._status.code != "active" or group.vpc_id not in ends:
                    continue
                other = ends[1 - ends.index(group.vpc_id)]
                if any(_refers(each, group_id) for each in backend.groups[other].values()):
                    references.append(
                        {
                            "GroupId": group_id,
                            "ReferencingVpcId": other,
                            "VpcPeeringConnectionId": connection.id,
                        }
                    )
        return ActionResult({"SecurityGroupReferenceSet": references})

    add(SecurityGroups, "describe_security_group_references", describe_security_group_references)


def _refers(group: Any, group_id: str) -> bool:
    rules = [*group.ingress_rules, *group.egress_rules]
    return any(rule.source_group.get("GroupId") == group_id for rule in rules)
