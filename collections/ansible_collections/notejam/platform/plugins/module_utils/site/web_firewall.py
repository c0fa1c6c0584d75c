# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `web_firewall` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, carries

if TYPE_CHECKING:
    from boto3.session import Session


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The site's web ACL."""
    wanted = {**tags, "platform:component": "web_firewall"}
    waf = session.client("wafv2")
    marker: dict[str, str] = {}
    while True:
        answer = waf.list_web_acls(Scope="REGIONAL", Limit=100, **marker)
        for acl in answer["WebACLs"]:
            found = waf.list_tags_for_resource(ResourceARN=acl["ARN"])["TagInfoForResource"]
            if carries(as_dict(found.get("TagList")), wanted):
                return {"web_acl_arn": acl["ARN"], "web_acl_name": acl["Name"]}
        if not answer.get("NextMarker"):
            return None
        marker = {"NextMarker": answer["NextMarker"]}
