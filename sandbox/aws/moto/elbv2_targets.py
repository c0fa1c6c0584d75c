"""Targets as moto differs from AWS: each is an address with its port, within reach of the VPC.

Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html,
API_TargetDescription.html and API_TargetHealth.html there,
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
"""

import ipaddress
from typing import Any

from moto.elbv2.exceptions import ELBClientError, TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup

from sandbox.aws.moto.elbv2 import invalid
from sandbox.aws.patching import replace

# Where targets by address may be besides the VPC's own ranges.
PRIVATE = [
    ipaddress.ip_network(each) for each in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
]
Target = tuple[str, int]


def install() -> None:
    """Patch moto, once in a process."""

    def register(self: Any, targets: list[dict[str, Any]]) -> None:
        checked = [_checked(self, each) for each in targets]
        for each in checked:
            self.targets[each["Id"], each["Port"]] = each

    replace(FakeTargetGroup, "register", register)

    def deregister(self: Any, targets: list[dict[str, Any]]) -> None:
        # What is not registered is passed over:
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html
        for each in targets:
            for key in _keys(self, each):
                self.targets.pop(key, None)

    replace(FakeTargetGroup, "deregister", deregister)

    def deregister_terminated_instances(self: Any, instance_ids: list[str]) -> None:
        for key in [key for key in self.targets if key[0] in instance_ids]:
            del self.targets[key]

    replace(FakeTargetGroup, "deregister_terminated_instances", deregister_terminated_instances)

    def describe_target_health(self: Any, target_group_arn: str, targets: list[dict[str, Any]]) -> list[Any]:
        group = self.target_groups.get(target_group_arn)
        if group is None:
            raise TargetGroupNotFoundError
        asked = [key for each in targets for key in _keys(group, each)] if targets else list(group.targets)
        return [_health(self, group, key) for key in asked]

    replace(ELBv2Backend, "describe_target_health", describe_target_health)

    def target(self: Any) -> dict[str, Any]:
        zone = getattr(self, "availability_zone", None)
        told = {"Id": self.instance_id, "Port": self.port}
        return {**told, "AvailabilityZone": zone} if zone else told

    replace(FakeHealthStatus, "target", property(target))


def _keys(group: Any, target: dict[str, Any]) -> list[Target]:
    """A target that is named without its port is all of that address, or the one of the group's port."""
    if "Port" in target:
        return [(target["Id"], int(target["Port"]))]
    return [key for key in group.targets if key[0] == target["Id"]] or [(target["Id"], int(group.port))]


def _checked(group: Any, target: dict[str, Any]) -> dict[str, Any]:
    """The target as it is kept. Raises AWS's error for one that the group cannot have."""
    port = int(target.get("Port") or group.port)
    zone = target.get("AvailabilityZone")
    if group.target_type == "instance":
        instance = group.ec2_backend.get_instance_by_id(target["Id"])
        if instance is None or instance.vpc_id != group.vpc_id:
            raise ELBClientError(
                "InvalidTarget", f"The following targets are not in the target group VPC: '{target['Id']}'"
            )
        if instance.state != "running":
            raise ELBClientError(
                "InvalidTarget",
                "The following targets are not in a running state and cannot be registered: "
                f"'{target['Id']}'",
            )
    elif group.target_type == "ip":
        zone = _zone(group, target["Id"], zone)
    return {"Id": target["Id"], "Port": port, "AvailabilityZone": zone}


def _zone(group: Any, text: str, asked: str | None) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise invalid(f"The IP address '{text}' is not valid") from None
    ec2 = group.ec2_backend
    associated = ec2.get_vpc(group.vpc_id).get_cidr_block_association_set()
    ranges = [ipaddress.ip_network(each["cidr_block"]) for each in associated]
    if any(address in each for each in ranges):
        subnets = [
            each for zone in ec2.subnets.values() for each in zone.values() if each.vpc_id == group.vpc_id
        ]
        for subnet in subnets:
            if address in ipaddress.ip_network(subnet.cidr_block):
                return str(subnet.availability_zone)
        raise ELBClientError(
            "InvalidTarget", f"The following targets are not in a subnet of the VPC: '{text}'"
        )
    if not any(address in each for each in PRIVATE):
        raise invalid(f"The IP address '{text}' is not within the VPC or a private range")
    if asked != "all":
        raise invalid(f"The IP address '{text}' is outside the VPC: the Availability Zone must be 'all'")
    return asked


def _health(backend: Any, group: Any, key: Target) -> FakeHealthStatus:
    check_port = group.health_check_port
    if check_port == "traffic-port":
        check_port = str(key[1])
    status, reason, description = (
        "initial",
        "Elb.RegistrationInProgress",
        "Target registration is in progress",
    )
    kept = group.targets.get(key)
    if kept is None:
        status, reason, description = "unused", "Target.NotRegistered", "Target is not registered"
    elif not group.load_balancer_arns:
        status, reason = "unused", "Target.NotInUse"
        description = "Target group is not configured to receive traffic from the load balancer"
    elif group.target_type == "instance":
        instance = backend.ec2_backend.get_instance_by_id(key[0])
        if instance is not None and instance.state == "stopped":
            status, reason = "unused", "Target.InvalidState"
            description = "Target is in the stopped state"
    health = FakeHealthStatus(key[0], str(key[1]), check_port, status, reason, description)
    vars(health)["availability_zone"] = kept["AvailabilityZone"] if kept else None
    return health
