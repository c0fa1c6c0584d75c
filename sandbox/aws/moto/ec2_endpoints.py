"""VPC endpoints as moto differs from AWS: their address types, their names in the VPC, and their network
interfaces.

Sources: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html,
API_ModifyVpcEndpoint.html, API_NetworkInterface.html there, and
https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces
from moto.ec2.responses.vpcs import VPCs

from sandbox.aws.moto.ec2_ipv6 import addresses_of
from sandbox.aws.patching import add, replace

# Those that document that they are reached by IPv6 within a VPC, too:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_dual-stack_endpoint_support.html,
# https://docs.aws.amazon.com/kms/latest/developerguide/ipv6-kms.html,
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html,
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/vpc-endpoints-dynamodb.html
# ECR is reached by IPv6 from outside only: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
DUAL_STACK = frozenset({"sts", "kms", "s3", "dynamodb"})
IPV4, DUALSTACK, IPV6 = "ipv4", "dualstack", "ipv6"


def install() -> None:
    """Patch moto, once in a process."""
    add(VPCEndPoint, "ip_address_type", IPV4)
    _tell_what_services_support()
    _keep_address_types()
    _keep_network_interfaces()


def supported(service_name: str) -> list[str]:
    """The address types that a service of AWS accepts."""
    short = service_name.split(".", 3)[-1]
    return [IPV4, IPV6] if short in DUAL_STACK else [IPV4]


def _tell_what_services_support() -> None:
    def describe(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        answer: dict[str, Any] = original(self, *args, **kwargs)
        answer["servicesDetails"] = [
            {**each, "SupportedIpAddressTypes": supported(each["ServiceName"])}
            for each in answer["servicesDetails"]
        ]
        return answer

    original = replace(EC2Backend, "describe_vpc_endpoint_services", describe)


def _check_address_type(backend: Any, wanted: str, service_name: str, subnet_ids: list[str]) -> None:
    if wanted == IPV4:
        return
    if wanted not in (DUALSTACK, IPV6):
        raise EC2ClientError("InvalidParameter", f"Invalid ip-address-type: {wanted}")
    if IPV6 not in supported(service_name):
        raise EC2ClientError(
            "InvalidParameter", f"ip-address-type {wanted} is not supported by {service_name}"
        )
    for subnet_id in subnet_ids:
        if not addresses_of(backend.get_subnet(subnet_id)):
            raise EC2ClientError(
                "InvalidParameter", f"ip-address-type {wanted} is not supported by the subnet {subnet_id}"
            )


def _check_private_dns(backend: Any, vpc_id: str) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html: private DNS needs both."""
    vpc = backend.get_vpc(vpc_id)
    if not all(_true(value) for value in (vpc.enable_dns_support, vpc.enable_dns_hostnames)):
        raise EC2ClientError(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set "
            f"to true for {vpc_id}",
        )


def _true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _is_interface(endpoint: Any) -> bool:
    return (endpoint.vpc_endpoint_type or "Gateway").lower() == "interface"


def _keep_address_types() -> None:
    def create_vpc_endpoint(self: Any) -> ActionResult:
        kind = (self._get_param("VpcEndpointType") or "Gateway").lower()
        wanted = self._get_param("IpAddressType") or IPV4
        subnets = self._get_param("SubnetIds", [])
        _check_address_type(self.ec2_backend, wanted, self._get_param("ServiceName"), subnets)
        if kind == "interface" and self._get_bool_param("PrivateDnsEnabled", if_none=True):
            _check_private_dns(self.ec2_backend, self._get_param("VpcId"))
        answer: ActionResult = create(self)
        endpoint = dict(answer.result)["VpcEndpoint"]  # type: ignore[call-overload]
        endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
        endpoint.ip_address_type = wanted
        _name_interfaces(self.ec2_backend, endpoint)
        return answer

    create = replace(VPCs, "create_vpc_endpoint", create_vpc_endpoint)

    def modify_vpc_endpoint(self: Any) -> ActionResult:
        backend = self.ec2_backend
        endpoint = backend.get_vpc_end_point(self._get_param("VpcEndpointId"))
        wanted = self._get_param("IpAddressType") or endpoint.ip_address_type
        kept = set(endpoint.subnet_ids or []) - set(self._get_param("RemoveSubnetIds", []))
        subnets = sorted(kept | set(self._get_param("AddSubnetIds", [])))
        _check_address_type(backend, wanted, endpoint.service_name, subnets)
        enabled = self._get_param("PrivateDnsEnabled")
        if enabled is not None:
            if _true(enabled):
                _check_private_dns(backend, endpoint.vpc_id)
            endpoint.private_dns_enabled = _true(enabled)
        answer: ActionResult = modify(self)
        endpoint.ip_address_type = wanted
        _follow_subnets(backend, endpoint)
        return answer

    modify = replace(VPCs, "modify_vpc_endpoint", modify_vpc_endpoint)


def _name_interfaces(backend: Any, endpoint: Any) -> None:
    """What tells of an interface to whom it belongs; none but its endpoint removes it."""
    for eni_id in endpoint.network_interface_ids if _is_interface(endpoint) else []:
        eni = backend.enis[eni_id]
        eni.interface_type, eni.requester_managed, eni.status = "vpc_endpoint", True, "in-use"
        eni.description = f"VPC Endpoint Interface {endpoint.id}"
        eni._group_set = [
            backend.get_security_group_from_id(each) for each in endpoint.security_group_ids
        ] or eni._group_set
        eni.ipv6_addresses = addresses_of(eni.subnet) if endpoint.ip_address_type != IPV4 else []


def _follow_subnets(backend: Any, endpoint: Any) -> None:
    """An interface in each of the endpoint's subnets, and in no other."""
    if not _is_interface(endpoint):
        return
    there = {backend.enis[each].subnet.id: each for each in endpoint.network_interface_ids}
    for subnet_id in endpoint.subnet_ids:
        if subnet_id not in there:
            there[subnet_id] = backend.create_network_interface(subnet_id, None).id
    for subnet_id in set(there) - set(endpoint.subnet_ids):
        backend.enis.pop(there.pop(subnet_id))
    endpoint.network_interface_ids = sorted(there.values())
    _name_interfaces(backend, endpoint)


def _keep_network_interfaces() -> None:
    """An interface that a service of AWS's holds, or that is attached, is not deleted by hand.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html
    """

    def create_nat_gateway(self: Any, *args: Any, **kwargs: Any) -> Any:
        gateway = create(self, *args, **kwargs)
        eni = gateway._eni
        eni.interface_type, eni.requester_managed, eni.status = "nat_gateway", True, "in-use"
        eni.description = f"Interface for NAT Gateway {gateway.id}"
        eni.ipv6_addresses = []
        return gateway

    create = replace(EC2Backend, "create_nat_gateway", create_nat_gateway)

    def delete_network_interface(self: Any) -> Any:
        eni = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId"))
        if eni.requester_managed or eni.attachment_id:
            raise EC2ClientError(
                "InvalidParameterValue", f"Network interface '{eni.id}' is currently in use."
            )
        return delete(self)

    delete = replace(ElasticNetworkInterfaces, "delete_network_interface", delete_network_interface)
