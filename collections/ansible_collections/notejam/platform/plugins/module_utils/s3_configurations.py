# Copyright (c) Notejam platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A bucket's configurations, each read and written on its own, in the module's snake_case words.

S3 keeps each as a subresource of the bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.notejam.platform.plugins.module_utils.compare import (
    holds,
    same,
    same_items,
    same_policy,
)

# Members whose spelling no rule gives.
SPELLINGS = {
    "id": "ID",
    "sse_algorithm": "SSEAlgorithm",
    "kms_master_key_id": "KMSMasterKeyID",
    "replica_kms_key_id": "ReplicaKmsKeyID",
}


def camel(value: Any) -> Any:
    """`{storage_class: x}` as `{StorageClass: x}`, at any depth."""
    if isinstance(value, dict):
        return {_spelled(key): camel(item) for key, item in value.items()}
    if isinstance(value, list):
        return [camel(item) for item in value]
    return value


def _spelled(key: str) -> str:
    return SPELLINGS.get(key) or "".join(word.capitalize() for word in key.split("_"))


def snake(value: Any) -> Any:
    """`{StorageClass: x}` as `{storage_class: x}`, at any depth."""
    return dict(camel_dict_to_snake_dict({"value": value}))["value"]


@dataclass(frozen=True)
class Configuration:
    """`read(s3, bucket)` gives the configuration as AWS has it, `write(s3, bucket, value)` replaces it,
    `holds(current, desired)` compares the two.
    """

    read: Callable[[Any, str], Any]
    write: Callable[[Any, str, Any], None]
    holds: Callable[[Any, Any], bool] = holds


def _versioning(s3: Any, bucket: str) -> str:
    # A bucket that never had versioning has no status.
    return str(s3.get_bucket_versioning(Bucket=bucket).get("Status", ""))


def _put_versioning(s3: Any, bucket: str, status: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def _encryption(s3: Any, bucket: str) -> dict[str, Any]:
    try:
        answer = s3.get_bucket_encryption(Bucket=bucket)
    except is_boto3_error_code("ServerSideEncryptionConfigurationNotFoundError"):
        return {}
    rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
    return {
        **snake(rule["ApplyServerSideEncryptionByDefault"]),
        "bucket_key_enabled": bool(rule.get("BucketKeyEnabled", False)),
    }


def _put_encryption(s3: Any, bucket: str, encryption: dict[str, Any]) -> None:
    algorithm = {key: item for key, item in encryption.items() if key != "bucket_key_enabled"}
    rule = {
        "ApplyServerSideEncryptionByDefault": camel(algorithm),
        "BucketKeyEnabled": encryption.get("bucket_key_enabled", False),
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _public_access_block(s3: Any, bucket: str) -> dict[str, bool]:
    try:
        answer = s3.get_public_access_block(Bucket=bucket)
    except is_boto3_error_code("NoSuchPublicAccessBlockConfiguration"):
        return {}
    return dict(snake(answer["PublicAccessBlockConfiguration"]))


def _put_public_access_block(s3: Any, bucket: str, block: dict[str, bool]) -> None:
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=camel(block))


def _object_ownership(s3: Any, bucket: str) -> str:
    try:
        answer = s3.get_bucket_ownership_controls(Bucket=bucket)
    except is_boto3_error_code("OwnershipControlsNotFoundError"):
        return ""
    return str(answer["OwnershipControls"]["Rules"][0]["ObjectOwnership"])


def _put_object_ownership(s3: Any, bucket: str, ownership: str) -> None:
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]}
    )


def _object_lock(s3: Any, bucket: str) -> dict[str, Any] | None:
    """The default retention; empty where only the lock is on, None where it is off."""
    try:
        answer = s3.get_object_lock_configuration(Bucket=bucket)
    except is_boto3_error_code("ObjectLockConfigurationNotFoundError"):
        return None
    retention = answer["ObjectLockConfiguration"].get("Rule", {}).get("DefaultRetention", {})
    return {key: item for key, item in snake(retention).items() if item}


def _put_object_lock(s3: Any, bucket: str, retention: dict[str, Any]) -> None:
    rule = {"Rule": {"DefaultRetention": camel(retention)}} if retention else {}
    s3.put_object_lock_configuration(
        Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", **rule}
    )


def _policy(s3: Any, bucket: str) -> dict[str, Any]:
    try:
        return dict(json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]))
    except is_boto3_error_code("NoSuchBucketPolicy"):
        return {}


def _put_policy(s3: Any, bucket: str, policy: dict[str, Any]) -> None:
    if policy:
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    else:
        s3.delete_bucket_policy(Bucket=bucket)


def lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule as it is compared: AWS tells a rule for the whole bucket in two ways, and fills in defaults."""
    prefix = rule.get("filter", {}).get("prefix") or rule.get("prefix") or ""
    known = {key: item for key, item in rule.items() if key not in ("filter", "prefix")}
    known["filter"] = {**rule.get("filter", {}), "prefix": prefix}
    return known


def _lifecycle_rules(s3: Any, bucket: str) -> list[dict[str, Any]]:
    try:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except is_boto3_error_code("NoSuchLifecycleConfiguration"):
        return []
    return sorted((lifecycle_rule(snake(rule)) for rule in rules), key=lambda rule: str(rule["id"]))


def _put_lifecycle_rules(s3: Any, bucket: str, rules: list[dict[str, Any]]) -> None:
    if rules:
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": camel(rules)})
    else:
        s3.delete_bucket_lifecycle(Bucket=bucket)


def _replication(s3: Any, bucket: str) -> dict[str, Any]:
    try:
        configuration = snake(s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"])
    except is_boto3_error_code("ReplicationConfigurationNotFoundError"):
        return {}
    rules = sorted(configuration["rules"], key=lambda rule: str(rule["id"]))
    return {"role": configuration["role"], "rules": rules}


def _put_replication(s3: Any, bucket: str, replication: dict[str, Any]) -> None:
    if replication:
        s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=camel(replication))
    else:
        s3.delete_bucket_replication(Bucket=bucket)


def _logging(s3: Any, bucket: str) -> dict[str, Any]:
    enabled = s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled")
    if not enabled:
        return {}
    return {"target_bucket": enabled["TargetBucket"], "target_prefix": enabled.get("TargetPrefix", "")}


def _put_logging(s3: Any, bucket: str, logging: dict[str, Any]) -> None:
    enabled = {"LoggingEnabled": camel(logging)} if logging else {}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=enabled)


def _holds_all(current: Any, desired: Any) -> bool:
    """As holds(), but an empty dict means that there is to be none."""
    return holds(current, desired) if desired else not current


def _same_rules(current: list[dict[str, Any]], desired: list[dict[str, Any]]) -> bool:
    return same_items(current, [lifecycle_rule(rule) for rule in desired])


# In the order in which they are put: nothing is public for a moment, and the lock and the replication need
# the versioning.
CONFIGURATIONS = {
    "public_access_block": Configuration(_public_access_block, _put_public_access_block),
    "object_ownership": Configuration(_object_ownership, _put_object_ownership),
    "versioning": Configuration(_versioning, _put_versioning),
    "object_lock": Configuration(_object_lock, _put_object_lock, same),
    "encryption": Configuration(_encryption, _put_encryption),
    "policy": Configuration(_policy, _put_policy, same_policy),
    "lifecycle_rules": Configuration(_lifecycle_rules, _put_lifecycle_rules, _same_rules),
    "replication": Configuration(_replication, _put_replication, _holds_all),
    "logging": Configuration(_logging, _put_logging, same),
}
