# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a KMS key encrypts that would be lost with it: backups, which outlive what they are of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code

if TYPE_CHECKING:
    from boto3.session import Session


def uses(session: Session, key_arn: str) -> list[str]:
    """ARNs of buckets with objects, vaults with recovery points, and RDS's snapshots, in the key's region."""
    return [
        *_buckets(session.client("s3"), key_arn),
        *_vaults(session.client("backup"), key_arn),
        *_snapshots(session.client("rds"), key_arn),
    ]


def _buckets(s3: Any, key_arn: str) -> Iterator[str]:
    for page in s3.get_paginator("list_buckets").paginate(BucketRegion=key_arn.split(":")[3]):
        for bucket in page["Buckets"]:
            name = bucket["Name"]
            try:
                rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
            except is_boto3_error_code("ServerSideEncryptionConfigurationNotFoundError"):
                continue
            keys = [
                rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") for rule in rules
            ]
            if key_arn in keys and s3.list_object_versions(Bucket=name, MaxKeys=1).get("Versions"):
                yield f"arn:{key_arn.split(':')[1]}:s3:::{name}"


def _vaults(backup: Any, key_arn: str) -> Iterator[str]:
    for page in backup.get_paginator("list_backup_vaults").paginate():
        for vault in page["BackupVaultList"]:
            if not vault.get("NumberOfRecoveryPoints"):
                continue
            points = backup.get_paginator("list_recovery_points_by_backup_vault").paginate(
                BackupVaultName=vault["BackupVaultName"]
            )
            keys = {point.get("EncryptionKeyArn") for each in points for point in each["RecoveryPoints"]}
            # Copies have the vault's key, and a first backup of a database the database's own:
            # https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
            if key_arn in {*keys, vault.get("EncryptionKeyArn")}:
                yield vault["BackupVaultArn"]


def _snapshots(rds: Any, key_arn: str) -> Iterator[str]:
    for page in rds.get_paginator("describe_db_cluster_snapshots").paginate():
        for each in page["DBClusterSnapshots"]:
            if each.get("KmsKeyId") == key_arn and each["SnapshotType"] != "automated":
                yield each["DBClusterSnapshotArn"]
