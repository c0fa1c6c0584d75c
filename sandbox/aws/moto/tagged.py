"""What the tagging API tells of: the tagged resources that it supports, of the services that moto has.

Sources: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html and
supported-services.html there. Resources of global services are told of in us-east-1 only, a bucket in its own
Region, and IAM's roles and users nowhere.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from moto.cloudtrail.models import cloudtrail_backends
from moto.core.resource_tagging import TaggedResource, make_tag_matcher, match_resource_type
from moto.ec2.models import EC2Backend
from moto.ecr.models import ecr_backends
from moto.iam.models import iam_backends
from moto.logs.models import LogsBackend
from moto.rds.models import RDSBackend
from moto.resourcegroupstaggingapi.exceptions import ResourceGroupsTaggingAPIError
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend
from moto.route53.models import route53_backends
from moto.s3.models import S3Backend
from moto.wafv2.models import wafv2_backends

from sandbox.aws.patching import replace

GLOBAL_REGION = "us-east-1"
# moto's word for a type -> AWS's: https://docs.aws.amazon.com/service-authorization/latest/reference/
TYPES = {"ec2:flow-logs": "ec2:vpc-flow-log", "logs:loggroup": "logs:log-group"}
Page = tuple[str | None, list[TaggedResource]]


def install() -> None:
    """Patch moto, once in a process."""
    _tell_all_of_ec2()
    _tell_all_of_rds()
    _name_types_as_aws_does(LogsBackend)
    _add_the_rest()
    _page()


def _as_dict(tags: Any) -> dict[str, str]:
    """moto keeps tags as a list of pairs, as a dict of pairs, or as a dict."""
    if isinstance(tags, dict):
        pairs = [value for value in tags.values() if isinstance(value, dict)]
        return _as_dict(pairs) if pairs else {str(key): str(value) for key, value in tags.items()}
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags or []}


def _renamed(resources: Iterable[TaggedResource]) -> Iterator[TaggedResource]:
    for each in resources:
        told = TYPES.get(each.resource_type)
        if told:
            old, new = each.resource_type.split(":")[1], told.split(":")[1]
            yield TaggedResource(each.arn.replace(f":{old}/", f":{new}/"), each.tags, told, each.extra)
        else:
            yield each


def _name_types_as_aws_does(owner: type) -> None:
    def iter_tagged_resources(self: Any) -> Iterator[TaggedResource]:
        yield from _renamed(original(self))

    original = replace(owner, "iter_tagged_resources", iter_tagged_resources)


def _tell_all_of_ec2() -> None:
    def iter_tagged_resources(self: Any) -> Iterator[TaggedResource]:
        yield from _renamed(original(self))
        endpoints = [each for each in self.vpc_end_points.values() if each.state != "deleted"]
        rules = [
            rule
            for groups in self.groups.values()
            for group in groups.values()
            for rule in (*group.ingress_rules, *group.egress_rules)
        ]
        found = {
            "elastic-ip": [each.allocation_id for each in self.addresses],
            "vpc-endpoint": [each.id for each in endpoints],
            "egress-only-internet-gateway": list(self.egress_only_internet_gateways),
            "launch-template": list(self.launch_templates),
            "network-acl": list(self.network_acls),
            "security-group-rule": [rule.id for rule in rules],
        }
        for kind, identifiers in found.items():
            for identifier in identifiers:
                arn = f"arn:{self.partition}:ec2:{self.region_name}:{self.account_id}:{kind}/{identifier}"
                yield TaggedResource(arn, dict(self.tags.get(identifier, {})), f"ec2:{kind}")

    original = replace(EC2Backend, "iter_tagged_resources", iter_tagged_resources)


def _tell_all_of_rds() -> None:
    def iter_tagged_resources(self: Any) -> Iterator[TaggedResource]:
        yield from original(self)
        found = {
            "rds:subgrp": self.subnet_groups.values(),
            "rds:cluster-pg": self.db_cluster_parameter_groups.values(),
            "rds:pg": self.db_parameter_groups.values(),
        }
        for kind, resources in found.items():
            for each in resources:
                yield TaggedResource(each.arn, _as_dict(each.tags), kind)

    original = replace(RDSBackend, "iter_tagged_resources", iter_tagged_resources)


def _add_the_rest() -> None:
    """The services that moto's tagging API does not ask."""

    def generate(
        self: Any,
        tag_filters: list[dict[str, Any]] | None = None,
        resource_type_filters: list[str] | None = None,
        resource_arn_list: list[str] | None = None,
    ) -> Iterator[TaggedResource]:
        yield from original(self, tag_filters, resource_type_filters, resource_arn_list)
        yield from matching(
            _others(self.account_id, self.region_name), tag_filters, resource_type_filters, resource_arn_list
        )

    original = replace(ResourceGroupsTaggingAPIBackend, "_get_resources_generator", generate)

    def buckets(self: Any) -> Iterator[TaggedResource]:
        regions = {bucket.arn: bucket.region_name for bucket in self.buckets.values()}
        for each in all_buckets(self):
            yield TaggedResource(each.arn, each.tags, each.resource_type, {"region": regions[each.arn]})

    all_buckets = replace(S3Backend, "iter_tagged_resources", buckets)


