"""EC2 as far as VPCs, addresses and security groups of moto differ from AWS."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses.security_groups import SecurityGroups
from moto.ec2.utils import generic_filter

from sandbox.aws.patching import replace

# moto's word for a resource type in tags -> AWS's:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TagSpecification.html
RESOURCE_TYPES = {"nat-gateway": "natgateway", "vpc-elastic-ip": "elastic-ip"}
DUPLICATE = "InvalidPermission.Duplicate"
LAMBDA_INTERFACE = "AWS Lambda VPC ENI-"


def install() -> None:
    """Patch moto, once in a process."""
    _name_resource_types()
    _find_nat_gateways_by_tags()
    _keep_descriptions()
    _refuse_duplicate_rules()
    _give_default_groups_their_rule()
    _refuse_to_break_dependencies()


def _name_resource_types() -> None:
    """DescribeTags names resource types as AWS does."""
    words = {aws: own for own, aws in RESOURCE_TYPES.items()}

    def describe_tags(self: Any, filters: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        asked = dict(filters or {})
        if "resource-type" in asked:
            asked["resource-type"] = [words.get(value, value) for value in asked["resource-type"]]
        tags: list[dict[str, str]] = original(self, asked)
        for tag in tags:
            tag["resource_type"] = RESOURCE_TYPES.get(tag["resource_type"], tag["resource_type"])
        return tags

    original = replace(EC2Backend, "describe_tags", describe_tags)


def _find_nat_gateways_by_tags() -> None:
    """NAT gateways are found by their tags; moto lets every one pass.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNatGateways.html
    """

    def describe_nat_gateways(self: Any, filters: dict[str, list[str]] | None, ids: list[str] | None) -> Any:
        by_tags = {name: values for name, values in (filters or {}).items() if name.startswith("tag")}
        return generic_filter(by_tags, original(self, filters, ids))

    original = replace(EC2Backend, "describe_nat_gateways", describe_nat_gateways)


def _keep_descriptions() -> None:
    """A rule has a description whatever its other side is, and it can be changed.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UserIdGroupPair.html
    """

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        prefix_list = kwargs.get("prefix_list_id") or (args[7] if len(args) > 7 else None) or {}
        self.prefix_list_description = prefix_list.get("Description")

    original = replace(SecurityGroupRule, "__init__", __init__)
    description = property(
        lambda rule: (
            rule.ip_range.get("Description")
            or rule.source_group.get("Description")
            or getattr(rule, "prefix_list_description", None)
        )
    )
    replace(SecurityGroupRule, "description", description)

    def _sg_update_description(self: Any, wanted: Any, rule: Any) -> None:
        # Without a description the one that is there goes:
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html
        rule.prefix_list_description = wanted.prefix_list_description
        for side in ("ip_range", "source_group"):
            getattr(rule, side).pop("Description", None)
            if "Description" in getattr(wanted, side):
                getattr(rule, side)["Description"] = getattr(wanted, side)["Description"]

    replace(EC2Backend, "_sg_update_description", _sg_update_description)


def _identity(rule: Any) -> tuple[Any, ...]:
    """What makes two rules of a group the same one; the description is no part of it."""
    return (
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.ip_range.get("CidrIp"),
        rule.ip_range.get("CidrIpv6"),
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )


def _refuse_duplicate_rules() -> None:
    """AuthorizeSecurityGroup* adds all rules or none, refuses those that are there, and answers all it added.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html
    """

    def __eq__(self: Any, other: object) -> bool:
        return isinstance(other, SecurityGroupRule) and _identity(self) == _identity(other)

    replace(SecurityGroupRule, "__eq__", __eq__)
    for direction in ("ingress", "egress"):
        name = f"authorize_security_group_{direction}"

        def authorize(self: Any, name: str = name, direction: str = direction) -> ActionResult:
            self.error_on_dryrun()
            wanted = list(self._process_rules_from_querystring())
            rules: list[Any] = []
            group = None
            try:
                for parameters in wanted:
                    added, group = getattr(self.ec2_backend, name)(**parameters)
                    rules += added
            except EC2ClientError as error:
                if group is not None:
                    kept = getattr(group, f"{direction}_rules")
                    added_ids = {rule.id for rule in rules}
                    kept[:] = [rule for rule in kept if rule.id not in added_ids]
                raise error
            return ActionResult({"Return": True, "SecurityGroupRules": rules})

        replace(SecurityGroups, name, authorize)


def _give_default_groups_their_rule() -> None:
    """A VPC's default group lets its members reach each other.

    https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
    """

    def create_security_group(self: Any, *args: Any, **kwargs: Any) -> SecurityGroup:
        group: SecurityGroup = original(self, *args, **kwargs)
        if kwargs.get("is_default"):
            source = {"GroupId": group.id, "OwnerId": self.account_id, "UserId": self.account_id}
            group.add_ingress_rule(
                SecurityGroupRule(self, "-1", group.id, None, None, None, source, is_egress=False)
            )
        return group

    original = replace(EC2Backend, "create_security_group", create_security_group)


def _dependency_violation(what: str) -> EC2ClientError:
    return EC2ClientError("DependencyViolation", f"{what} has dependencies and cannot be deleted.")


def _refuse_to_break_dependencies() -> None:
    """What something else still uses is not deleted.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html,
    API_DeleteSubnet.html, API_ReleaseAddress.html
    """

    def delete_security_group(self: Any, name: str | None = None, group_id: str | None = None) -> None:
        group = self.get_security_group_by_name_or_id(group_id or name)
        if group is not None:
            if group.is_default:
                raise EC2ClientError(
                    "CannotDelete", f"the specified group: {group.id} name: default cannot be deleted"
                )
            for other in self.groups[group.vpc_id].values():
                rules = [*other.ingress_rules, *other.egress_rules]
                if other.id != group.id and any(
                    rule.source_group.get("GroupId") == group.id for rule in rules
                ):
                    raise EC2ClientError("DependencyViolation", f"resource {group.id} has a dependent object")
            for eni in self.enis.values():
                if any(used.id == group.id for used in eni.group_set):
                    raise EC2ClientError("DependencyViolation", f"resource {group.id} has a dependent object")
        delete_group(self, name, group_id)

    delete_group = replace(EC2Backend, "delete_security_group", delete_security_group)

    def delete_vpc(self: Any, vpc_id: str) -> Any:
        # Its default group goes with it: https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html
        defaults = [group for group in self.groups[vpc_id].values() if group.is_default]
        for group in defaults:
            group.is_default = False
        try:
            return delete_network(self, vpc_id)
        finally:
            for group in defaults:
                group.is_default = True

    delete_network = replace(EC2Backend, "delete_vpc", delete_vpc)

    def delete_subnet(self: Any, subnet_id: str) -> Any:
        gateways = self.nat_gateways.values()
        if any(gateway.subnet_id == subnet_id and gateway.state != "deleted" for gateway in gateways):
            raise _dependency_violation(f"The subnet '{subnet_id}'")
        endpoints = self.vpc_end_points.values()
        if any(subnet_id in (e.subnet_ids or []) and e.state != "deleted" for e in endpoints):
            raise _dependency_violation(f"The subnet '{subnet_id}'")
        if any(
            each.subnet.id == subnet_id
            and (each.requester_id == "amazon-elb" or each.description.startswith(LAMBDA_INTERFACE))
            for each in self.enis.values()
        ):
            raise _dependency_violation(f"The subnet '{subnet_id}'")
        return delete(self, subnet_id)

    delete = replace(EC2Backend, "delete_subnet", delete_subnet)

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        if nat_gateway_id not in self.nat_gateways:
            raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
        gateway = delete_gateway(self, nat_gateway_id)
        for address in gateway.address_set:
            if address.get("associationId"):
                self.disassociate_address(association_id=address["associationId"])
        self.enis.pop(gateway._eni.id, None)
        return gateway

    delete_gateway = replace(EC2Backend, "delete_nat_gateway", delete_nat_gateway)

    def release_address(self: Any, address: str | None = None, allocation_id: str | None = None) -> None:
        found = self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
        if found and found[0].association_id:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
        release(self, address, allocation_id)

    release = replace(EC2Backend, "release_address", release_address)

    def create_nat_gateway(self: Any, subnet_id: str, allocation_id: str, *args: Any, **kwargs: Any) -> Any:
        self.get_subnet(subnet_id)
        if allocation_id and self.address_by_allocation([allocation_id])[0].association_id:
            raise EC2ClientError(
                "Resource.AlreadyAssociated", f"Elastic IP address [{allocation_id}] is already associated"
            )
        return create_gateway(self, subnet_id, allocation_id, *args, **kwargs)

    create_gateway = replace(EC2Backend, "create_nat_gateway", create_nat_gateway)
