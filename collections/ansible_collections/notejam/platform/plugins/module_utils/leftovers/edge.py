# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The way in: certificates, web ACLs, zones and health checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.leftovers.found import Found, Scope
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session

LARGEST_QUESTION = 10  # ids in one ListTagsForResources of Route 53


def find(session: Session, scope: Scope) -> Iterator[Found]:
    """ACM, WAF and Route 53."""
    acm = session.client("acm")
    for page in acm.get_paginator("list_certificates").paginate():
        for each in page["CertificateSummaryList"]:
            tags = as_dict(acm.list_tags_for_certificate(CertificateArn=each["CertificateArn"])["Tags"])
            if found := scope.claim(each["CertificateArn"], tags, "edge"):
                yield found
    yield from _firewalls(session.client("wafv2"), scope)
    yield from _names(session.client("route53"), scope)


def _firewalls(waf: Any, scope: Scope) -> Iterator[Found]:
    lists = (
        (waf.list_web_acls, "WebACLs"),
        (waf.list_ip_sets, "IPSets"),
        (waf.list_rule_groups, "RuleGroups"),
        (waf.list_regex_pattern_sets, "RegexPatternSets"),
    )
    for operation, key in lists:
        marker: dict[str, str] = {}
        while True:
            answer = operation(Scope="REGIONAL", Limit=100, **marker)
            for each in answer[key]:
                told = waf.list_tags_for_resource(ResourceARN=each["ARN"])["TagInfoForResource"]
                if found := scope.claim(
                    each["ARN"], as_dict(told.get("TagList")), "web_firewall", each["Name"]
                ):
                    yield found
            if not answer.get("NextMarker"):
                break
            marker = {"NextMarker": answer["NextMarker"]}


def _names(route53: Any, scope: Scope) -> Iterator[Found]:
    zones = route53.get_paginator("list_hosted_zones").paginate().build_full_result()["HostedZones"]
    checks = route53.get_paginator("list_health_checks").paginate().build_full_result()["HealthChecks"]
    kinds = (
        ("hostedzone", [zone["Id"].rpartition("/")[2] for zone in zones]),
        ("healthcheck", [check["Id"] for check in checks]),
    )
    for kind, ids in kinds:
        for identifier, tags in _tags(route53, kind, ids).items():
            if found := scope.claim(f"arn:{scope.partition}:route53:::{kind}/{identifier}", tags, "edge"):
                yield found


def _tags(route53: Any, kind: str, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    told = {}
    for start in range(0, len(ids), LARGEST_QUESTION):
        asked = {"ResourceType": kind, "ResourceIds": ids[start : start + LARGEST_QUESTION]}
        for each in route53.list_tags_for_resources(**asked)["ResourceTagSets"]:
            told[each["ResourceId"]] = as_dict(each["Tags"])
    return told
