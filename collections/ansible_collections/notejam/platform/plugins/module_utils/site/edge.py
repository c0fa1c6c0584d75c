# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `edge` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, carries

if TYPE_CHECKING:
    from boto3.session import Session

ZONE = "platform:hosted-zone-id"
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
    return {"certificate_arn": arn, "hosted_zone_id": zone}
