"""Whether CloudTrail may write where a trail says: to the bucket, with the key, to the log group.

AWS judges it when a trail is made or changed: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/
create-s3-bucket-policy-for-cloudtrail.html, create-kms-key-policy-for-cloudtrail.html and
cloudtrail-required-policy-for-cloudwatch-logs.html there.
"""

import json
import re
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends

from sandbox.aws.moto.service_access import acting_for, as_list, lets

SERVICE = "cloudtrail.amazonaws.com"


def check_delivery(trail: Any) -> None:
    """Raises JsonRESTError with AWS's code for what CloudTrail may not do."""
    _check_bucket(trail)
    if trail.kms_key_id:
        _check_key(trail)
    if trail.cw_log_group_arn or trail.cw_role_arn:
        _check_log_group(trail)


def key_arn(trail: Any) -> str | None:
    """The ARN of the trail's key, which may be given by its id or alias."""
    return _key(trail).arn if trail.kms_key_id else None


def _context(trail: Any) -> dict[str, list[str]]:
    return acting_for(trail.arn, trail.account_id, SERVICE)


def _check_bucket(trail: Any) -> None:
    bucket = s3_backends[trail.account_id][trail.partition].get_bucket(trail.bucket_name)
    policy = json.loads(bucket.policy) if bucket.policy else {"Statement": []}
    arn = f"arn:{trail.partition}:s3:::{trail.bucket_name}"
    prefix = f"{trail.s3_key_prefix}/" if trail.s3_key_prefix else ""
    written = _context(trail) | {"s3:x-amz-acl": ["bucket-owner-full-control"]}
    if trail.kms_key_id:
        written |= {
            "s3:x-amz-server-side-encryption": ["aws:kms"],
            "s3:x-amz-server-side-encryption-aws-kms-key-id": [_key(trail).arn],
        }
    needed = (
        ("s3:GetBucketAcl", arn, _context(trail)),
        ("s3:PutObject", f"{arn}/{prefix}AWSLogs/{trail.account_id}/CloudTrail/log.json.gz", written),
    )
    for action, resource, context in needed:
        if not lets(policy, SERVICE, action, resource, context):
            raise JsonRESTError(
                "InsufficientS3BucketPolicyException",
                f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket_name}",
            )


def _key(trail: Any) -> Any:
    """Its region is the bucket's."""
    bucket = s3_backends[trail.account_id][trail.partition].get_bucket(trail.bucket_name)
    backend = kms_backends[trail.account_id][bucket.region_name]
    wanted = trail.kms_key_id
    if wanted.startswith("arn:") and wanted.split(":")[3] != bucket.region_name:
        raise JsonRESTError(
            "KmsKeyNotFoundException", f"KMS key {wanted} is not in the region of {trail.bucket_name}."
        )
    try:
        return backend.describe_key(backend.any_id_to_key_id(wanted))
    except Exception:
        raise JsonRESTError("KmsKeyNotFoundException", f"KMS key {wanted} does not exist.") from None


def _check_key(trail: Any) -> None:
    key = _key(trail)
    if key.key_state != "Enabled":
        raise JsonRESTError("KmsException", f"KMS key {key.arn} is {key.key_state}.")
    policy = json.loads(key.policy)
    context = _context(trail) | {"kms:encryptioncontext:aws:cloudtrail:arn": [trail.arn]}
    needed = (("kms:GenerateDataKey", context), ("kms:DescribeKey", _context(trail)))
    if not all(lets(policy, SERVICE, action, key.arn, given) for action, given in needed):
        raise JsonRESTError(
            "InsufficientEncryptionPolicyException",
            f"Insufficient permissions to access S3 bucket {trail.bucket_name} or KMS key {key.arn}.",
        )


def _check_log_group(trail: Any) -> None:
    if not (trail.cw_log_group_arn and trail.cw_role_arn):
        raise JsonRESTError(
            "InvalidParameterCombinationException", "A log group and a role are given together."
        )
    arn = re.fullmatch(
        rf"arn:[\w-]+:logs:{trail.region_name}:{trail.account_id}:log-group:([^:]+):\*",
        trail.cw_log_group_arn,
    )
    if arn is None or arn[1] not in logs_backends[trail.account_id][trail.region_name].groups:
        raise JsonRESTError(
            "InvalidCloudWatchLogsLogGroupArnException",
            "CloudTrail cannot validate the specified log group ARN.",
        )
    role = next(
        (
            each
            for each in iam_backends[trail.account_id][trail.partition].roles.values()
            if each.arn == trail.cw_role_arn
        ),
        None,
    )
    trust = json.loads(role.assume_role_policy_document) if role else {}
    if role is None or not lets(trust, SERVICE, "sts:AssumeRole", None, _context(trail)):
        raise JsonRESTError(
            "InvalidCloudWatchLogsRoleArnException", "CloudTrail cannot assume the specified role."
        )
    stream = trail.cw_log_group_arn[:-1] + f"log-stream:{trail.account_id}_CloudTrail_{trail.region_name}"
    policies = [json.loads(document) for document in role.policies.values()]
    policies += [
        json.loads(version.document)
        for managed in role.managed_policies.values()
        for version in managed.versions
        if version.version_id == managed.default_version_id
    ]
    whole = {"Statement": [one for policy in policies for one in as_list(policy.get("Statement"))]}
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        if not lets(whole, None, action, stream, {}):
            raise JsonRESTError(
                "InvalidCloudWatchLogsRoleArnException",
                f"Access denied. Check the permissions of your role: {action} on {stream}.",
            )
