"""S3 where the emulator answers otherwise than AWS."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def test_a_bucket_that_is_not_there_is_told_by_its_head(client: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html: 404 without a body."""
    with pytest.raises(ClientError) as error:
        client("s3").head_bucket(Bucket="nobodys-bucket")
    assert error.value.response["Error"]["Code"] == "404"


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::dumps/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}
EUROPE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}


def refused(code: str, call: Callable[..., Any], **parameters: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**parameters)
    assert error.value.response["Error"]["Code"] == code


def test_a_policy_that_asks_for_tls_does_not_keep_everybody_out(client: Any) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="dumps", **EUROPE)
    s3.put_bucket_policy(Bucket="dumps", Policy=json.dumps(POLICY))
    s3.put_object(Bucket="dumps", Key="a", Body=b"1")
    assert json.loads(s3.get_bucket_policy(Bucket="dumps")["Policy"]) == POLICY
    plain = {**POLICY, "Statement": [{k: v for k, v in POLICY["Statement"][0].items() if k != "Condition"}]}
    s3.put_bucket_policy(Bucket="dumps", Policy=json.dumps(plain))
    refused("403", s3.put_object, Bucket="dumps", Key="a", Body=b"1")


def test_malformed_bucket_policies_are_refused(client: Any) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="dumps", **EUROPE)
    for policy in ("no JSON", "{}", '{"Statement": [{"Effect": "Deny"}]}'):
        refused("MalformedPolicy", s3.put_bucket_policy, Bucket="dumps", Policy=policy)


def test_a_replication_is_kept_whole_and_needs_a_versioned_destination(client: Any) -> None:
    s3 = client("s3")
    configuration = {
        "Role": "arn:aws:iam::123456789012:role/replication",
        "Rules": [
            {
                "ID": "standby",
                "Status": "Enabled",
                "Priority": 1,
                "Filter": {"Prefix": ""},
                "DeleteMarkerReplication": {"Status": "Enabled"},
                "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
                "Destination": {
                    "Bucket": "arn:aws:s3:::copies",
                    "EncryptionConfiguration": {
                        "ReplicaKmsKeyID": "arn:aws:kms:eu-west-1:123456789012:key/1"
                    },
                },
            }
        ],
    }
    s3.create_bucket(Bucket="dumps", **EUROPE)
    s3.put_bucket_versioning(Bucket="dumps", VersioningConfiguration={"Status": "Enabled"})
    put = {"Bucket": "dumps", "ReplicationConfiguration": configuration}
    refused("InvalidRequest", s3.put_bucket_replication, **put)
    s3.create_bucket(Bucket="copies", **EUROPE)
    refused("InvalidRequest", s3.put_bucket_replication, **put)
    s3.put_bucket_versioning(Bucket="copies", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(**put)
    assert s3.get_bucket_replication(Bucket="dumps")["ReplicationConfiguration"] == configuration
    s3.delete_bucket_replication(Bucket="dumps")
    refused("ReplicationConfigurationNotFoundError", s3.get_bucket_replication, Bucket="dumps")
