"""Routes and the gateways that they lead to, as moto differs from AWS.

Sources: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html, API_Route.html,
API_DetachInternetGateway.html, API_CreateEgressOnlyInternetGateway.html there, and
https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
"""

from collections.abc import Callable
from ipaddress import IPv6Network
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.internet_gateways import EgressOnlyInternetGateway
from moto.ec2.models.route_tables import Route
from moto.ec2.responses.egress_only_internet_gateways import EgressOnlyInternetGateway as EgressOnlyResponse
from moto.ec2.utils import generate_route_id, generic_filter

from sandbox.aws.patching import replace

# What a NAT gateway leads to over IPv6, to reach IPv4 (DNS64):
# https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html
NAT64 = IPv6Network("64:ff9b::/96")


def install() -> None:
    """Patch moto, once in a process."""
    _refuse_routes_that_lead_nowhere()
    _replace_ipv6_routes()
    _tell_of_black_holes()
    _find_egress_only_gateways()
    _keep_gateways_in_use()


def _invalid(what: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", what)


def _checked(
    backend: Any,
    table: Any,
    ipv6: str | None,
    gateway_id: str | None,
    nat_gateway_id: str | None,
    egress_only_igw_id: str | None,
) -> None:
    """Raises EC2ClientError for a destination or a target that a route cannot have."""
    if ipv6:
        try:
            network = IPv6Network(ipv6)
        except ValueError:
            raise _invalid(f"Value ({ipv6}) for parameter destinationIpv6CidrBlock is invalid.") from None
        if nat_gateway_id and not network.subnet_of(NAT64):
            raise _invalid(f"Route table contains unsupported route target: {nat_gateway_id} for {ipv6}.")
    elif egress_only_igw_id:
        raise _invalid(f"{egress_only_igw_id} is an egress-only gateway: its routes are for IPv6 only.")
    if nat_gateway_id and nat_gateway_id not in backend.nat_gateways:
        raise EC2ClientError(
            "InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat_gateway_id}' does not exist"
        )
    vpc_of: dict[str, Callable[[], str | None]] = {
        "igw": lambda: getattr(backend.get_internet_gateway(gateway_id).vpc, "id", None),
        "eigw": lambda: backend.get_egress_only_igw(egress_only_igw_id).vpc_id,
    }
    for target in (gateway_id, egress_only_igw_id):
        kind = (target or "").split("-")[0]
        if kind in vpc_of and vpc_of[kind]() != table.vpc_id:
            raise _invalid(
                f"route table {table.id} and network gateway {target} belong to different networks"
            )


def _refuse_routes_that_lead_nowhere() -> None:
    def create_route(
        self: Any,
        route_table_id: str,
        destination_cidr_block: str | None,
        destination_ipv6_cidr_block: str | None = None,
        destination_prefix_list_id: str | None = None,
        local: bool = False,
        **targets: Any,
    ) -> Any:
        table = self.get_route_table(route_table_id)
        if not local and not destination_prefix_list_id:
            _checked(
                self,
                table,
                destination_ipv6_cidr_block,
                targets.get("gateway_id"),
                targets.get("nat_gateway_id"),
                targets.get("egress_only_igw_id"),
            )
        key = generate_route_id(route_table_id, None, destination_ipv6_cidr_block)
        if destination_ipv6_cidr_block and key in table._routes:
            raise EC2ClientError(
                "RouteAlreadyExists", f"The route identified by {destination_ipv6_cidr_block} already exists."
            )
        return original(
            self,
            route_table_id,
            destination_cidr_block,
            destination_ipv6_cidr_block,
            destination_prefix_list_id,
            local,
            **targets,
        )

    original = replace(EC2Backend, "create_route", create_route)


def _replace_ipv6_routes() -> None:
    """A route that is replaced keeps its destination; its new target is judged as a new route's is."""

    def replace_route(
        self: Any,
        route_table_id: str,
        destination_cidr_block: str,
        destination_ipv6_cidr_block: str | None = None,
        destination_prefix_list_id: str | None = None,
        nat_gateway_id: str | None = None,
        egress_only_igw_id: str | None = None,
        transit_gateway_id: str | None = None,
        gateway_id: str | None = None,
        **targets: Any,
    ) -> Any:
        table = self.get_route_table(route_table_id)
        _checked(self, table, destination_ipv6_cidr_block, gateway_id, nat_gateway_id, egress_only_igw_id)
        return original(
            self,
            route_table_id,
            destination_cidr_block,
            destination_ipv6_cidr_block,
            destination_prefix_list_id,
            nat_gateway_id,
            egress_only_igw_id,
            transit_gateway_id,
            gateway_id=gateway_id,
            **targets,
        )

    original = replace(EC2Backend, "replace_route", replace_route)


def _tell_of_black_holes() -> None:
    """A route whose target is gone stays, and leads nowhere."""

    def state(self: Any) -> str:
        backend = self.route_table.ec2_backend
        gone = (
            (self.nat_gateway is not None and self.nat_gateway.state in ("deleting", "deleted"))
            or (
                self.egress_only_igw is not None
                and self.egress_only_igw.id not in backend.egress_only_internet_gateways
            )
            or (getattr(self.gateway, "id", "").startswith("igw-") and self.gateway.vpc is None)
        )
        return "blackhole" if gone else "active"

    replace(Route, "state", property(state))


def _find_egress_only_gateways() -> None:
    """By their tags; one that does not exist is an error."""

    def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
        return super(EgressOnlyInternetGateway, self).get_filter_value(
            filter_name, "DescribeEgressOnlyInternetGateways"
        )

    replace(EgressOnlyInternetGateway, "get_filter_value", get_filter_value)

    def describe(self: Any) -> ActionResult:
        ids = self._get_param("EgressOnlyInternetGatewayIds", [])
        for gateway_id in ids:
            self.ec2_backend.get_egress_only_igw(gateway_id)
        found = self.ec2_backend.describe_egress_only_internet_gateways(ids)
        return ActionResult(
            {"EgressOnlyInternetGateways": generic_filter(self._filters_from_querystring(), found)}
        )

    replace(EgressOnlyResponse, "describe_egress_only_internet_gateways", describe)


def _keep_gateways_in_use() -> None:
    """An internet gateway stays attached while addresses in its VPC are mapped through it.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachInternetGateway.html: "The VPC must not
    contain any running instances with Elastic IP addresses or public IPv4 addresses."
    """

    def detach_internet_gateway(self: Any, internet_gateway_id: str, vpc_id: str) -> None:
        for eni in self.enis.values():
            if eni.subnet.vpc_id == vpc_id and eni.public_ip:
                raise EC2ClientError(
                    "DependencyViolation",
                    f"Network {vpc_id} has some mapped public address(es). Please unmap those public "
                    "address(es) before detaching the gateway.",
                )
        original(self, internet_gateway_id, vpc_id)

    original = replace(EC2Backend, "detach_internet_gateway", detach_internet_gateway)
