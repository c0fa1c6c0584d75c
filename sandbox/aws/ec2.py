"""EC2's NAT gateways and VPC endpoints through their states, and what EC2 refuses that the emulator lets
pass.

Sources: https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html
"""

from typing import Any

from sandbox.aws.calls import Call, Handlers, Result
from sandbox.aws.errors import AWSError
from sandbox.aws.slow_resources import CREATING, DELETING, SlowResources

NAT_STATES = {CREATING: "pending", DELETING: "deleting"}
ENDPOINT_STATES = {CREATING: "pending", DELETING: "deleting"}


def _paged(items: list[Any], parameters: dict[str, Any], member: str, bounds: range) -> Result:
    """The page of the list that was asked for."""
    from moto.ec2.exceptions import EC2ClientError

    from sandbox.aws.moto.ec2_pages import page  # once the emulator has set moto up

    try:
        return page(items, parameters, member, bounds)
    except EC2ClientError as error:
        raise AWSError(error.code, error.message, 400) from None


class EC2:
    def __init__(self, slow: SlowResources) -> None:
        self._slow = slow

    def handlers(self) -> Handlers:
        return {
            ("ec2", "CreateTags"): self.create_tags,
            ("ec2", "CreateNatGateway"): self.create_nat_gateway,
            ("ec2", "DescribeNatGateways"): self.describe_nat_gateways,
            ("ec2", "DeleteNatGateway"): self.delete_nat_gateway,
            ("ec2", "CreateVpcEndpoint"): self.create_vpc_endpoint,
            ("ec2", "DescribeVpcEndpoints"): self.describe_vpc_endpoints,
            ("ec2", "DeleteVpcEndpoints"): self.delete_vpc_endpoints,
        }

    def create_tags(self, call: Call) -> Result:
        """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions: AWS's own
        services alone put tags under `aws:`, past this gateway.
        """
        if any(tag["Key"].lower().startswith("aws:") for tag in call.parameters.get("Tags", [])):
            raise AWSError(
                "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use", 400
            )
        return call.forward()

    def create_nat_gateway(self, call: Call) -> Result:
        result = call.forward()
        gateway = result["NatGateway"]
        self._slow.begin(gateway["NatGatewayId"], "nat-gateway", CREATING)
        self._tell_nat_gateway(gateway)
        return result

    def describe_nat_gateways(self, call: Call) -> Result:
        parameters = call.parameters
        # The states are ours, so the emulator is not asked for them.
        filters = parameters.get("Filter") or parameters.get("Filters") or []
        wanted = next((f["Values"] for f in filters if f["Name"] == "state"), None)
        asked: dict[str, Any] = {"Filters": [f for f in filters if f["Name"] != "state"]}
        if parameters.get("NatGatewayIds"):
            asked["NatGatewayIds"] = parameters["NatGatewayIds"]
        gateways = call.client("ec2").describe_nat_gateways(**asked)["NatGateways"]
        missing = set(parameters.get("NatGatewayIds") or []) - {g["NatGatewayId"] for g in gateways}
        if missing:
            raise AWSError("NatGatewayNotFound", f"The Nat Gateway {sorted(missing)[0]} was not found")
        for gateway in gateways:
            self._tell_nat_gateway(gateway)
        shown = [g for g in gateways if wanted is None or g["State"] in wanted]
        return _paged(shown, parameters, "NatGateways", range(5, 1001))

    def delete_nat_gateway(self, call: Call) -> Result:
        result = call.forward()
        self._slow.begin(call.parameters["NatGatewayId"], "nat-gateway-delete", DELETING)
        return result

    def _tell_nat_gateway(self, gateway: dict[str, Any]) -> None:
        gateway.setdefault("ConnectivityType", "public")
        if change := self._slow.under_way(gateway["NatGatewayId"]):
            gateway["State"] = NAT_STATES[change]

    def create_vpc_endpoint(self, call: Call) -> Result:
        parameters = call.parameters
        name = parameters["ServiceName"]
        services = call.client("ec2").describe_vpc_endpoint_services()["ServiceNames"]
        if name not in services:
            raise AWSError("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
        if parameters.get("VpcEndpointType", "Gateway") == "Interface" and parameters.get(
            "PrivateDnsEnabled", True
        ):
            self._check_private_dns(call, parameters)
        result = call.forward()
        endpoint = result["VpcEndpoint"]
        if endpoint.get("VpcEndpointType") == "Interface":
            self._slow.begin(endpoint["VpcEndpointId"], "vpc-endpoint", CREATING)
        self._tell_endpoint(endpoint)
        return result

    def _check_private_dns(self, call: Call, parameters: dict[str, Any]) -> None:
        """https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html: one of a
        service.
        """
        filters = [
            {"Name": "vpc-id", "Values": [parameters["VpcId"]]},
            {"Name": "service-name", "Values": [parameters["ServiceName"]]},
        ]
        found = call.client("ec2").describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
        if any(e["State"] != "deleted" and e.get("PrivateDnsEnabled") for e in found):
            raise AWSError(
                "InvalidParameter",
                f"private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{parameters['ServiceName']} in the VPC {parameters['VpcId']}",
            )

    def describe_vpc_endpoints(self, call: Call) -> Result:
        parameters = call.parameters
        filters = parameters.get("Filters") or []
        state_filter = next((f["Values"] for f in filters if f["Name"] == "vpc-endpoint-state"), None)
        asked: dict[str, Any] = {"Filters": [f for f in filters if f["Name"] != "vpc-endpoint-state"]}
        if parameters.get("VpcEndpointIds"):
            asked["VpcEndpointIds"] = parameters["VpcEndpointIds"]
        endpoints = call.client("ec2").describe_vpc_endpoints(**asked)["VpcEndpoints"]
        for endpoint in endpoints:
            self._tell_endpoint(endpoint)
        shown = [endpoint for endpoint in endpoints if endpoint["State"] != "deleted"]
        missing = set(parameters.get("VpcEndpointIds") or []) - {e["VpcEndpointId"] for e in shown}
        if missing:
            raise AWSError(
                "InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{sorted(missing)[0]}' does not exist"
            )
        found = [e for e in shown if state_filter is None or e["State"] in state_filter]
        return _paged(found, parameters, "VpcEndpoints", range(5, 1001))

    def delete_vpc_endpoints(self, call: Call) -> Result:
        identifiers = call.parameters["VpcEndpointIds"]
        every = call.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        found = [endpoint for endpoint in every if endpoint["VpcEndpointId"] in identifiers]
        result = call.forward()
        for endpoint in found:
            if endpoint.get("VpcEndpointType") == "Interface":
                self._slow.begin(endpoint["VpcEndpointId"], "vpc-endpoint-delete", DELETING)
        return {"Unsuccessful": result.get("Unsuccessful", [])}

    def _tell_endpoint(self, endpoint: dict[str, Any]) -> None:
        if change := self._slow.under_way(endpoint["VpcEndpointId"]):
            endpoint["State"] = ENDPOINT_STATES[change]
