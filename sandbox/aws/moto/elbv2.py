"""Application Load Balancers as moto differs from AWS: names, subnets, addresses, attributes, tags, removal.

Sources: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html,
API_DeleteLoadBalancer.html and API_LoadBalancerAttribute.html there.
"""

import json
import re
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidSubnetIdError
from moto.ec2.models import EC2Backend
from moto.elbv2.exceptions import DuplicateLoadBalancerName, ELBClientError, SubnetNotFoundError
from moto.elbv2.models import ELBv2Backend
from moto.moto_api._internal import mock_random
from moto.s3.models import s3_backends

from sandbox.aws.moto.service_access import acting_for, lets
from sandbox.aws.patching import replace

# https://docs.aws.amazon.com/general/latest/gr/elb.html: the hosted zone of the load balancers' DNS names.
HOSTED_ZONE_IDS = {
    "af-south-1": "Z268VQBMOI5EKX",
    "ap-east-1": "Z3DQVH9N71FHZ0",
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-northeast-2": "ZWKZPGTI48KDX",
    "ap-northeast-3": "Z5LXEXXYW11ES",
    "ap-south-1": "ZP97RAFLXTNZK",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "ap-southeast-2": "Z1GM3OXH4ZPM65",
    "ca-central-1": "ZQSVJUPU6J1EY",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-north-1": "Z23TAZ6LKFMNIO",
    "eu-south-1": "Z3ULH7SSC9OV64",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-west-2": "ZHURV8PSTC4K8",
    "eu-west-3": "Z3Q77PNBQS71R4",
    "me-south-1": "ZS929ML54UICD",
    "sa-east-1": "Z2P70J7HTTTPLU",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
}
SCHEMES = ("internet-facing", "internal")
NAME = re.compile(r"(?!-)(?!internal-)[A-Za-z0-9-]{1,32}(?<!-)")
FREE_ADDRESSES = 8
TAGS = 50
QUESTION = 20  # resources in one DescribeTags
DEFAULTS = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
CHOICES = {
    "routing.http.desync_mitigation_mode": ("monitor", "defensive", "strictest"),
    "routing.http.xff_header_processing.mode": ("append", "preserve", "remove"),
}
RANGES = {"idle_timeout.timeout_seconds": (1, 4000), "client_keep_alive.seconds": (60, 604800)}
LOGS = ("access_logs.s3", "connection_logs.s3", "health_check_logs.s3")
LOG_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"


def install() -> None:
    """Patch moto, once in a process."""
    _create_strictly()
    _delete_what_may_go()
    _check_attributes()
    _check_tags()
    _keep_interfaces()


def invalid(message: str) -> ELBClientError:
    return ELBClientError("ValidationError", message)


def _create_strictly() -> None:
    def create_load_balancer(
        self: Any,
        name: str,
        security_groups: list[str],
        subnet_ids: list[str],
        subnet_mappings: list[dict[str, str]] | None = None,
        scheme: str | None = None,
        loadbalancer_type: str | None = None,
        ip_address_type: str = "ipv4",
        tags: list[dict[str, str]] | None = None,
    ) -> Any:
        if not NAME.fullmatch(name):
            raise invalid(
                f"Load balancer name '{name}' must have 1 to 32 letters, digits and hyphens, must not begin "
                "or end with a hyphen, and must not begin with 'internal-'"
            )
        scheme = scheme or SCHEMES[0]
        if scheme not in SCHEMES:
            raise invalid(f"Scheme '{scheme}' must be one of '{', '.join(SCHEMES)}'")
        _refuse_tags({}, tags or [])
        asked = [*subnet_ids, *(each["SubnetId"] for each in subnet_mappings or [])]
        subnets = _subnets(self, asked, scheme, ip_address_type)
        groups = _security_groups(self, security_groups, subnets[0].vpc_id)
        for other in self.load_balancers.values():
            if other.name == name:
                own = (sorted(asked), sorted(groups), scheme, ip_address_type)
                if own == (
                    sorted(each.id for each in other.subnets),
                    sorted(other.security_groups),
                    other.scheme,
                    other.ip_address_type,
                ):
                    return other
                raise DuplicateLoadBalancerName(
                    f"A load balancer with the same name '{name}' exists, but with different settings"
                )
        made = create(self, name, groups, asked, None, scheme, loadbalancer_type, ip_address_type, tags)
        internal = "internal-" if scheme == "internal" else ""
        number = mock_random.randrange(10**9, 10**10)
        made.dns_name = f"{internal}{name}-{number}.{self.region_name}.elb.amazonaws.com"
        made.canonical_hosted_zone_id = HOSTED_ZONE_IDS.get(self.region_name, made.canonical_hosted_zone_id)
        made.attrs = dict(DEFAULTS)
        _attach(self, made)
        return made

    create = replace(ELBv2Backend, "create_load_balancer", create_load_balancer)

    def set_subnets(self: Any, arn: str, subnet_ids: list[str], mappings: list[dict[str, Any]]) -> Any:
        if balancer := self.load_balancers.get(arn):
            asked = [*subnet_ids, *(each["SubnetId"] for each in mappings)]
            _subnets(self, asked, balancer.scheme, balancer.ip_address_type)
        zones = move(self, arn, subnet_ids, mappings)
        _attach(self, self.load_balancers[arn])
        return zones

    move = replace(ELBv2Backend, "set_subnets", set_subnets)

    def set_security_groups(self: Any, arn: str, group_ids: list[str]) -> None:
        if balancer := self.load_balancers.get(arn):
            group_ids = _security_groups(self, group_ids, balancer.vpc_id)
        protect(self, arn, group_ids)
        _attach(self, self.load_balancers[arn])

    protect = replace(ELBv2Backend, "set_security_groups", set_security_groups)