def matching(
    resources: Iterable[TaggedResource],
    tag_filters: list[dict[str, Any]] | None,
    resource_type_filters: list[str] | None,
    resource_arn_list: list[str] | None,
) -> Iterator[TaggedResource]:
    """Those that are tagged and that the request asks for."""
    has_tags = make_tag_matcher(tag_filters)
    for each in resources:
        asked_for = match_resource_type(each.resource_type, resource_type_filters)
        named = not resource_arn_list or each.arn in resource_arn_list
        if each.tags and asked_for and named and has_tags(each.tags):
            yield each


def _others(account: str, region: str) -> Iterator[TaggedResource]:
    ecr = ecr_backends[account][region]
    for repository in ecr.repositories.values():
        tags = ecr.tagger.get_tag_dict_for_resource(repository.arn)
        yield TaggedResource(repository.arn, tags, "ecr:repository")
    for scope in (region, "global") if region == GLOBAL_REGION else (region,):
        waf = wafv2_backends[account][scope]
        for kind, arns in (("webacl", list(waf.wacls)), ("ipset", list(waf.ip_sets))):
            for arn in arns:
                yield TaggedResource(arn, waf.tagging_service.get_tag_dict_for_resource(arn), f"wafv2:{kind}")
    trails = cloudtrail_backends[account][region]
    for trail in trails.trails.values():
        tags = trails.tagging_service.get_tag_dict_for_resource(trail.arn)
        yield TaggedResource(trail.arn, tags, "cloudtrail:trail")
    if region == GLOBAL_REGION:
        yield from _global(account)


def _global(account: str) -> Iterator[TaggedResource]:
    iam = iam_backends[account]["aws"]
    policies = (each for each in iam.managed_policies.values() if f"::{account}:" in each.arn)
    found: dict[str, Iterable[Any]] = {
        "iam:policy": policies,
        "iam:oidc-provider": iam.open_id_providers.values(),
        "iam:instance-profile": iam.instance_profiles.values(),
    }
    for kind, resources in found.items():
        for each in resources:
            yield TaggedResource(each.arn, _as_dict(each.tags), kind)
    route53 = route53_backends[account]["aws"]
    for zone in route53.zones:
        arn = f"arn:aws:route53:::hostedzone/{zone}"
        yield TaggedResource(arn, dict(route53.resource_tags.get(zone, {})), "route53:hostedzone")
    for check in route53.health_checks:
        arn = f"arn:aws:route53:::healthcheck/{check}"
        yield TaggedResource(arn, dict(route53.resource_tags.get(check, {})), "route53:healthcheck")


def _page() -> None:
    """In pages whose tokens are the same in a replay."""

    def get_resources(
        self: Any,
        pagination_token: str | None = None,
        resources_per_page: int = 50,
        tags_per_page: int = 100,
        tag_filters: list[dict[str, Any]] | None = None,
        resource_type_filters: list[str] | None = None,
        resource_arn_list: list[str] | None = None,
    ) -> Page:
        found = self._get_resources_generator(tag_filters, resource_type_filters, resource_arn_list)
        here = [each for each in found if each.extra.get("region", self.region_name) == self.region_name]
        return page(here, pagination_token, resources_per_page, tags_per_page)

    replace(ResourceGroupsTaggingAPIBackend, "get_resources", get_resources)


def page(
    resources: list[TaggedResource], token: str | None, resources_per_page: int, tags_per_page: int
) -> Page:
    """The token for the next page, and this one. Raises for a token that no answer held."""
    start, tags = _start(token), 0
    end = start
    while end < len(resources) and end - start < resources_per_page:
        tags += len(resources[end].tags)
        if tags > tags_per_page and end > start:
            break
        end += 1
    following = base64.urlsafe_b64encode(f"resources:{end}".encode()).decode()
    return (following if end < len(resources) else None), resources[start:end]


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("resources:"))
    except (ValueError, binascii.Error):
        raise ResourceGroupsTaggingAPIError(
            "PaginationTokenExpiredException", "Token does not exist"
        ) from None
