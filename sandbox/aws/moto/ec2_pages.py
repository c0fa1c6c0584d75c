"""EC2's answers in pages, which moto gives whole.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination and the page
of each operation, which tells its limits.
"""

import base64
import binascii
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.egress_only_internet_gateways import EgressOnlyInternetGateway
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces
from moto.ec2.responses.flow_logs import FlowLogs
from moto.ec2.responses.internet_gateways import InternetGateways
from moto.ec2.responses.network_acls import NetworkACLs
from moto.ec2.responses.route_tables import RouteTables
from moto.ec2.responses.security_groups import SecurityGroups
from moto.ec2.responses.subnets import Subnets
from moto.ec2.responses.tags import TagResponse
from moto.ec2.responses.vpcs import VPCs

from sandbox.aws.patching import replace

# The response class, the operation, the member of its answer that holds the list, and MaxResults' bounds.
PAGED: tuple[tuple[type, str, str, range], ...] = (
    (VPCs, "describe_vpcs", "Vpcs", range(5, 1001)),
    (Subnets, "describe_subnets", "Subnets", range(5, 1001)),
    (RouteTables, "describe_route_tables", "RouteTables", range(5, 101)),
    (InternetGateways, "describe_internet_gateways", "InternetGateways", range(5, 1001)),
    (
        EgressOnlyInternetGateway,
        "describe_egress_only_internet_gateways",
        "EgressOnlyInternetGateways",
        range(5, 256),
    ),
    (ElasticNetworkInterfaces, "describe_network_interfaces", "NetworkInterfaces", range(5, 1001)),
    (SecurityGroups, "describe_security_groups", "SecurityGroups", range(5, 1001)),
    (SecurityGroups, "describe_security_group_rules", "SecurityGroupRules", range(5, 1001)),
    (NetworkACLs, "describe_network_acls", "NetworkAcls", range(5, 1001)),
    (FlowLogs, "describe_flow_logs", "FlowLogs", range(1, 1001)),
    (TagResponse, "describe_tags", "Tags", range(5, 1001)),
)


def install() -> None:
    """Patch moto, once in a process."""
    for owner, operation, member, bounds in PAGED:
        _page(owner, operation, member, bounds)


def _page(owner: type, operation: str, member: str, bounds: range) -> None:
    def describe(self: Any) -> ActionResult:
        answer: ActionResult = original(self)
        result: dict[str, Any] = dict(answer.result)  # type: ignore[call-overload]
        asked = {name: self._get_param(name) for name in ("MaxResults", "NextToken")}
        return ActionResult({**result, **page(list(result[member]), asked, member, bounds)})

    original = replace(owner, operation, describe)


def page(items: list[Any], asked: dict[str, Any], member: str, bounds: range) -> dict[str, Any]:
    """The part of the list that a request asks for, and the token for the next where there is more.

    Without MaxResults all that is left comes at once. Raises EC2ClientError for a MaxResults out of bounds
    and for a token that no answer held.
    """
    limit = int(asked["MaxResults"]) if asked.get("MaxResults") is not None else None
    if limit is not None and limit not in bounds:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ( {limit} ) for parameter maxResults is invalid. Expecting a value between {bounds[0]} "
            f"and {bounds[-1]}.",
        )
    start = _start(asked.get("NextToken"))
    if limit is None or start + limit >= len(items):
        return {member: items[start:]}
    token = base64.urlsafe_b64encode(f"{member}:{start + limit}".encode()).decode()
    return {member: items[start : start + limit], "NextToken": token}


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().rpartition(":")[2])
    except (ValueError, binascii.Error):
        raise EC2ClientError("InvalidNextToken", "The token is not valid.") from None
