"""The IPv6 ranges of VPCs and subnets as moto differs from AWS.

Sources: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html (a /64 for each subnet, out of
the VPC's /56), https://docs.aws.amazon.com/vpc/latest/userguide/vpc-migrate-ipv6.html, and the pages of each
operation in https://docs.aws.amazon.com/AWSEC2/latest/APIReference/.
"""

from ipaddress import AddressValueError, IPv6Address, IPv6Network, NetmaskValueError
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend, vpcs
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPC
from moto.ec2.utils import random_private_ip

from sandbox.aws.patching import replace

SUBNET_LENGTH = 64
# What AWS adds to the default network ACL of a VPC that gets an IPv6 range:
# https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html
ACL_ENTRIES = ((101, "allow"), (32768, "deny"))


def install() -> None:
    """Patch moto, once in a process."""
    _tell_states_of_subnets_ranges()
    _find_subnets_by_their_range()
    _give_vpcs_one_range()
    _refuse_ranges_that_do_not_fit()
    _keep_ranges_in_use()
    _assign_addresses()


def _live(subnet: Any) -> list[dict[str, Any]]:
    """The associations of a subnet's IPv6 ranges that stand."""
    associations = subnet.ipv6_cidr_block_associations.values()
    return [each for each in associations if each["ipv6CidrBlockState"]["State"] == "associated"]


def _of_vpc(vpc: Any) -> list[dict[str, Any]]:
    associations = vpc.get_cidr_block_association_set(ipv6=True)
    return [each for each in associations if each["cidr_block_state"]["state"] == "associated"]


def _tell_states_of_subnets_ranges() -> None:
    """moto tells of a state within the state."""

    def associations(self: Any) -> list[dict[str, Any]]:
        return _live(self)

    replace(Subnet, "ipv6_cidr_block_association_set", property(associations))


def _find_subnets_by_their_range() -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html"""
    keys = {
        "ipv6-cidr-block-association.ipv6-cidr-block": lambda each: each["ipv6CidrBlock"],
        "ipv6-cidr-block-association.association-id": lambda each: each["associationId"],
        "ipv6-cidr-block-association.state": lambda each: each["ipv6CidrBlockState"]["State"],
    }

    def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
        if filter_name in keys:
            return [keys[filter_name](each) for each in _live(self)]
        return original(self, filter_name, method_name)

    original = replace(Subnet, "get_filter_value", get_filter_value)


def _give_vpcs_one_range() -> None:
    """A VPC's Amazon-provided range tells its border group; routes and the default network ACL follow it."""

    def random_ipv6_cidr() -> str:
        # moto writes leading zeros; AWS writes what RFC 5952 asks for.
        return str(IPv6Network(provided()))

    provided = replace(vpcs, "random_ipv6_cidr", random_ipv6_cidr)

    def associate(self: Any, vpc_id: str, cidr_block: str, amazon_provided_ipv6_cidr_block: bool) -> Any:
        association = original(self, vpc_id, cidr_block, amazon_provided_ipv6_cidr_block)
        if amazon_provided_ipv6_cidr_block:
            _complete(self, vpc_id)
        return association

    original = replace(EC2Backend, "associate_vpc_cidr_block", associate)

    def create_vpc(self: Any, *args: Any, **kwargs: Any) -> Any:
        vpc = create(self, *args, **kwargs)
        _complete(self, vpc.id)
        return vpc

    create = replace(EC2Backend, "create_vpc", create_vpc)

    def get_cidr_block_association_set(self: Any, ipv6: bool = False) -> list[dict[str, Any]]:
        # AWS still tells of a range that went, for a while; it has no route and takes no room.
        found: list[dict[str, Any]] = ranges(self, ipv6)
        return [each for each in found if each["cidr_block_state"]["state"] != "disassociated"]

    ranges = replace(VPC, "get_cidr_block_association_set", get_cidr_block_association_set)


def _complete(backend: Any, vpc_id: str) -> None:
    """What AWS does with a VPC once it has an IPv6 range."""
    for association in _of_vpc(backend.get_vpc(vpc_id)):
        group = association.get("ipv6_cidr_block_network_border_group") or backend.region_name
        association["network_border_group"] = association["ipv6_cidr_block_network_border_group"] = group
        _open_default_acl(backend, vpc_id)


def _open_default_acl(backend: Any, vpc_id: str) -> None:
    for acl in backend.network_acls.values():
        if acl.vpc_id != vpc_id or acl.default not in (True, "true"):
            continue
        taken = {(entry.rule_number, entry.egress) for entry in acl.network_acl_entries}
        for number, action in ACL_ENTRIES:
            for egress in (True, False):
                if (number, egress) not in taken:
                    backend.create_network_acl_entry(
                        acl.id, number, "-1", action, egress, None, None, None, None, None, "::/0"
                    )


