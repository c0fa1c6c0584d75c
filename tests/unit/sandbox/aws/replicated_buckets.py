"""Two buckets of two regions, and the role by which S3 copies from the one to the other."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.unit.sandbox.aws.conftest import ACCOUNT

HERE, THERE = "dumps", "copies"
PRIMARY, STANDBY = "eu-west-1", "eu-central-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/replication"
TRUST: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "s3.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{HERE}"},
    },
}
READS = [
    "s3:GetObjectLegalHold",
    "s3:GetObjectRetention",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionTagging",
]
WRITES = ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allowing(action: Any, resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


POLICY = [
    allowing(["s3:GetReplicationConfiguration", "s3:ListBucket"], f"arn:aws:s3:::{HERE}"),
    allowing(READS, f"arn:aws:s3:::{HERE}/*"),
    allowing(WRITES, f"arn:aws:s3:::{THERE}/*"),
]


def without(action: str) -> list[dict[str, Any]]:
    """The statements of the role's policy, but for the action."""
    changed = copy.deepcopy(POLICY)
    for statement in changed:
        statement["Action"] = [each for each in statement["Action"] if each != action]
    return changed


def rule(**changes: Any) -> dict[str, Any]:
    whole = {
        "ID": "standby",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{THERE}"},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def replicate(s3: Any, *rules: dict[str, Any]) -> None:
    configuration = {"Role": ROLE, "Rules": list(rules)}
    s3.put_bucket_replication(Bucket=HERE, ReplicationConfiguration=configuration)


def make(s3: Any, name: str, *, versioned: bool = True, lock: bool = False) -> None:
    where = {"LocationConstraint": s3.meta.region_name}
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=where, ObjectLockEnabledForBucket=lock)
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def status(s3: Any, bucket: str, key: str) -> str | None:
    found: str | None = s3.head_object(Bucket=bucket, Key=key).get("ReplicationStatus")
    return found


def keys(s3: Any, bucket: str) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
