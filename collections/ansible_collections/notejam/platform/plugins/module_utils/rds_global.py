# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Global databases: who is in one, and how a cluster leaves it.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-detaching.html
"""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.notejam.platform.plugins.module_utils.waiting import wait_until

LEFT = "left"


def find(rds: Any, arn: str) -> dict[str, Any] | None:
    """The global database that the cluster of this ARN is in, as AWS describes it."""
    pages = rds.get_paginator("describe_global_clusters").paginate()
    for described in pages.build_full_result()["GlobalClusters"]:
        if any(member["DBClusterArn"] == arn for member in described.get("GlobalClusterMembers", [])):
            return dict(described)
    return None


def membership(rds: Any, arn: str) -> str | None:
    """The identifier of the global database that the cluster of this ARN is in."""
    found = find(rds, arn)
    return found["GlobalClusterIdentifier"] if found else None


def writer(described: dict[str, Any]) -> str | None:
    """The ARN of the cluster that writes."""
    members = described.get("GlobalClusterMembers", [])
    return next((member["DBClusterArn"] for member in members if member["IsWriter"]), None)


def leave(rds: Any, arn: str, timeout: float) -> bool:
    """Have the cluster stand on its own, the primary once its secondaries have left; whether it was a member.

    `timeout` is in seconds. Raises AnsibleAWSError when secondaries stay for longer.
    """
    found = find(rds, arn)
    if found is None:
        return False
    identifier = found["GlobalClusterIdentifier"]
    if writer(found) == arn:

        def others() -> str:
            members = (find(rds, arn) or {}).get("GlobalClusterMembers", [])
            return ", ".join(m["DBClusterArn"] for m in members if m["DBClusterArn"] != arn) or LEFT

        wait_until(f"the global database {identifier}, in which there is", others, [LEFT], timeout)
    try:
        rds.remove_from_global_cluster(GlobalClusterIdentifier=identifier, DbClusterIdentifier=arn)
    except is_boto3_error_code(("GlobalClusterNotFoundFault", "DBClusterNotFoundFault")):
        return False
    wait_until(
        f"{arn} as a member of the global database {identifier}",
        lambda: "there" if membership(rds, arn) else LEFT,
        [LEFT],
        timeout,
    )
    return True