def _checked(backend: Any, vpc_id: str, text: str) -> None:
    """Raises EC2ClientError for a range that a subnet of the VPC cannot have."""
    try:
        wanted = IPv6Network(text)
    except (AddressValueError, NetmaskValueError, ValueError):
        raise EC2ClientError(
            "InvalidParameterValue", f"Value ({text}) for parameter ipv6CidrBlock is invalid."
        ) from None
    outer = [IPv6Network(each["cidr_block"]) for each in _of_vpc(backend.get_vpc(vpc_id))]
    if wanted.prefixlen != SUBNET_LENGTH or not any(wanted.subnet_of(each) for each in outer):
        raise EC2ClientError("InvalidSubnet.Range", f"The CIDR '{text}' is invalid.")
    for subnet in backend.describe_subnets(filters={"vpc-id": vpc_id}):
        if any(IPv6Network(each["ipv6CidrBlock"]).overlaps(wanted) for each in _live(subnet)):
            raise EC2ClientError("InvalidSubnet.Conflict", f"The CIDR '{text}' conflicts with another subnet")


def _refuse_ranges_that_do_not_fit() -> None:
    def create_subnet(
        self: Any, vpc_id: str, cidr_block: str, ipv6_cidr_block: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        if ipv6_cidr_block:
            _checked(self, vpc_id, ipv6_cidr_block)
        return create(self, vpc_id, cidr_block, ipv6_cidr_block, *args, **kwargs)

    create = replace(EC2Backend, "create_subnet", create_subnet)

    def associate_subnet_cidr_block(self: Any, subnet_id: str, ipv6_cidr_block: str) -> Any:
        subnet = self.get_subnet(subnet_id)
        if _live(subnet):
            # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html: one for each subnet
            raise EC2ClientError(
                "CidrLimitExceeded", f"This network '{subnet_id}' has met its maximum number"
            )
        _checked(self, subnet.vpc_id, ipv6_cidr_block)
        return associate(self, subnet_id, ipv6_cidr_block)

    associate = replace(EC2Backend, "associate_subnet_cidr_block", associate_subnet_cidr_block)

    def modify_subnet_attribute(self: Any, subnet_id: str, attr_name: str, attr_value: Any) -> None:
        wanted = attr_value is True or str(attr_value).lower() == "true"
        if (
            attr_name == "assign_ipv6_address_on_creation"
            and wanted
            and not _live(self.get_subnet(subnet_id))
        ):
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Invalid value 'true' for assignIpv6AddressOnCreation: {subnet_id} has no IPv6 CIDR block",
            )
        modify(self, subnet_id, attr_name, wanted)

    modify = replace(EC2Backend, "modify_subnet_attribute", modify_subnet_attribute)


def _in_use(what: str) -> EC2ClientError:
    return EC2ClientError("InvalidCidrBlock.InUse", what)


def _keep_ranges_in_use() -> None:
    """A subnet's range stays while it is given out, a VPC's while a subnet has a part of it."""

    def disassociate_subnet_cidr_block(self: Any, association_id: str) -> Any:
        subnet = self.get_subnet_from_ipv6_association(association_id)
        if subnet is not None:
            if subnet.assign_ipv6_address_on_creation:
                raise _in_use(
                    f"The subnet IPv6 CIDR block with association ID {association_id} may not be "
                    "disassociated, because its subnet has assign-ipv6-address-on-creation set to true."
                )
            network = IPv6Network(subnet.ipv6_cidr_block_associations[association_id]["ipv6CidrBlock"])
            for eni in self.enis.values():
                if any(IPv6Address(address) in network for address in eni.ipv6_addresses):
                    raise _in_use(
                        f"The subnet IPv6 CIDR block with association ID {association_id} is in use "
                        f"by {eni.id}."
                    )
        return from_subnet(self, association_id)

    from_subnet = replace(EC2Backend, "disassociate_subnet_cidr_block", disassociate_subnet_cidr_block)

    def disassociate_vpc_cidr_block(self: Any, association_id: str) -> Any:
        for vpc in self.vpcs.values():
            for each in _of_vpc(vpc):
                if each["association_id"] != association_id:
                    continue
                network = IPv6Network(each["cidr_block"])
                for subnet in self.describe_subnets(filters={"vpc-id": vpc.id}):
                    ranges = (IPv6Network(part["ipv6CidrBlock"]) for part in _live(subnet))
                    if any(part.subnet_of(network) for part in ranges):
                        raise _in_use(
                            f"The vpc {vpc.id} currently has a subnet within CIDR block {each['cidr_block']}"
                        )
        return from_vpc(self, association_id)

    from_vpc = replace(EC2Backend, "disassociate_vpc_cidr_block", disassociate_vpc_cidr_block)


def _assign_addresses() -> None:
    """What comes up in a subnet that assigns IPv6 addresses gets one.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-public-ip.html
    """

    def create_network_interface(self: Any, *args: Any, **kwargs: Any) -> Any:
        eni = original(self, *args, **kwargs)
        if eni.subnet.assign_ipv6_address_on_creation and not eni.ipv6_addresses:
            eni.ipv6_addresses = addresses_of(eni.subnet)
        return eni

    original = replace(EC2Backend, "create_network_interface", create_network_interface)


def addresses_of(subnet: Any) -> list[str]:
    """An IPv6 address of the subnet, or none where it has no range."""
    return [random_private_ip(each["ipv6CidrBlock"], ipv6=True) for each in _live(subnet)]
