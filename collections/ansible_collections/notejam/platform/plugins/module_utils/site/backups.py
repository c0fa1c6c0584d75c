# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the site's `backups` component already has (the pattern: encryption_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.notejam.platform.plugins.module_utils.tags import carries

if TYPE_CHECKING:
    from boto3.session import Session


def discover(session: Session, tags: dict[str, str]) -> dict[str, Any] | None:
    """The site's bucket of dumps and its vault."""
    wanted = {**tags, "platform:component": "backups"}
    bucket, vault = _bucket(session, wanted), _vault(session, wanted)
    if bucket is None and vault is None:
        return None
    return {**(bucket or {}), **(vault or {})}


def _bucket(session: Session, wanted: dict[str, str]) -> dict[str, Any] | None:
    pages = session.client("resourcegroupstaggingapi").get_paginator("get_resources")
    found = pages.paginate(
        ResourceTypeFilters=["s3"],
        TagFilters=[
            {"Key": key, "Values": [value]} for key, value in {**wanted, "platform:purpose": "dumps"}.items()
        ],
    ).build_full_result()["ResourceTagMappingList"]
    for resource in found:
        arn = resource["ResourceARN"]
        return {"bucket": arn.rpartition(":")[2], "bucket_arn": arn}
    return None


def _vault(session: Session, wanted: dict[str, str]) -> dict[str, Any] | None:
    backup = session.client("backup")
    for page in backup.get_paginator("list_backup_vaults").paginate():
        for vault in page["BackupVaultList"]:
            # The list has no tags: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListBackupVaults.html
            if carries(backup.list_tags(ResourceArn=vault["BackupVaultArn"])["Tags"], wanted):
                return {"vault_name": vault["BackupVaultName"], "vault_arn": vault["BackupVaultArn"]}
    return None
