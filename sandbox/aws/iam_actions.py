"""The IAM action of an API operation, where it is not simply `<signing name>:<operation>`.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/, a page for each service.
"""

PREFIXES = {"monitoring": "cloudwatch", "email": "ses", "tagging": "tag", "s3control": "s3"}

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html: S3's actions are older than its
# operations.
S3 = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
}

# By botocore's service name.
OTHER_NAMES = {"lambda": {"Invoke": "InvokeFunction"}, "s3": S3}


def iam_action(service: str, signing_name: str, operation: str) -> str:
    """E.g. `elasticloadbalancing:CreateLoadBalancer` for botocore's service `elbv2`."""
    prefix = PREFIXES.get(service) or PREFIXES.get(signing_name, signing_name)
    return f"{prefix}:{OTHER_NAMES.get(service, {}).get(operation, operation)}"