def _subnets(backend: Any, subnet_ids: list[str], scheme: str, ip_address_type: str) -> list[Any]:
    """The subnets, fit for a load balancer: in two zones, of one VPC, with room and a way to the Internet."""
    ec2 = backend.ec2_backend
    try:
        subnets = [ec2.get_subnet(each) for each in subnet_ids]
    except InvalidSubnetIdError:
        raise SubnetNotFoundError from None
    zones = {each.availability_zone for each in subnets}
    if len(zones) < len(subnets):
        raise ELBClientError(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    if len(zones) < 2:
        raise invalid("At least two subnets in two different Availability Zones must be specified")
    if len({each.vpc_id for each in subnets}) > 1:
        raise ELBClientError("InvalidConfigurationRequest", "All subnets must belong to the same VPC")
    for subnet in subnets:
        if subnet.available_ip_address_count < FREE_ADDRESSES:
            raise ELBClientError(
                "InvalidSubnet",
                f"Not enough IP space available in {subnet.id}. ELB requires at least {FREE_ADDRESSES} free "
                "IP addresses in each subnet",
            )
        if ip_address_type == "dualstack" and not subnet.ipv6_cidr_block_associations:
            raise ELBClientError(
                "InvalidConfigurationRequest",
                f"You must specify subnets with an associated IPv6 CIDR block: {subnet.id} has none",
            )
    vpc = subnets[0].vpc_id
    gateways = ec2.internet_gateways.values()
    if scheme == SCHEMES[0] and not any(each.vpc and each.vpc.id == vpc for each in gateways):
        raise ELBClientError("InvalidSubnet", f"VPC {vpc} has no internet gateway")
    return subnets


def _security_groups(backend: Any, group_ids: list[str], vpc: str) -> list[str]:
    """The groups, all of the VPC; its default group when none is given."""
    groups = backend.ec2_backend.groups[vpc]
    if missing := [each for each in group_ids if each not in groups]:
        raise ELBClientError(
            "InvalidSecurityGroup", f"Security groups {missing} do not exist in the VPC {vpc}"
        )
    return group_ids or [backend.ec2_backend.get_default_security_group(vpc).id]


def _attach(backend: Any, balancer: Any) -> None:
    """Have one network interface in each subnet, with the load balancer's groups.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
    """
    _detach(backend, balancer)
    name = balancer.arn.partition(":loadbalancer/")[2]
    for subnet in balancer.subnets:
        interface = backend.ec2_backend.create_network_interface(
            subnet, "", group_ids=balancer.security_groups, description=f"ELB {name}"
        )
        interface.requester_managed = True
        interface.requester_id = "amazon-elb"
        interface.status = "in-use"


def _detach(backend: Any, balancer: Any) -> None:
    name = balancer.arn.partition(":loadbalancer/")[2]
    interfaces = backend.ec2_backend.enis
    for each in [each for each in interfaces.values() if each.description == f"ELB {name}"]:
        del interfaces[each.id]


def _keep_interfaces() -> None:
    """Nobody but the load balancer removes its interfaces."""

    def delete_network_interface(self: Any, eni_id: str) -> None:
        if (found := self.enis.get(eni_id)) and found.requester_id == "amazon-elb":
            raise EC2ClientError(
                "InvalidParameterValue", f"Network interface '{eni_id}' is currently in use."
            )
        delete(self, eni_id)

    delete = replace(EC2Backend, "delete_network_interface", delete_network_interface)


def _delete_what_may_go() -> None:
    def delete_load_balancer(self: Any, arn: str) -> None:
        balancer = self.load_balancers.get(arn)
        if balancer is None:
            return
        if balancer.attrs["deletion_protection.enabled"] == "true":
            raise ELBClientError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        _detach(self, balancer)
        delete(self, arn)

    delete = replace(ELBv2Backend, "delete_load_balancer", delete_load_balancer)


def _check_attributes() -> None:
    """Values are checked, and logs go to a bucket that lets them in.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    """

    def modify_load_balancer_attributes(self: Any, arn: str, attrs: dict[str, str]) -> Any:
        if balancer := self.load_balancers.get(arn):
            for name, value in attrs.items():
                _check_attribute(name, value)
            wanted = {**balancer.attrs, **attrs}
            for logs in LOGS:
                if wanted[f"{logs}.enabled"] == "true":
                    _check_bucket(self, arn, wanted[f"{logs}.bucket"], wanted[f"{logs}.prefix"])
        return modify(self, arn, attrs)

    modify = replace(ELBv2Backend, "modify_load_balancer_attributes", modify_load_balancer_attributes)


def _check_attribute(name: str, value: str) -> None:
    if name not in DEFAULTS and name != "ipv6.deny_all_igw_traffic":
        raise ELBClientError(
            "InvalidConfigurationRequest", f"Load balancer attribute key '{name}' is not recognized"
        )
    if name in RANGES:
        low, high = RANGES[name]
        if not value.isdecimal() or not low <= int(value) <= high:
            raise invalid(f"Load balancer attribute '{name}' must be between {low} and {high} inclusive")
    choices = ("true", "false") if name.endswith((".enabled", "_traffic")) else CHOICES.get(name)
    if choices and value not in choices:
        raise invalid(f"Load balancer attribute '{name}' must be one of '{', '.join(choices)}'")


def _check_bucket(backend: Any, arn: str, name: str, prefix: str) -> None:
    """The bucket is of the load balancer's region, lets it write, and has no KMS key: "The only server-side
    encryption option that's supported is Amazon S3-managed keys (SSE-S3)".
    """
    bucket = s3_backends[backend.account_id]["aws"].buckets.get(name)
    start = f"arn:aws:s3:::{name}/{f'{prefix}/' if prefix else ''}AWSLogs/{backend.account_id}/"
    context = acting_for(arn, backend.account_id, LOG_DELIVERY)
    allowed = (
        bucket is not None
        and bucket.region_name == backend.region_name
        and "aws:kms" not in json.dumps(bucket.encryption or {})
        and lets(json.loads(bucket.policy or "{}"), LOG_DELIVERY, "s3:PutObject", f"{start}log.gz", context)
    )
    if not allowed:
        raise ELBClientError(
            "InvalidConfigurationRequest",
            f"Access Denied for bucket: {name}. Please check S3bucket permission",
        )


def _refuse_tags(present: dict[str, str], tags: list[dict[str, str]]) -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddTags.html"""
    keys = [each["Key"] for each in tags]
    if doubled := sorted({key for key in keys if keys.count(key) > 1}):
        raise ELBClientError("DuplicateTagKeys", f"Tag keys cannot be specified twice: {doubled}")
    for tag in tags:
        if tag["Key"].startswith("aws:"):
            raise invalid(f"Tag keys cannot begin with 'aws:': {tag['Key']}")
        if not 1 <= len(tag["Key"]) <= 128 or len(tag.get("Value") or "") > 256:
            raise invalid(f"A tag has a key of 1 to 128 and a value of up to 256 characters: {tag['Key']}")
    if len({*present, *keys}) > TAGS:
        raise ELBClientError("TooManyTags", f"The limit of {TAGS} tags of a resource has been exceeded")


def _check_tags() -> None:
    def add_tags(self: Any, resource_arns: list[str], tags: list[dict[str, str]]) -> None:
        for arn in resource_arns:
            self._get_resource_by_arn(arn)
            _refuse_tags(self.tagging_service.get_tag_dict_for_resource(arn), tags)
        for arn in resource_arns:
            self.tagging_service.tag_resource(arn, tags)

    replace(ELBv2Backend, "add_tags", add_tags)

    def describe_tags(self: Any, resource_arns: list[str]) -> Any:
        if len(resource_arns) > QUESTION:
            raise invalid(f"Cannot have more than {QUESTION} resources described")
        for arn in resource_arns:
            self._get_resource_by_arn(arn)
        return describe(self, resource_arns)

    describe = replace(ELBv2Backend, "describe_tags", describe_tags)
