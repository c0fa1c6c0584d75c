# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `edge` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, carries

if TYPE_CHECKING:
    from boto3.session import Session

ZONE = "platform:hosted-zone-id"
LARGEST_QUESTION = 10  # ids in one ListTagsForResources
STATUSES = ["ISSUED", "PENDING_VALIDATION"]


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The site's newest certificate; its tag tells the hosted zone, which may be nobody's of the platform."""
    wanted = {**tags, "platform:component": "edge"}
    acm = session.client("acm")
    pages = acm.get_paginator("list_certificates").paginate(CertificateStatuses=STATUSES)
    found = []
    for summary in pages.build_full_result()["CertificateSummaryList"]:
        arn = summary["CertificateArn"]
        carried = as_dict(acm.list_tags_for_certificate(CertificateArn=arn)["Tags"])
        if carries(carried, wanted):
            certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
            found.append((certificate["CreatedAt"], arn, carried.get(ZONE, "")))
    if not found:
        return None
    _created, arn, zone = max(found)
    return {"certificate_arn": arn, "hosted_zone_id": zone, "health_check_id": _health_check(session, wanted)}


def _health_check(session: Session, wanted: dict[str, str]) -> str:
    """The site's health check; empty until its records are there."""
    route53 = session.client("route53")
    pages = route53.get_paginator("list_health_checks").paginate()
    ids = [each["Id"] for each in pages.build_full_result()["HealthChecks"]]
    for start in range(0, len(ids), LARGEST_QUESTION):
        asked = {"ResourceType": "healthcheck", "ResourceIds": ids[start : start + LARGEST_QUESTION]}
        for each in route53.list_tags_for_resources(**asked)["ResourceTagSets"]:
            if carries(as_dict(each["Tags"]), wanted):
                return str(each["ResourceId"])
    return ""
