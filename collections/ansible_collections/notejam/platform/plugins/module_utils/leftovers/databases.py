# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""RDS: clusters and instances with what belongs to them. Snapshots are backups, and stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.leftovers.found import Found, Scope, keep
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session

# The list call, its list, and the names of the identifier and the ARN there.
LISTS = (
    ("describe_db_clusters", "DBClusters", "DBClusterIdentifier", "DBClusterArn"),
    ("describe_db_instances", "DBInstances", "DBInstanceIdentifier", "DBInstanceArn"),
    ("describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName", "DBSubnetGroupArn"),
    ("describe_db_cluster_parameter_groups", "DBClusterParameterGroups", "DBClusterParameterGroupName",
     "DBClusterParameterGroupArn"),
    ("describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName", "DBParameterGroupArn"),
    ("describe_event_subscriptions", "EventSubscriptionsList", "CustSubscriptionId", "EventSubscriptionArn"),
)  # fmt: skip
# AWS gives everybody parameter groups, which are nobody's.
AWS_S_OWN = "default."


def find(session: Session, scope: Scope) -> Iterator[Found]:
    """Everything of RDS's."""
    rds = session.client("rds")
    for operation, key, name, arn in LISTS:
        for each in rds.get_paginator(operation).paginate().build_full_result()[key]:
            if each[name].startswith(AWS_S_OWN):
                continue
            if found := scope.claim(each[arn], _tags(rds, each, arn), "database", each[name]):
                yield found
    yield from _global_clusters(rds, scope)
    for each in (
        rds.get_paginator("describe_db_cluster_snapshots")
        .paginate()
        .build_full_result()["DBClusterSnapshots"]
    ):
        # Those that RDS makes by itself go with their cluster: AWS tells them only while it is there.
        if each["SnapshotType"] == "automated":
            continue
        arn, named = each["DBClusterSnapshotArn"], each["DBClusterIdentifier"]
        if found := scope.claim(arn, _tags(rds, each, "DBClusterSnapshotArn"), "database", named):
            yield keep(found, f"is a snapshot of {named}, which stays until somebody deletes it")


def _global_clusters(rds: Any, scope: Scope) -> Iterator[Found]:
    every = rds.get_paginator("describe_global_clusters").paginate().build_full_result()["GlobalClusters"]
    for each in every:
        tags = as_dict(each.get("TagList"))
        found = scope.claim(each["GlobalClusterArn"], tags, "database", each["GlobalClusterIdentifier"])
        if found and scope.account_wide:
            yield found


def _tags(rds: Any, each: dict[str, Any], arn: str) -> dict[str, str]:
    if "TagList" in each:
        return as_dict(each["TagList"])
    return as_dict(rds.list_tags_for_resource(ResourceName=each[arn])["TagList"])
