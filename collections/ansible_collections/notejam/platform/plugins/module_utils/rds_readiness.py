# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether an Aurora DB cluster with its instances can be used."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.notejam.platform.plugins.module_utils.rds import GONE


def instances(rds: Any, identifier: str) -> list[dict[str, Any]]:
    """The instances of the cluster, as AWS describes them."""
    of_cluster = [{"Name": "db-cluster-id", "Values": [identifier]}]
    pages = rds.get_paginator("describe_db_instances").paginate(Filters=of_cluster)
    return list(pages.build_full_result()["DBInstances"])


def describe(rds: Any, identifier: str) -> dict[str, Any] | None:
    """The cluster, with the status and the zone of each of its instances; None when there is none."""
    try:
        cluster = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]
    except is_boto3_error_code("DBClusterNotFoundFault"):
        return None
    found = instances(rds, identifier)
    members = cluster.get("DBClusterMembers", [])
    return {
        "db_cluster_identifier": identifier,
        "status": cluster["Status"],
        "deletion_protection": cluster["DeletionProtection"],
        "instances": {one["DBInstanceIdentifier"]: one["DBInstanceStatus"] for one in found},
        "writer": next((one["DBInstanceIdentifier"] for one in members if one["IsClusterWriter"]), None),
        # One that is being made may not know it yet.
        "zones": {
            one["DBInstanceIdentifier"]: one["AvailabilityZone"]
            for one in found
            if one.get("AvailabilityZone")
        },
    }


def readiness(cluster: dict[str, Any] | None) -> str:
    """ "available" when the cluster and all its instances are, else what is in the way.

    A cluster without instances answers nobody, so it counts as being created.
    """
    if cluster is None:
        return GONE
    statuses = [cluster["status"], *cluster["instances"].values()]
    if not cluster["instances"]:
        statuses.append("creating")
    return next((status for status in statuses if status != "available"), "available")
