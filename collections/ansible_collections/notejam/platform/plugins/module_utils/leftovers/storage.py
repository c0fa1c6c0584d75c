# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Buckets, backup vaults and image repositories. What holds backups under retention stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.notejam.platform.plugins.module_utils.leftovers.found import (
    COMPONENT,
    Found,
    Scope,
    keep,
)
from ansible_collections.notejam.platform.plugins.module_utils.tags import as_dict

if TYPE_CHECKING:
    from boto3.session import Session

WITHOUT_A_LOCK = ("ObjectLockConfigurationNotFoundError", "ObjectLockConfigurationNotFound")


def find(session: Session, scope: Scope) -> Iterator[Found]:
    """S3, AWS Backup and ECR."""
    yield from _buckets(session.client("s3"), scope)
    yield from _backups(session.client("backup"), scope)
    yield from _registry(session.client("ecr"), scope)


def _buckets(s3: Any, scope: Scope) -> Iterator[Found]:
    for page in s3.get_paginator("list_buckets").paginate(BucketRegion=scope.region):
        for bucket in page["Buckets"]:
            name = bucket["Name"]
            if bucket.get("BucketRegion", scope.region) != scope.region:
                continue
            found = scope.claim(f"arn:{scope.partition}:s3:::{name}", _bucket_tags(s3, name), "backups", name)
            if found:
                reason = retention(s3, name)
                yield keep(found, reason) if reason else found


def _bucket_tags(s3: Any, name: str) -> dict[str, str]:
    try:
        return as_dict(s3.get_bucket_tagging(Bucket=name)["TagSet"])
    except is_boto3_error_code("NoSuchTagSet"):
        return {}


def retention(s3: Any, bucket: str) -> str | None:
    """Why a bucket's objects stay for a while; None when it is empty, or nothing says that they do."""
    versions = s3.list_object_versions(Bucket=bucket, MaxKeys=1)
    if not (versions.get("Versions") or versions.get("DeleteMarkers")):
        return None
    try:
        lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    except is_boto3_error_code(WITHOUT_A_LOCK):
        lock = {}
    if rule := lock.get("Rule", {}).get("DefaultRetention"):
        time = f"{rule['Years']} years" if "Years" in rule else f"{rule['Days']} days"
        return f"holds objects that Object Lock ({rule['Mode']}) keeps for {time} after they were written"
    try:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except is_boto3_error_code("NoSuchLifecycleConfiguration"):
        rules = []
    days = [rule["Expiration"]["Days"] for rule in rules if rule.get("Expiration", {}).get("Days")]
    return (
        f"holds objects that its lifecycle deletes {max(days)} days after they were written" if days else None
    )


def _backups(backup: Any, scope: Scope) -> Iterator[Found]:
    for page in backup.get_paginator("list_backup_vaults").paginate():
        for vault in page["BackupVaultList"]:
            name, arn = vault["BackupVaultName"], vault["BackupVaultArn"]
            found = scope.claim(arn, backup.list_tags(ResourceArn=arn)["Tags"], "backups", name)
            if found is None:
                continue
            points = list(_points(backup, name, found.component))
            yield keep(found, f"holds {len(points)} recovery points") if points else found
            yield from points
    for page in backup.get_paginator("list_backup_plans").paginate():
        for plan in page["BackupPlansList"]:
            tags = backup.list_tags(ResourceArn=plan["BackupPlanArn"])["Tags"]
            if found := scope.claim(plan["BackupPlanArn"], tags, "backups", plan["BackupPlanName"]):
                yield found


def _points(backup: Any, vault: str, component: str) -> Iterator[Found]:
    for page in backup.get_paginator("list_recovery_points_by_backup_vault").paginate(BackupVaultName=vault):
        for point in page["RecoveryPoints"]:
            days = point.get("Lifecycle", {}).get("DeleteAfterDays")
            until = point["CreationDate"] + timedelta(days=days) if days else None
            time = f"until {until:%Y-%m-%d}" if until else "for ever"
            why = f"is a recovery point of {vault}, kept {time}"
            yield Found(point["RecoveryPointArn"], component, why, kept=True)


def _registry(ecr: Any, scope: Scope) -> Iterator[Found]:
    for page in ecr.get_paginator("describe_repositories").paginate():
        for each in page["repositories"]:
            arn = each["repositoryArn"]
            tags = as_dict(ecr.list_tags_for_resource(resourceArn=arn)["tags"])
            if found := scope.claim(arn, tags, "container_registry", each["repositoryName"]):
                yield found
    # Neither has tags or an ARN: the prefix of the repositories tells whose they are.
    component = {COMPONENT: "container_registry"}
    for rule in (
        ecr.get_paginator("describe_pull_through_cache_rules")
        .paginate()
        .build_full_result()["pullThroughCacheRules"]
    ):
        prefix = rule["ecrRepositoryPrefix"]
        arn = scope.arn("ecr", f"pull-through-cache-rule/{prefix}")
        if found := scope.claim(arn, component, "container_registry", prefix):
            yield found
    for rule in ecr.describe_registry().get("replicationConfiguration", {}).get("rules", []):
        for each in rule.get("repositoryFilters", []):
            arn = scope.arn("ecr", f"replication/{each['filter']}")
            if found := scope.claim(arn, component, "container_registry", each["filter"]):
                yield found
