# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `database` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict, carries

if TYPE_CHECKING:
    from boto3.session import Session


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The site's Aurora cluster, also one that is still being made."""
    wanted = {**tags, "platform:component": "database"}
    pages = session.client("rds").get_paginator("describe_db_clusters").paginate()
    for cluster in pages.build_full_result()["DBClusters"]:
        if cluster["Status"] != "deleting" and carries(as_dict(cluster.get("TagList")), wanted):
            return {
                "identifier": cluster["DBClusterIdentifier"],
                "arn": cluster["DBClusterArn"],
                "endpoint": cluster.get("Endpoint"),
                "reader_endpoint": cluster.get("ReaderEndpoint"),
                "port": cluster["Port"],
                "name": cluster.get("DatabaseName"),
                "master_secret_arn": cluster.get("MasterUserSecret", {}).get("SecretArn")
                or _own_secret(session, cluster["DBClusterIdentifier"]),
            }
    return None


def _own_secret(session: Session, identifier: str) -> str:
    """The secret that the role keeps for the primary of a global database; empty for its secondary."""
    secrets = session.client("secretsmanager")
    try:
        found = secrets.describe_secret(SecretId=f"{identifier}-{session.region_name}/master")
    except secrets.exceptions.ResourceNotFoundException:
        return ""
    return "" if found.get("DeletedDate") else str(found["ARN"])
